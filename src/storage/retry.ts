/**
 * Attempts until one succeeds or no further one makes sense. `StandardRetryStrategy`, which the SDK itself uses,
 * counts the attempts and keeps the budget that ends a retry storm. The waits are ours, because those of the
 * strategy can neither be cancelled nor see the deadline: full jitter, as in "Exponential Backoff And Jitter"
 * (AWS Architecture Blog).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { StandardRetryStrategy } from '@smithy/core/retry'
import type { JsonText } from '../json-text.js'
import { StorageError } from './errors.js'
import type { CallLimits } from './operation.js'

export interface RetryOptions {
  /** Attempts of one call, the first one included. */
  readonly maxAttempts: number
  /** The longest wait before the first retry, in ms; it doubles with each further one. */
  readonly baseDelayMs: number
  /** No wait is longer than this, in ms. */
  readonly maxDelayMs: number
}

/** With less time than this left, another attempt cannot succeed; timers may also fire a little early. */
const LEAST_ATTEMPT_MS = 5

type ErrorType = 'THROTTLING' | 'TRANSIENT'

// DynamoDB's names, and those that AWS's front ends have for the same.
const throttling: ReadonlySet<string> = new Set([
  'BandwidthLimitExceeded',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

const transient: ReadonlySet<string> = new Set([
  'ClockSkewCorrected',
  'CorruptAnswer',
  'ExpiredTokenException',
  'InternalFailure',
  'InternalServerError',
  'NetworkError',
  'ReplicatedWriteConflictException',
  'RequestTimeout',
  'RequestTimeoutException',
  'TimeoutError',
  'TransactionConflictException',
  'TransactionInProgressException',
])

/** Reasons for which a transaction was cancelled that may be gone the next time. */
const transientReasons: ReadonlySet<string> = new Set([
  'None',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'ThrottlingError',
  'TransactionConflict',
])

/** Whether, and as what, an error is worth another attempt. */
export function errorType(error: StorageError): ErrorType | undefined {
  if (throttling.has(error.name) || error.statusCode === 429) return 'THROTTLING'
  if (transient.has(error.name) || (error.statusCode ?? 0) >= 500) return 'TRANSIENT'
  if (error.name === 'TransactionCanceledException' && hasOnlyTransientReasons(error.body)) return 'TRANSIENT'
  return undefined
}

function hasOnlyTransientReasons(body: JsonText): boolean {
  const { CancellationReasons: reasons } = JSON.parse(body) as { CancellationReasons?: unknown }
  if (!Array.isArray(reasons)) return false
  const codes = reasons.map((reason: { Code?: string } | null) => reason?.Code ?? 'None')
  return codes.every((code) => transientReasons.has(code)) && codes.some((code) => code !== 'None')
}

export class Retry {
  readonly #options: RetryOptions
  readonly #strategy: StandardRetryStrategy

  constructor(options: RetryOptions) {
    this.#options = options
    this.#strategy = new StandardRetryStrategy({
      maxAttempts: options.maxAttempts,
      backoff: { computeNextBackoffDelay: () => 0, setDelayBase: () => undefined },
    })
  }

  /**
   * Runs `attempt` until it succeeds.
   * @param attempt is given the time it may take at the most, in ms
   * @throws StorageError of the last attempt, with `attempts` and `earlierMaybeApplied` filled in
   */
  async run<Result>(limits: CallLimits, attempt: (remainingMs: number) => Promise<Result>): Promise<Result> {
    let token = await this.#strategy.acquireInitialRetryToken('')
    let earlierMaybeApplied = false
    for (let number = 1; ; number++) {
      try {
        const remainingMs = limits.deadline - performance.now()
        if (remainingMs <= 0) throw new StorageError('TimeoutError', 'there was no time left for the call')
        const result = await attempt(remainingMs)
        this.#strategy.recordSuccess(token)
        return result
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        error.attempts = number
        error.earlierMaybeApplied = earlierMaybeApplied
        earlierMaybeApplied ||= error.maybeApplied
        const type = errorType(error)
        const delayMs = Math.max(this.jitter(number - 1), error.retryAfterMs ?? 0)
        if (type === undefined || delayMs > this.#options.maxDelayMs) throw error
        if (performance.now() + delayMs + LEAST_ATTEMPT_MS >= limits.deadline) throw error
        try {
          token = await this.#strategy.refreshRetryTokenForRetry(token, { errorType: type })
        } catch {
          // Out of attempts, or out of budget.
          throw error
        }
        await wait(delayMs, limits.signal, error)
        if (performance.now() >= limits.deadline) throw error
      }
    }
  }

  /** A wait before retry number `retry`, from 0: evenly between 0 and min(`maxDelayMs`, `baseDelayMs` · 2^retry). */
  jitter(retry: number): number {
    return Math.random() * Math.min(this.#options.maxDelayMs, this.#options.baseDelayMs * 2 ** retry)
  }
}

/** Waits, unless the caller gives up: then `Cancelled`, with what is known from `before`. */
export async function wait(ms: number, signal?: AbortSignal, before?: StorageError): Promise<void> {
  try {
    await sleep(ms, undefined, { ...(signal !== undefined && { signal }) })
  } catch (cause) {
    const error = new StorageError('Cancelled', 'the caller gave up', { cause })
    error.attempts = before?.attempts ?? 1
    error.earlierMaybeApplied = (before?.maybeApplied ?? false) || (before?.earlierMaybeApplied ?? false)
    throw error
  }
}
