import { Cancellation } from './cancellation.js'
import { type ErrorKind, NO_CALL, StorageError } from '../errors.js'
import type { CallLimits } from './limits.js'

/**
 * One call for all callers that want its result at the same time. Each waits within its own limits, so that the deadline
 * or the cancellation of one does not affect the others. The call itself is canceled when the last caller has left.
 */
export class SharedCall<Result> {
  readonly #cancellation = new Cancellation()
  readonly #result: Promise<Result>
  #waiting = 0

  constructor(call: (limits: CallLimits) => Promise<Result>) {
    this.#result = call({ deadline: Infinity, signal: this.#cancellation })
  }

  /** All callers left before it had a result; it cannot be joined any more. */
  get canceled(): boolean {
    return this.#cancellation.aborted
  }

  /**
   * Waits for the result.
   * @throws StorageError `TimeoutError` or `Canceled` by the limits, and what the call throws
   */
  join({ deadline, signal }: CallLimits): Promise<Result> {
    return new Promise((resolve, reject) => {
      let left = false
      const leave = () => {
        if (left) return
        left = true
        clearTimeout(timer)
        signal?.removeEventListener('abort', cancel)
        this.#waiting--
      }
      const giveUp = (kind: ErrorKind, name: string, message: string) => {
        leave()
        if (this.#waiting === 0) this.#cancellation.abort()
        reject(new StorageError({ kind, name, message, maybeApplied: false }, NO_CALL))
      }
      const cancel = () => {
        giveUp('canceled', 'Canceled', 'the caller has canceled the call')
      }
      const timer = setTimeout(() => {
        giveUp('timeout', 'TimeoutError', 'DynamoDB did not respond in time')
      }, deadline - performance.now())
      this.#waiting++
      signal?.addEventListener('abort', cancel)
      if (signal?.aborted === true) cancel()
      this.#result.finally(leave).then(resolve, reject)
    })
  }
}
