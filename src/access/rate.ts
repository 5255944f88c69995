/** The rate of a caller as a token bucket, and what is told of it. */

/** How many requests a caller may send. */
export interface Rate {
  readonly requests: number
  readonly per: 'second' | 'minute' | 'hour'
  /** How many it may send at once after a pause; as many as `requests` by default. */
  readonly burst?: number
}

/** Whether one more request is allowed, and what is left. */
export interface Allowance {
  readonly allowed: boolean
  /** How many more requests are allowed right now. */
  readonly remaining: number
  /** When the same request would be allowed, in ms; 0 if it is. */
  readonly retryAfterMs: number
  /** When one more request than `remaining` will be allowed, in s. */
  readonly resetS: number
}

/**
 * A bucket of tokens, measured in time: each request adds `intervalMs` to a backlog, which time works off. A request is
 * allowed if the backlog stays within `capacityMs`. Nothing has to be refilled (the generic cell rate algorithm, GCRA).
 */
export interface Bucket {
  readonly intervalMs: number
  readonly capacityMs: number
  /** The value of `RateLimit-Policy`. */
  readonly policy: string
}

const PERIOD_MS = { second: 1000, minute: 60_000, hour: 3_600_000 } as const
/** What counts as nothing, as a part of an interval: sums of doubles are not exact. */
export const ROUNDING = 1e-6

/** A policy file has few rates, and each is used by many requests. */
const buckets = new WeakMap<Rate, Bucket>()

export function bucketOf(rate: Rate): Bucket {
  let bucket = buckets.get(rate)
  if (bucket === undefined) {
    const { requests, per, burst = requests } = rate
    const intervalMs = PERIOD_MS[per] / requests
    const capacityMs = intervalMs * burst
    // The time in which the whole quota comes back. Both numbers together are the rate that lasts.
    const windowS = Math.max(1, Math.ceil(capacityMs / 1000 - ROUNDING))
    bucket = { intervalMs, capacityMs, policy: `"default";q=${burst};w=${windowS}` }
    buckets.set(rate, bucket)
  }
  return bucket
}

/** @param backlogMs after the request, if it is allowed */
export function allowanceOf(
  { intervalMs, capacityMs }: Bucket,
  allowed: boolean,
  backlogMs: number,
): Allowance {
  const remaining = Math.max(0, Math.floor((capacityMs - backlogMs) / intervalMs + ROUNDING))
  const nextMs = Math.max(0, backlogMs - capacityMs + (remaining + 1) * intervalMs)
  return { allowed, remaining, retryAfterMs: allowed ? 0 : nextMs, resetS: Math.ceil(nextMs / 1000) }
}

/** The headers of an answer, in the form of draft-ietf-httpapi-ratelimit-headers-10. */
export function rateLimitHeaders(
  rate: Rate,
  { remaining, resetS }: Allowance,
): Record<'ratelimit' | 'ratelimit-policy', string> {
  return {
    ratelimit: `"default";r=${remaining};t=${resetS}`,
    'ratelimit-policy': bucketOf(rate).policy,
  }
}
