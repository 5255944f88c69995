import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

/** The answer to a request that is not admitted. Created once, since most of the cost of an error is its stack. */
export const overloaded = new ProblemError(
  'ServiceUnavailable',
  'The service is overloaded. The request was not processed.',
)

const HELD_BYTES = Symbol('the bytes of the body that an in-flight request holds in memory')

/** The count is kept on the request itself; `bag.ts` explains why not in a `Map`. */
type AdmittedRequest = IncomingMessage & { [HELD_BYTES]?: number | undefined }

export interface AdmissionLimits {
  /** The maximum number of in-flight requests. */
  readonly maxConcurrentRequests: number
  /** The maximum size of all their bodies together, in bytes. */
  readonly maxBodyBytes: number
}

/**
 * Admission control: how many requests, and how many bytes of bodies, the service takes on at the same time. It refuses
 * the rest at once (load shedding), because a growing queue serves every caller too late and takes unlimited memory.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  #inFlight = 0
  #bodyBytes = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Admits a request; false if there are too many. */
  enter(request: AdmittedRequest): boolean {
    if (this.#inFlight >= this.#limits.maxConcurrentRequests) return false
    this.#inFlight++
    request[HELD_BYTES] = 0
    return true
  }

  /** Reserves memory for more of the body; false if there is too little left, or if the request is not in flight. */
  hold(request: AdmittedRequest, bytes: number): boolean {
    const held = request[HELD_BYTES]
    if (held === undefined || this.#bodyBytes + bytes > this.#limits.maxBodyBytes) return false
    this.#bodyBytes += bytes
    request[HELD_BYTES] = held + bytes
    return true
  }

  /** Returns some of the memory that {@link hold} reserved. */
  release(request: AdmittedRequest, bytes: number): void {
    const held = request[HELD_BYTES]
    if (held === undefined) return
    this.#bodyBytes -= bytes
    request[HELD_BYTES] = held - bytes
  }

  /** The request is answered, or its caller has disconnected. */
  leave(request: AdmittedRequest): void {
    const held = request[HELD_BYTES]
    // Health checks never enter, and a request may leave twice.
    if (held === undefined) return
    this.#inFlight--
    this.#bodyBytes -= held
    request[HELD_BYTES] = undefined
  }
}
