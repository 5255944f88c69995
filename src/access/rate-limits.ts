import type { FastifyBaseLogger } from 'fastify'
import { type Allowance, bucketOf, type Rate } from './rate.js'
import { LocalRateLimits } from './rate-limits-local.js'
import { SharedRateLimits } from './rate-limits-redis.js'

export interface RateLimitsOptions {
  /** Where replicas share their counts; undefined if each counts for itself. */
  readonly redisUrl?: string | undefined
  readonly logger: FastifyBaseLogger
  /** The longest that a request waits for Redis, in ms; 50 by default. */
  readonly maxWaitMs?: number
}

/** Counts the requests of each caller. */
export class RateLimits {
  readonly #local = new LocalRateLimits()
  readonly #shared: SharedRateLimits | undefined

  constructor({ redisUrl, logger, maxWaitMs }: RateLimitsOptions) {
    this.#shared = redisUrl === undefined ? undefined : new SharedRateLimits(redisUrl, logger, maxWaitMs)
  }

  /** Counts a request, if it is allowed. While Redis is not available, this process counts for itself. Never fails. */
  take(principal: string, rate: Rate): Allowance | Promise<Allowance> {
    const bucket = bucketOf(rate)
    const shared = this.#shared?.take(principal, bucket)
    if (shared === undefined) return this.#local.take(principal, bucket)
    return shared.then((allowance) => allowance ?? this.#local.take(principal, bucket))
  }

  async close(): Promise<void> {
    this.#shared?.close()
  }
}
