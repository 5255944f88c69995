import type { IncomingMessage } from 'node:http'
import { LoadShedding } from './load-shedding.js'
import { ProblemError } from '../problem/problem-error.js'

const OVERLOADED = 'The service is overloaded. The request was not processed.'

/** The answer to a request that is not admitted. Created once, since most of the cost of an error is its stack. */
export const overloaded = new ProblemError('ServiceUnavailable', OVERLOADED, { shedding: 'overload' })

/** The same to a caller for whose body there is no memory. */
export const bodyMemoryFull = new ProblemError('ServiceUnavailable', OVERLOADED, { shedding: 'body_memory' })

/** As the limit of connections bounds their number, small bodies need no other bound. */
const SMALL_BYTES = 4096

const HELD_BYTES = Symbol('the bytes of its body that a request holds in memory')
const SLOT = Symbol('the pool from which a request has taken a slot')

/** The state is kept on the request itself; `bag.ts` explains why not in a `Map`. */
type AdmittedRequest = IncomingMessage & {
  [HELD_BYTES]?: number | undefined
  [SLOT]?: Pool | undefined
}

/**
 * Streams have slots of their own, because a slow client may hold one for as long as it likes. So have subscribers, because
 * they stay for hours, and must not keep out imports and exports.
 */
export type Pool = 'requests' | 'streams' | 'subscribers'

export interface AdmissionLimits {
  /** The maximum number of in-flight requests other than streams. */
  readonly maxConcurrentRequests: number
  /** The maximum number of in-flight streams. */
  readonly maxConcurrentStreams: number
  /** The maximum number of requests that follow changes. */
  readonly maxChangeSubscribers: number
  /** The maximum size of all bodies together, in bytes: those that are arriving, and those of in-flight requests. */
  readonly maxBodyBytes: number
}

/**
 * Admission control: how many requests, and how many bytes of bodies, the service takes on at the same time. It refuses
 * the rest at once (load shedding), because a growing queue serves every caller too late and takes unlimited memory.
 *
 * A request takes its slot when its body has arrived, so that clients that send slowly hold none. Until then it costs a
 * connection and the memory of what has arrived, and both are limited.
 */
export class Admission {
  readonly #maxBodyBytes: number
  readonly #free: Record<Pool, number>
  readonly #maxRequests: number
  readonly #shedding: LoadShedding
  #bodyBytes = 0

  /** @param queued how many calls wait for a connection to DynamoDB */
  constructor(limits: AdmissionLimits, queued: () => number) {
    this.#shedding = new LoadShedding(queued)
    this.#maxRequests = limits.maxConcurrentRequests
    this.#maxBodyBytes = limits.maxBodyBytes
    this.#free = {
      requests: limits.maxConcurrentRequests,
      streams: limits.maxConcurrentStreams,
      subscribers: limits.maxChangeSubscribers,
    }
  }

  /** Whether a request may be refused for the load. */
  get isOverloaded(): boolean {
    return this.#free.requests <= 0 || this.#shedding.isOverloaded
  }

  /** Whether a request that arrives now is refused. */
  get isClosed(): boolean {
    const { requests: free } = this.#free
    return free <= 0 || this.#shedding.refuses(this.#maxRequests - free)
  }

  /** Lets a request send its body; false if no slot is free for it now, so that it can be refused early. */
  begin(request: AdmittedRequest): boolean {
    if (this.isClosed) return false
    request[HELD_BYTES] = 0
    return true
  }

  /**
   * Takes a slot for a request that has begun and whose body has arrived, or is a stream.
   * @throws ProblemError if none is free
   */
  enter(request: AdmittedRequest, pool: Pool): void {
    // Its caller has disconnected.
    if (request[HELD_BYTES] === undefined) return
    if (this.#free[pool] <= 0) throw overloaded
    this.#free[pool]--
    request[SLOT] = pool
  }

  /**
   * Reserves memory for more of the body; false if there is too little left, or if the request has left. A small body
   * always has room, so that a few clients with large ones do not lock out everyone else.
   */
  hold(request: AdmittedRequest, bytes: number): boolean {
    const held = request[HELD_BYTES]
    if (held === undefined) return false
    if (this.#bodyBytes + bytes > this.#maxBodyBytes && held + bytes > SMALL_BYTES) return false
    this.#bodyBytes += bytes
    request[HELD_BYTES] = held + bytes
    return true
  }

  /** The memory that {@link hold} has reserved for a request, in bytes. */
  heldBy(request: AdmittedRequest): number {
    return request[HELD_BYTES] ?? 0
  }

  /** Returns some of the memory that {@link hold} reserved. */
  release(request: AdmittedRequest, bytes: number): void {
    const held = request[HELD_BYTES]
    if (held === undefined) return
    this.#bodyBytes -= bytes
    request[HELD_BYTES] = held - bytes
  }

  /** The request is answered, or its caller has disconnected. Further calls have no effect. */
  leave(request: AdmittedRequest): void {
    const pool = request[SLOT]
    if (pool !== undefined) this.#free[pool]++
    request[SLOT] = undefined
    this.#bodyBytes -= this.heldBy(request)
    request[HELD_BYTES] = undefined
  }
}
