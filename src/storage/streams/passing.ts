/** Failures that may pass: the readers try again later, instead of telling the subscribers. */
import { wait } from '../call/retry.js'
import type { CancelSignal } from '../call/cancellation.js'
import { AnswerError, isRetryable, StorageError } from '../errors.js'

/** The first and the longest wait after a failed call with all its attempts, in ms. */
const PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5000

/** Whether the same call may succeed later. An answer that is not DynamoDB's may come from a proxy on the way. */
export function mayPass(error: unknown): boolean {
  if (error instanceof AnswerError) return true
  return error instanceof StorageError && (isRetryable(error.kind) || error.kind === 'malformed')
}

/** How long to wait after so many failed calls in a row, in ms. */
export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (failures - 1))
}

/**
 * Makes a call until it succeeds.
 * @returns undefined if it was canceled
 * @throws an error that does not pass
 */
export async function persistently<Result>(
  signal: CancelSignal,
  call: () => Promise<Result>,
): Promise<Result | undefined> {
  const isCanceled = () => signal.aborted
  for (let failures = 1; !isCanceled(); failures++) {
    try {
      return await call()
    } catch (error) {
      if (isCanceled()) return undefined
      if (!mayPass(error)) throw error
      await wait(pauseAfter(failures), signal)
    }
  }
  return undefined
}
