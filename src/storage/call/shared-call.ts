import { Cancellation } from './cancellation.js'
import { StorageError } from '../errors.js'
import type { CallLimits } from './limits.js'

/**
 * One call for all who want its result at the same time. Each waits for it within limits of its own, so that nobody's
 * deadline or hanging up is another one's; the call itself is given up when nobody waits for it any more.
 */
export class SharedCall<Result> {
  readonly #cancellation = new Cancellation()
  readonly #result: Promise<Result>
  #waiting = 0

  constructor(call: (limits: CallLimits) => Promise<Result>) {
    this.#result = call({ deadline: Infinity, signal: this.#cancellation })
  }

  /** Everybody had given up before it had a result; there is no use in joining it. */
  get givenUp(): boolean {
    return this.#cancellation.aborted
  }

  /**
   * Waits for the result.
   * @throws StorageError `TimeoutError` or `Cancelled` by the limits, and what the call throws
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
      const giveUp = (name: string, message: string) => {
        leave()
        if (this.#waiting === 0) this.#cancellation.abort()
        reject(new StorageError(name, message))
      }
      const cancel = () => {
        giveUp('Cancelled', 'the caller gave up')
      }
      const timer = setTimeout(() => {
        giveUp('TimeoutError', 'no answer in time')
      }, deadline - performance.now())
      this.#waiting++
      signal?.addEventListener('abort', cancel)
      if (signal?.aborted === true) cancel()
      this.#result.finally(leave).then(resolve, reject)
    })
  }
}
