import type { CallLimits } from '../call/limits.js'
import { CANCELED } from '../call/retry.js'
import { type Failure, StorageError } from '../errors.js'
import type { StorageObserver } from '../events.js'
import type { Json } from '../../json/json.js'
import type { Pieces } from '../../json/pieces.js'

const OUT_OF_TIME: Failure = {
  kind: 'timeout',
  name: 'TimeoutError',
  message: 'DynamoDB did not respond in time',
  maybeApplied: false,
}

/** The call that a get has a place in. */
export interface Occupied {
  readonly table: string
  /** When it began, on the clock of `performance.now()`, in ms. */
  readonly startedAt: number
  /** The get has left before the call has ended. */
  readonly left: () => void
}

/**
 * One get that waits to be sent, and then in a call that it shares. It has a deadline, a cancellation and an observer of its own:
 * a caller that hangs up leaves only its place.
 */
export class Place {
  readonly key: Json
  readonly deadline: number
  readonly #observer: StorageObserver
  readonly #signal: CallLimits['signal']
  readonly #resolve: (answer: Pieces | undefined) => void
  readonly #reject: (error: unknown) => void
  #call: Occupied | undefined
  /** It has left, or has its answer. */
  settled = false

  /**
   * @param key `{"id":{"S":"a"}}`
   * @param resolve receives GetItem's answer, or undefined if the get is to be sent by itself
   * @param reject receives a StorageError if the caller leaves before
   */
  constructor(
    key: Json,
    { deadline, signal }: CallLimits,
    observer: StorageObserver,
    resolve: (answer: Pieces | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.key = key
    this.deadline = deadline
    this.#observer = observer
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this.#cancel)
    if (signal?.aborted === true) this.#cancel()
  }

  /** The call begins. */
  enter(call: Occupied): void {
    this.#call = call
  }

  /** The get is to be sent by itself, and has shared no call. */
  sendAlone(): void {
    if (this.#settle()) this.#resolve(undefined)
  }

  /** The call has answered the get. */
  answer(answer: Pieces): void {
    if (!this.#settle()) return
    this.#attemptEnded(answer)
    this.#resolve(answer)
  }

  /** The call has not answered the get, which is to be sent by itself. */
  sendAgain(failure: Failure): void {
    if (!this.#settle()) return
    this.#attemptEnded(failure)
    this.#resolve(undefined)
  }

  /** Its time is up. */
  expire(): void {
    this.#leave(OUT_OF_TIME)
  }

  /** A bug of the storage layer has ended the call. */
  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  readonly #cancel = (): void => {
    this.#leave(CANCELED)
  }

  #leave(failure: Failure): void {
    if (!this.#settle()) return
    this.#attemptEnded(failure)
    this.#call?.left()
    const attempts = this.#call === undefined ? 0 : 1
    this.#reject(
      new StorageError(failure, {
        operation: 'GetItem',
        attempts,
        earlierMaybeApplied: false,
        repeatable: true,
      }),
    )
  }

  #attemptEnded(result: Pieces | Failure): void {
    if (this.#call === undefined) return
    const { table, startedAt } = this.#call
    this.#observer.attemptEnded({
      operation: 'GetItem',
      table,
      index: undefined,
      startedAt,
      durationMs: performance.now() - startedAt,
      result,
    })
  }

  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.#signal?.removeEventListener('abort', this.#cancel)
    return true
  }
}
