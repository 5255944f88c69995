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
const CHECK_MS = 50

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
    // The client learns that the answer has ended, and can read it while it still sends. limitRest() bounds the wait.
    socket.end()
    last.once('end', close)
  }
}

/**
 * Bounds what is read of a request after its answer has been sent: Node.js reads and discards the rest of it without a
 * limit. The connection is destroyed if the rest exceeds the limits.
 */
export function limitRest(socket: Socket, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  limitDiscarding(socket, () => request.complete)
}

/**
 * Bounds what is read and discarded from now on. The connection is destroyed if it exceeds the limits.
 * @param hasEnded whether the next bytes are wanted again
 */
export function limitDiscarding(socket: Socket, hasEnded: () => boolean): void {
  const deadline = performance.now() + LINGER_MS
  const bytesBefore = socket.bytesRead
  // The discarded bytes cause no events.
  const timer = setInterval(() => {
    const ended = hasEnded() || socket.destroyed
    const exceeded = performance.now() > deadline || socket.bytesRead - bytesBefore > LINGER_BYTES
    if (!ended && !exceeded) return
    clearInterval(timer)
    if (!ended) socket.destroy()
  }, CHECK_MS)
}
