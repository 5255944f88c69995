import type { Socket } from 'node:net'

/**
 * Reads HTTP/1.1 messages that arrive one at a time and have a content-length. It is minimal, so that neither the load
 * generator nor the upstream is the bottleneck.
 */
export function readMessages(
  socket: Socket,
  onMessage: (head: string, body: readonly Buffer[]) => void,
): void {
  let start: Buffer = Buffer.alloc(0)
  let head: string | undefined
  let body: Buffer[] = []
  let missing = 0
  socket.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      start = start.length === 0 ? chunk : Buffer.concat([start, chunk])
      const end = start.indexOf('\r\n\r\n')
      if (end === -1) return
      head = start.toString('latin1', 0, end + 2)
      missing = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      chunk = start.subarray(end + 4)
      start = Buffer.alloc(0)
    }
    body.push(chunk)
    missing -= chunk.length
    if (missing > 0) return
    const [readHead, readBody] = [head, body]
    head = undefined
    body = []
    onMessage(readHead, readBody)
  })
}
