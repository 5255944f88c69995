import { type Allowance, allowanceOf, type Bucket, ROUNDING } from './rate.js'

/** A bucket that is not full. */
interface Backlog {
  backlogMs: number
  /** By `performance.now()`. */
  at: number
}

/** Above this number, buckets that have become full again are forgotten. */
const MAX_BACKLOGS = 10_000

/** The rate limits of this process alone. */
export class LocalRateLimits {
  readonly #backlogs = new Map<string, Backlog>()

  take(principal: string, bucket: Bucket): Allowance {
    const { intervalMs, capacityMs } = bucket
    const now = performance.now()
    let backlog = this.#backlogs.get(principal)
    if (backlog === undefined) {
      this.#makeRoom(now)
      backlog = { backlogMs: 0, at: now }
      this.#backlogs.set(principal, backlog)
    }
    // After a change of the policy, the capacity may be less than what an earlier one has left behind.
    backlog.backlogMs = Math.max(0, Math.min(backlog.backlogMs, capacityMs) - (now - backlog.at))
    backlog.at = now
    const allowed = backlog.backlogMs + intervalMs <= capacityMs + intervalMs * ROUNDING
    if (allowed) backlog.backlogMs += intervalMs
    return allowanceOf(bucket, allowed, backlog.backlogMs)
  }

  #makeRoom(now: number): void {
    if (this.#backlogs.size < MAX_BACKLOGS) return
    for (const [principal, { backlogMs, at }] of this.#backlogs) {
      if (backlogMs <= now - at) this.#backlogs.delete(principal)
    }
    const [oldest] = this.#backlogs.keys()
    if (this.#backlogs.size >= MAX_BACKLOGS && oldest !== undefined) this.#backlogs.delete(oldest)
  }
}
