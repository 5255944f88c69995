/**
 * The connections that the kernel has accepted and Node.js has not: Node.js takes one in each turn of its event loop.
 * Closing the port resets all of them, although their clients have sent their requests, and cannot know that these were not
 * processed. In a busy service, that were 20 and more at each shutdown.
 */
import type { Server } from 'node:net'

/** Clients that were answered just before the shutdown connect again at once: one such connection is followed by others, in ms. */
const SETTLED_MS = 50
/** A turn of the event loop that takes longer than this has work to do, in ms; a connection may arrive meanwhile. */
const QUIET_TURN_MS = 0.2
/** After this time, a turn without a new connection will do, however long it takes, in ms. */
const QUIET_MS = 250
/** After this time, the queue does not get empty, in ms. */
const GIVE_UP_MS = 500

/**
 * Calls `then` when all connections in the queue have been taken, or after half a second, in a moment in which hardly any
 * connection can have arrived since. Requests should not be answered until then: their clients would connect again.
 */
export function emptyAcceptQueue(server: Server, then: () => void): void {
  const began = performance.now()
  let turnAt = began
  let accepted = true
  let settledAt = began
  const onConnection = () => {
    accepted = true
    settledAt = performance.now() + SETTLED_MS
  }
  const turn = () => {
    const now = performance.now()
    const isQuiet = !accepted && now >= settledAt && (now - turnAt < QUIET_TURN_MS || now - began > QUIET_MS)
    if (isQuiet || now - began > GIVE_UP_MS) {
      server.off('connection', onConnection)
      then()
      return
    }
    turnAt = now
    accepted = false
    setImmediate(turn)
  }
  server.on('connection', onConnection)
  setImmediate(turn)
}
