/**
 * In-flight requests, and the graceful shutdown that waits for them: on SIGTERM the service stops accepting
 * connections, finishes the requests that it has, cancels those that take too long, and closes.
 */
import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import { Cancellation } from '../storage/call/cancellation.js'
import { Bag } from './bag.js'
import type { App } from './fastify.js'

/** The parts of the grace period after which in-flight requests are canceled, and after which connections are cut. */
const CANCEL_AFTER = 0.8
const CUT_AFTER = 0.9

export class InFlightRequests {
  readonly #requests = new Bag<Cancellation>()
  #canceled = false

  /** Adds a request. The result is aborted when its caller disconnects, and when the shutdown has no time left for it. */
  add(reply: FastifyReply): Cancellation {
    const cancellation = new Cancellation()
    this.#requests.add(cancellation)
    reply.raw.on('close', () => {
      if (!this.remove(cancellation) || reply.raw.writableFinished) return
      cancellation.abort()
    })
    if (this.#canceled) cancellation.abort()
    return cancellation
  }

  /** Removes a request whose answer ends in another way; false if it has ended already. */
  remove(cancellation: Cancellation): boolean {
    return this.#requests.delete(cancellation)
  }

  /** Makes `app.close()` a graceful shutdown that takes at most `graceMs`. */
  drainOnClose(app: App, graceMs: number, logger: FastifyBaseLogger): void {
    const timers: NodeJS.Timeout[] = []
    app.addHook('preClose', async () => {
      // Their callers still get an answer that says what is known, rather than a closed connection.
      const cancel = setTimeout(() => {
        logger.warn({ requests: this.#requests.size }, 'canceling in-flight requests: SHUTDOWN_GRACE_MS ends')
        this.#canceled = true
        for (const request of this.#requests) request.abort()
      }, graceMs * CANCEL_AFTER)
      const cut = setTimeout(() => {
        app.server.closeAllConnections()
      }, graceMs * CUT_AFTER)
      timers.push(cancel.unref(), cut.unref())
    })
    app.addHook('onClose', async () => {
      for (const timer of timers) clearTimeout(timer)
    })
  }
}
