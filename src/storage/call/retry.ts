/**
 * Attempts until one succeeds or no further one makes sense, with full jitter between them, as in "Exponential
 * Backoff And Jitter" (AWS Architecture Blog), and a budget that ends a retry storm. The SDK's own
 * `StandardRetryStrategy` is not used: its waits can neither be cancelled nor see the deadline, and its budget, made
 * for one client, is spent after 35 retries that failed, which is one bad moment of a gateway with 128 sockets.
 */
import { type Json, parse } from '../../json/reader.js'
import type { CancelSignal } from './cancellation.js'
import { StorageError } from '../errors.js'
import type { CallLimits } from './limits.js'

export interface RetryOptions {
  /** Attempts of one call, the first one included. */
  readonly maxAttempts: number
  /** The longest wait before the first retry, in ms; it doubles with each further one. */
  readonly baseDelayMs: number
  /** No wait is longer than this, in ms. */
  readonly maxDelayMs: number
}

/** So many retries may fail before the budget is spent; enough for a bad moment in which everything fails once. */
const BUDGET = 1000
/**
 * Each call earns so much of a retry. With a budget for each of the two types of errors, a dead upstream sees at
 * the most 1.2 times the calls that there are.
 */
const EARNED_BY_A_CALL = 0.1

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

function hasOnlyTransientReasons(body: Json): boolean {
  const { CancellationReasons: reasons } = parse(body) as { CancellationReasons?: unknown }
  if (!Array.isArray(reasons)) return false
  const codes = reasons.map((reason: { Code?: string } | null) => reason?.Code ?? 'None')
  return codes.every((code) => transientReasons.has(code)) && codes.some((code) => code !== 'None')
}

export class Retry {
  readonly #options: RetryOptions
  /** Apart, so that one throttled table does not use up what others need when a connection breaks. */
  readonly #budget: Record<ErrorType, number> = { THROTTLING: BUDGET, TRANSIENT: BUDGET }

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /**
   * Runs `attempt` until it succeeds.
   * @param repeatable whether a write that may have been applied may be sent again
   * @throws StorageError of the last attempt, with what is known from all of them
   */
  async run<Result>(
    limits: CallLimits,
    attempt: () => Promise<Result>,
    repeatable: () => boolean,
  ): Promise<Result> {
    this.#earn('THROTTLING', EARNED_BY_A_CALL)
    this.#earn('TRANSIENT', EARNED_BY_A_CALL)
    let last: StorageError | undefined
    let paidFor: ErrorType | undefined
    for (let number = 1; ; number++) {
      if (performance.now() >= limits.deadline) throw last ?? outOfTime()
      try {
        const result = await attempt()
        // The upstream has come round: this retry cost it nothing that it did not have.
        if (paidFor !== undefined) this.#earn(paidFor, 1)
        return result
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        error.attempts = number
        error.earlierMaybeApplied = maybeApplied(last)
        error.repeatable = !error.maybeApplied || repeatable()
        last = error
        if (error.maybeApplied) limits.onMaybeApplied?.()
        const type = errorType(error)
        // Refused for good is an answer too.
        if (paidFor !== undefined && type === undefined) this.#earn(paidFor, 1)
        const delayMs = Math.max(this.jitter(number - 1), error.retryAfterMs ?? 0)
        if (type === undefined || !error.repeatable || number >= this.#options.maxAttempts) throw error
        if (delayMs > this.#options.maxDelayMs) throw error
        if (performance.now() + delayMs + LEAST_ATTEMPT_MS >= limits.deadline) throw error
        if (this.#budget[type] < 1) throw error
        this.#budget[type]--
        paidFor = type
        try {
          await wait(delayMs, limits.signal, error)
        } catch (gone) {
          this.#earn(type, 1)
          throw gone
        }
      }
    }
  }

  #earn(type: ErrorType, retries: number): void {
    this.#budget[type] = Math.min(BUDGET, this.#budget[type] + retries)
  }

  /** A wait before retry number `retry`, from 0: evenly between 0 and min(`maxDelayMs`, `baseDelayMs` · 2^retry). */
  jitter(retry: number): number {
    return Math.random() * Math.min(this.#options.maxDelayMs, this.#options.baseDelayMs * 2 ** retry)
  }
}

/** Waits, unless the caller gives up: then `Cancelled`, with what is known from `before`. */
export function wait(ms: number, signal?: CancelSignal, before?: StorageError): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      clearTimeout(timer)
      const error = new StorageError('Cancelled', 'the caller gave up')
      error.attempts = before?.attempts ?? 1
      error.earlierMaybeApplied = maybeApplied(before)
      reject(error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', cancel)
      resolve()
    }, ms)
    signal?.addEventListener('abort', cancel)
    if (signal?.aborted === true) cancel()
  })
}

function maybeApplied(error: StorageError | undefined): boolean {
  return error !== undefined && (error.maybeApplied || error.earlierMaybeApplied)
}

function outOfTime(): StorageError {
  const error = new StorageError('TimeoutError', 'there was no time left for the call')
  error.attempts = 0
  return error
}
