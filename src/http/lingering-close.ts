/**
 * Lingering close (RFC 9112, section 9.6). An answer may be sent before the request has arrived as a whole, such as a
 * 413. If the server then closed the connection, the bytes that still arrive would cause a TCP reset, which may destroy
 * the answer before the client has read it. So the server reads on and discards, within limits.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** The limits of what is read after the answer. Larger than most bodies that are refused for their size. */
const LINGER_MS = 5000
const LINGER_BYTES = 64 * 1024 * 1024

/**
 * Makes a connection linger when it is closed after an early answer.
 * @param request gives the last request on the connection
 */
export function lingerOnClose(socket: Socket, request: () => IncomingMessage | undefined): void {
  const close = socket.destroySoon.bind(socket)
  // Node.js calls it after an answer with `Connection: close`.
  socket.destroySoon = () => {
    const last = request()
    if (last === undefined || last.complete || last.destroyed) {
      close()
      return
    }
    // The client learns that the answer has ended, and can read it while it still sends. discardRest() bounds the wait.
    socket.end()
    last.once('end', close)
  }
}

/** Reads the rest of a request whose answer has been sent. The connection is destroyed if it exceeds the limits. */
export function discardRest(socket: Socket, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let bytes = 0
  const timer = setTimeout(() => {
    socket.destroy()
  }, LINGER_MS)
  const stop = () => {
    clearTimeout(timer)
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) socket.destroy()
  })
  request.once('end', stop)
  request.once('close', stop)
  request.on('error', () => undefined)
  request.resume()
}
