import type { Json } from '../../json/json.js'
import type { StorageObserver } from '../events.js'
import type { Operation } from '../operations.js'
import type { DynamoDBRequest } from '../request.js'
import type { CancelSignal } from './cancellation.js'

/** The limits of one call, with all its attempts and waits. */
export interface CallLimits {
  /** When the call must be over, on the clock of `performance.now()`. */
  readonly deadline: number
  /** Aborted when the caller cancels the call. */
  readonly signal?: CancelSignal | undefined
  /** Called after each attempt of a write that may have been applied, whether or not the call succeeds in the end. */
  readonly onMaybeApplied?: () => void
  /** Is told what happens to the call; the storage layer's own observer if it is undefined. */
  readonly observer?: StorageObserver | undefined
}

/** The limits of a stream, which makes any number of calls. */
export interface StreamLimits {
  /** The longest that one step may take, such as a call with all its attempts and waits; in ms. */
  readonly timeoutMs: number
  /** The most memory that items of the stream may occupy at a time, in bytes. */
  readonly maxBytes: number
  /** Aborted when the caller cancels the stream. */
  readonly signal: CancelSignal
  /** As in {@link CallLimits}. */
  readonly observer?: StorageObserver | undefined
}

/** Makes one call with all the attempts that it needs; see {@link Storage.send}. */
export type Send = (operation: Operation, request: DynamoDBRequest, limits: CallLimits) => Promise<Json>

/**
 * Waits for a result, but no longer than `timeoutMs` and the limits of a call allow.
 * @returns undefined if the time is up or the caller has canceled the call
 */
export function within<Result>(
  timeoutMs: number,
  { deadline, signal }: CallLimits,
  result: Promise<Result>,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      resolve(undefined)
    }
    const timer = setTimeout(stop, Math.max(0, Math.min(timeoutMs, deadline - performance.now())))
    signal?.addEventListener('abort', stop)
    if (signal?.aborted === true) stop()
    result.then(resolve, reject).finally(stop)
  })
}
