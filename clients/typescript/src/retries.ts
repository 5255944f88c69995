/** Which errors are retried, and when. The service itself has already retried within its deadline. */
import type { StorageError } from './errors.js'

export interface RetryOptions {
  /** The most attempts after the first one. */
  readonly retries: number
  /** The longest wait before the first retry, in milliseconds; it doubles with each one. */
  readonly baseDelayMs: number
  /** The longest wait, in milliseconds. A service that asks for a longer one gets no retry. */
  readonly maxDelayMs: number
}

/** @param isSafe whether applying it twice is the same as once: a read, or a write with an idempotency key */
export function canRetry({ retryable, maybeApplied }: StorageError, isSafe: boolean): boolean {
  return retryable && (isSafe || !maybeApplied)
}

/**
 * Full jitter on exponential backoff, and at least what the service asks for.
 * @throws the error itself if the service asks for more than the longest wait; the reason of `signal` if it is aborted
 */
export async function waitBefore(
  attempt: number,
  error: StorageError,
  { baseDelayMs, maxDelayMs }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { retryAfterMs = 0 } = error
  if (retryAfterMs > maxDelayMs) throw error
  const jitter = Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1))
  await sleep(Math.min(maxDelayMs, retryAfterMs + jitter), signal)
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
  // The caller's own reason.
  signal?.throwIfAborted()
}
