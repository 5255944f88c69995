import type { IncomingMessage } from 'node:http'
import { ProblemError } from './problem.js'

/** The answer to what is not taken on. One for all: most of the cost of an error is its stack. */
export const tooBusy = new ProblemError(
  'ServiceUnavailable',
  'The service has too much to do. The request was not begun.',
)

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
  /** The requests under way, with the bytes of their bodies that have arrived. */
  readonly #underWay = new Map<IncomingMessage, number>()
  #bodyBytes = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** Takes a request on; false if it is one too many. */
  enter(request: IncomingMessage): boolean {
    if (this.#underWay.size >= this.#limits.maxConcurrentRequests) return false
    this.#underWay.set(request, 0)
    return true
  }

  /** Takes on some more of its body; false if that is too much, or if the request is not under way any more. */
  hold(request: IncomingMessage, bytes: number): boolean {
    const held = this.#underWay.get(request)
    if (held === undefined || this.#bodyBytes + bytes > this.#limits.maxBodyBytes) return false
    this.#bodyBytes += bytes
    this.#underWay.set(request, held + bytes)
    return true
  }

  /** The request is answered, or its caller is gone. */
  leave(request: IncomingMessage): void {
    this.#bodyBytes -= this.#underWay.get(request) ?? 0
    this.#underWay.delete(request)
  }
}
