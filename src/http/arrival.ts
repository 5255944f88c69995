/**
 * The arrival of a request's body: by when it has to be complete, and how it fails. Without a minimum data rate, clients
 * that send a byte now and then would hold memory and connections for as long as they like.
 */
import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

/** Every client has this time before its data rate counts, in ms. */
const GRACE_MS = 5000

const TOO_SLOW = 'The body arrived more slowly than MIN_BODY_BYTES_PER_SECOND.'

const BEGAN = Symbol('when the headers had arrived, on the clock of performance.now()')
const FAILURE = Symbol('why the rest of the body does not arrive')

type ArrivingRequest = IncomingMessage & { [BEGAN]?: number; [FAILURE]?: ProblemError }

export interface ArrivalLimits {
  /** The time in which a request has to arrive, in ms. */
  readonly requestTimeoutMs: number
  /** The minimum data rate; 0 for none. */
  readonly minBodyBytesPerSecond: number
}

/** Starts the time in which the whole request has to arrive. */
export function beginArrival(request: ArrivingRequest): void {
  request[BEGAN] = performance.now()
}

/** Exempts a body that is read as a stream: its reader limits each wait. */
export function exemptArrival(request: ArrivingRequest): void {
  request[BEGAN] = Infinity
}

/**
 * Why a request arrives too slowly; undefined if it does not.
 * @param received how much of its body has arrived, in bytes
 */
export function lateness(
  request: ArrivingRequest,
  received: number,
  now: number,
  { requestTimeoutMs, minBodyBytesPerSecond }: ArrivalLimits,
): string | undefined {
  const ms = now - (request[BEGAN] ?? Infinity)
  if (ms > requestTimeoutMs) return 'The body did not arrive within REQUEST_TIMEOUT_MS.'
  if (ms > GRACE_MS && received < ((ms - GRACE_MS) / 1000) * minBodyBytesPerSecond) return TOO_SLOW
  return undefined
}

/** Tells the reader of a body, now or when it begins to read, that the rest does not arrive, by the event `error`. */
export function failArrival(request: ArrivingRequest, problem: ProblemError): void {
  request[FAILURE] = problem
  request[BEGAN] = Infinity
  if (request.listenerCount('error') > 0) request.emit('error', problem)
}

/** Why the rest of a body does not arrive; undefined if it may still arrive. */
export function arrivalFailure(request: ArrivingRequest): ProblemError | undefined {
  return request[FAILURE]
}

/** How long the reader of a stream waits for its client, who earns time by sending. */
export class StreamPatience {
  readonly #limits: ArrivalLimits
  #earnedMs: number

  constructor(limits: ArrivalLimits) {
    this.#limits = limits
    this.#earnedMs = limits.minBodyBytesPerSecond === 0 ? Infinity : GRACE_MS
  }

  /** The longest wait for more of the body, in ms. */
  get ms(): number {
    return Math.min(this.#earnedMs, this.#limits.requestTimeoutMs)
  }

  /** Some of the body has arrived. It earns no more than one wait, so that a fast start does not excuse a slow rest. */
  received(bytes: number): void {
    const { requestTimeoutMs, minBodyBytesPerSecond } = this.#limits
    if (minBodyBytesPerSecond === 0) return
    const earned = this.#earnedMs + (bytes / minBodyBytesPerSecond) * 1000
    this.#earnedMs = Math.min(earned, Math.max(requestTimeoutMs, GRACE_MS))
  }

  /** The reader has waited. The time in which it wants no more, because DynamoDB throttles, does not count. */
  waited(ms: number): void {
    this.#earnedMs = Math.max(0, this.#earnedMs - ms)
  }

  /** The error of a wait that was too long. */
  timeout(): ProblemError {
    const detail =
      this.#earnedMs < this.#limits.requestTimeoutMs
        ? TOO_SLOW
        : 'No more of the body arrived within REQUEST_TIMEOUT_MS.'
    return new ProblemError('RequestTimeout', detail)
  }
}
