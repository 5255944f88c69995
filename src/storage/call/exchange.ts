import type { Dispatcher } from 'undici'
import { Pieces } from '../../json/pieces.js'
import type { Failure } from '../errors.js'
import type { CallLimits } from './limits.js'
import type { RawHeaders, RawResponse } from './response.js'
import type { SocketQueue } from './socket-queue.js'

/**
 * One request and its response on their way through undici. `dispatch` is undici's lowest level and the only one that
 * costs next to nothing; in return, timeouts and cancellation are handled here.
 *
 * This is the older of undici's two handler interfaces. undici 7 implements the newer one (`onRequestStart` and so on)
 * on top of it, with two more objects for each request and one of all headers and trailers, of which hardly one is read.
 * That costs 1.9 µs of CPU, 4 % of an attempt. undici 8 has the newer interface only.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #isWrite: boolean
  readonly #timeoutMs: number
  readonly #limits: CallLimits
  readonly #resolve: (result: RawResponse | Failure) => void
  readonly #reject: (error: unknown) => void
  readonly #chunks: Buffer[] = []
  #timer: NodeJS.Timeout
  /** The start of the attempt timeout. Infinity while it queues for a socket, which only the deadline limits. */
  #since = performance.now()
  #abort: ((error?: Error) => void) | undefined
  /** Releases the socket, or leaves the queue. */
  #release: () => void = () => undefined
  #statusCode = 0
  #headers: RawHeaders = []
  /** The exchange is over; whatever still arrives is discarded. */
  settled = false

  /**
   * @param isWrite whether the request can change something
   * @param timeoutMs the longest that it may wait for credentials, and then for the response
   * @param resolve receives the response, or why there is none
   * @param reject receives an error that is a fault of the service itself
   */
  constructor(
    isWrite: boolean,
    timeoutMs: number,
    limits: CallLimits,
    resolve: (result: RawResponse | Failure) => void,
    reject: (error: unknown) => void,
  ) {
    this.#isWrite = isWrite
    this.#timeoutMs = timeoutMs
    this.#limits = limits
    this.#resolve = resolve
    this.#reject = reject
    const { deadline, signal } = limits
    this.#timer = setTimeout(this.#expire, Math.max(0, Math.min(timeoutMs, deadline - this.#since)))
    signal?.addEventListener('abort', this.#cancel)
    if (signal?.aborted === true) this.#cancel()
  }

  /**
   * Queues for a socket.
   * @param send dispatches the request with this handler, once there is a socket
   */
  queue(sockets: SocketQueue, send: () => void): void {
    // Time spent queueing for a socket does not count against the attempt timeout.
    this.#since = Infinity
    this.#release = sockets.acquire(() => {
      try {
        send()
      } catch (error) {
        if (this.#settle()) this.#reject(error)
      }
    })
    if (this.settled) this.#release()
  }

  onConnect(abort: (error?: Error) => void): void {
    // It may have been canceled while undici connected; then it is not sent any more.
    if (this.settled) {
      abort(new Error('canceled'))
      return
    }
    this.#abort = abort
    this.#since = performance.now()
  }

  onHeaders(statusCode: number, headers: Buffer[]): boolean {
    this.#statusCode = statusCode
    this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    return true
  }

  onComplete(): void {
    if (!this.#settle()) return
    const body = new Pieces(this.#chunks)
    this.#resolve({ statusCode: this.#statusCode, headers: this.#headers, body })
  }

  onError(cause: Error): void {
    this.#fail({ kind: 'network', name: 'NetworkError', message: 'the connection to DynamoDB failed', cause })
  }

  /** Ends the exchange before anything was sent. */
  end(failure: Failure): void {
    if (this.#settle()) this.#resolve(failure)
  }

  /** One timer serves all phases: if it fires too early for the current phase, it is set again. */
  readonly #expire = (): void => {
    const end = Math.min(this.#since + this.#timeoutMs, this.#limits.deadline)
    const leftMs = end - performance.now()
    if (leftMs >= 1) {
      // No longer than an attempt may take: a socket may become free at any time, and the attempt starts then.
      this.#timer = setTimeout(this.#expire, Math.min(leftMs, this.#timeoutMs))
      return
    }
    const waitedFor = this.#since === Infinity ? 'no connection was free' : 'DynamoDB did not respond'
    this.#giveUp({ kind: 'timeout', name: 'TimeoutError', message: `${waitedFor} in time` })
  }

  readonly #cancel = (): void => {
    this.#giveUp({ kind: 'canceled', name: 'Canceled', message: 'the caller has canceled the call' })
  }

  #giveUp(failure: Omit<Failure, 'maybeApplied'>): void {
    if (this.#fail(failure)) this.#abort?.(new Error(failure.message))
  }

  /** False if the exchange was over already. */
  #fail(failure: Omit<Failure, 'maybeApplied'>): boolean {
    if (!this.#settle()) return false
    // Before undici has handed over `abort`, nothing was written to a socket.
    this.#resolve({ ...failure, maybeApplied: this.#abort !== undefined && this.#isWrite })
    return true
  }

  /** False if the exchange was over already. */
  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    clearTimeout(this.#timer)
    this.#limits.signal?.removeEventListener('abort', this.#cancel)
    this.#release()
    return true
  }
}
