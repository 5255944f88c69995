/**
 * Attempts until one succeeds or another one makes no sense: with full jitter between them ("Exponential Backoff And
 * Jitter", AWS Architecture Blog), and a retry budget that ends a retry storm. The SDK's `StandardRetryStrategy` is not
 * used: its waits can neither be canceled nor see the deadline, and its budget, which is made for one client, is spent
 * after 35 failed retries, one bad moment of a gateway with 128 sockets.
 */
import { type CallHistory, type ErrorKind, type Failure, isRetryable, StorageError } from '../errors.js'
import { type StorageObserver, RETRY_REASONS, type RetryReason } from '../events.js'
import type { SentOperation } from '../operations.js'
import type { CancelSignal } from './cancellation.js'
import type { CallLimits } from './limits.js'
import { isTokenExpired } from './refusal.js'
import type { RawResponse } from './response.js'

export interface RetryOptions {
  /** The most attempts of one call, the first one included. */
  readonly maxAttempts: number
  /** The longest wait before the first retry, in ms. It doubles with each further retry. */
  readonly baseDelayMs: number
  /** The longest wait before any retry, in ms. */
  readonly maxDelayMs: number
}

/** A call, as far as its attempts need to know it. */
export interface Attempts {
  readonly operation: SentOperation
  /** See {@link AttemptEnded}. */
  readonly table: string | undefined
  readonly index: string | undefined
  readonly observer: StorageObserver
  /** Makes one attempt. Resolves to an intact response with the status 200, or to why there is none. */
  readonly attempt: () => Promise<RawResponse | Failure>
  /** Whether it may be sent again after an attempt that may have been applied. */
  readonly repeatable: () => boolean
}

/** The retries that may fail before the budget is spent: enough for a moment in which everything fails once. */
const BUDGET = 1000
/**
 * The retries that each call earns. With one budget for throttling and one for everything else, a dead upstream sees at
 * most 1.2 times as many requests as there are calls.
 */
const EARNED_BY_A_CALL = 0.1

/** With less time left than this, in ms, another attempt cannot succeed; timers may also fire a little early. */
const LEAST_ATTEMPT_MS = 5

/** Two budgets, so that a throttled table does not use up the retries that others need when a connection breaks. */
export type Budget = (typeof BUDGETS)[number]

export const BUDGETS = ['throttling', 'transient'] as const

export class Retry {
  readonly #options: RetryOptions
  readonly #budgets: Record<Budget, number> = { throttling: BUDGET, transient: BUDGET }

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /**
   * Makes attempts until one succeeds.
   * @returns DynamoDB's response
   * @throws StorageError with the failure of the last attempt and the facts about all of them
   */
  async run(call: Attempts, limits: CallLimits): Promise<RawResponse> {
    const { operation, table, index, observer, attempt, repeatable } = call
    this.earn()
    let history: CallHistory = { operation, attempts: 0, earlierMaybeApplied: false, repeatable: true }
    let paidFrom: Budget | undefined
    let last = OUT_OF_TIME
    while (performance.now() < limits.deadline) {
      const startedAt = performance.now()
      const result = await attempt()
      const durationMs = performance.now() - startedAt
      if (!('kind' in result)) {
        observer.attemptEnded({ operation, table, index, startedAt, durationMs, result: result.body })
        // The retry succeeded: refund its token.
        if (paidFrom !== undefined) this.#refund(paidFrom, 1)
        return result
      }
      const earlierMaybeApplied = history.earlierMaybeApplied || last.maybeApplied
      last = result
      // Without credentials, DynamoDB was not called.
      const attempts = history.attempts + (last.kind === 'no_credentials' ? 0 : 1)
      if (attempts > history.attempts) {
        observer.attemptEnded({ operation, table, index, startedAt, durationMs, result })
      }
      history = { operation, attempts, earlierMaybeApplied, repeatable: !last.maybeApplied || repeatable() }
      if (last.maybeApplied) limits.onMaybeApplied?.()
      // The upstream has answered the retry, though with a refusal: refund its token.
      if (paidFrom !== undefined && !isRetryable(last.kind)) this.#refund(paidFrom, 1)
      const delayMs = this.#delayBefore(last, history, limits)
      if (delayMs === undefined) break
      paidFrom = budgetOf(last.kind)
      this.#budgets[paidFrom]--
      const reason = reasonOf(last)
      if (reason !== undefined) observer.retrying({ operation, reason, delayMs })
      if (await wait(delayMs, limits.signal)) continue
      this.#refund(paidFrom, 1)
      const earlier = history.earlierMaybeApplied || last.maybeApplied
      history = { ...history, earlierMaybeApplied: earlier, repeatable: true }
      last = CANCELED
      break
    }
    if (last.maybeApplied || history.earlierMaybeApplied) observer.writeMaybeApplied({ operation })
    throw new StorageError(last, history)
  }

  /** How long to wait before the next attempt, in ms; undefined if there is none. */
  #delayBefore(failure: Failure, history: CallHistory, limits: CallLimits): number | undefined {
    const { maxAttempts, maxDelayMs } = this.#options
    if (!isRetryable(failure.kind) || !history.repeatable || history.attempts >= maxAttempts) return undefined
    const delayMs = Math.max(this.jitter(history.attempts - 1), failure.retryAfterMs ?? 0)
    if (delayMs > maxDelayMs || performance.now() + delayMs + LEAST_ATTEMPT_MS >= limits.deadline) {
      return undefined
    }
    return this.#budgets[budgetOf(failure.kind)] < 1 ? undefined : delayMs
  }

  /** A call begins, which earns a part of a retry. */
  earn(): void {
    this.#refund('throttling', EARNED_BY_A_CALL)
    this.#refund('transient', EARNED_BY_A_CALL)
  }

  /** The retries that can be made now, from 0 to 1,000. */
  budget(kind: Budget): number {
    return this.#budgets[kind]
  }

  #refund(budget: Budget, retries: number): void {
    this.#budgets[budget] = Math.min(BUDGET, this.#budgets[budget] + retries)
  }

  /** A wait before retry number `retry`, from 0: evenly between 0 and min(`maxDelayMs`, `baseDelayMs` · 2^retry). */
  jitter(retry: number): number {
    return Math.random() * Math.min(this.#options.maxDelayMs, this.#options.baseDelayMs * 2 ** retry)
  }
}

function budgetOf(kind: ErrorKind): Budget {
  return kind === 'throttling' ? 'throttling' : 'transient'
}

function reasonOf(failure: Failure): RetryReason | undefined {
  if (isTokenExpired(failure)) return 'credentials'
  return RETRY_REASONS.find((reason) => reason === failure.kind)
}

const OUT_OF_TIME: Failure = {
  kind: 'timeout',
  name: 'TimeoutError',
  message: 'there was no time left for the call',
  maybeApplied: false,
}

/** The failure of a call that its caller has canceled while it waited. */
export const CANCELED: Failure = {
  kind: 'canceled',
  name: 'Canceled',
  message: 'the caller has canceled the call',
  maybeApplied: false,
}

/**
 * Waits, in ms.
 * @returns false if the caller has canceled the call
 */
export function wait(ms: number, signal?: CancelSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', cancel)
      resolve(true)
    }, ms)
    signal?.addEventListener('abort', cancel)
    if (signal?.aborted === true) cancel()
  })
}
