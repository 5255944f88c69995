/**
 * Changes are handed to one subscriber in each turn of the event loop. A thousand of them have seconds of work with a large
 * batch, and other requests are served in between. Readers wait for their turn as well, so they read no faster than the
 * changes are handed out, instead of filling the buffers of subscribers that are not slow.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SocketQueue } from '../call/socket-queue.js'

/** Fulfilled when the turns that were asked for so far have begun. */
let last: Promise<unknown> = Promise.resolve()

/** Waits for a turn, in the order in which they are asked for. The work is what the caller does at once when it has it. */
export function deliveryTurn(): Promise<unknown> {
  last = last.then(() => nextTurn())
  return last
}

/** Waits for a turn in a queue. Returns what ends it, to be called once. */
export function turnIn(queue: SocketQueue): Promise<() => void> {
  return new Promise((resolve) => {
    const end = queue.acquire(() => {
      resolve(() => {
        end()
      })
    })
  })
}
