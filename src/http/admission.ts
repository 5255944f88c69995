import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem/problem.js'

/** The answer to what is not taken on. One for all: most of the cost of an error is its stack. */
export const tooBusy = new ProblemError(
  'ServiceUnavailable',
  'The service has too much to do. The request was not begun.',
)

const HELD = Symbol('the bytes of its body that are held, while it is under way')

/** A request, which carries what is known of it itself; see `bag.ts` for what is wrong with a `Map`. */
type Admitted = IncomingMessage & { [HELD]?: number | undefined }

export interface AdmissionLimits {
  /** Requests under way. */
  readonly maxConcurrentRequests: number
  /** The bodies of all of them together, in bytes. */
  readonly maxBodyBytes: number
}

/**
 * What the service takes on at a time. Beyond that it refuses at once: a queue that only grows serves nobody in time,
 * and its memory has no bound.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  #underWay = 0
  #bodyBytes = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Takes a request on; false if it is one too many. */
  enter(request: Admitted): boolean {
    if (this.#underWay >= this.#limits.maxConcurrentRequests) return false
    this.#underWay++
    request[HELD] = 0
    return true
  }

  /** Takes on some more of its body; false if that is too much, or if the request is not under way any more. */
  hold(request: Admitted, bytes: number): boolean {
    const held = request[HELD]
    if (held === undefined || this.#bodyBytes + bytes > this.#limits.maxBodyBytes) return false
    this.#bodyBytes += bytes
    request[HELD] = held + bytes
    return true
  }

  /** Some of what {@link hold} took on is not needed any more. */
  release(request: Admitted, bytes: number): void {
    const held = request[HELD]
    if (held === undefined) return
    this.#bodyBytes -= bytes
    request[HELD] = held - bytes
  }

  /** The request is answered, or its caller is gone. */
  leave(request: Admitted): void {
    const held = request[HELD]
    // Health checks are never taken on, and what is gone already may be said to be gone once more.
    if (held === undefined) return
    this.#underWay--
    this.#bodyBytes -= held
    request[HELD] = undefined
  }
}
