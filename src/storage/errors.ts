import { EMPTY_OBJECT, type Json } from '../json/reader.js'

/**
 * What went wrong with a call of DynamoDB. `name` is that of DynamoDB's exception, or one of ours:
 *
 * - `NetworkError`: no connection, or it broke off before the whole answer was there
 * - `TimeoutError`: an attempt, or the call as a whole, took too long
 * - `CorruptAnswer`: the CRC-32 of the answer is not the one DynamoDB sent with it
 * - `MalformedAnswer`: the answer is not DynamoDB's JSON
 * - `CredentialsError`: there are no credentials to sign with
 * - `Cancelled`: the caller gave the call up
 */
export class StorageError extends Error {
  /** The status of DynamoDB's answer, where there was one. */
  readonly statusCode: number | undefined
  /** `x-amzn-requestid` of DynamoDB's answer. */
  readonly requestId: string | undefined
  /** The body of DynamoDB's answer: `CancellationReasons` and `Item` stand in it. `{}` where there was none. */
  readonly body: Json
  /** DynamoDB's wish not to be called again for so many milliseconds. */
  readonly retryAfterMs: number | undefined
  /** Whether this attempt may have been carried out all the same. */
  readonly maybeApplied: boolean
  /** Attempts made when the call was given up. */
  attempts = 1
  /** Whether an earlier attempt of the same call may have been carried out. */
  earlierMaybeApplied = false
  /** False if it was not tried again because carrying it out twice would not be the same as once. */
  repeatable = true

  constructor(
    name: string,
    message: string,
    options: {
      cause?: unknown
      statusCode?: number
      requestId?: string | undefined
      body?: Json
      retryAfterMs?: number | undefined
      maybeApplied?: boolean
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = name
    this.statusCode = options.statusCode
    this.requestId = options.requestId
    this.body = options.body ?? EMPTY_OBJECT
    this.retryAfterMs = options.retryAfterMs
    this.maybeApplied = options.maybeApplied ?? false
  }
}

/**
 * A batch that was not finished. `output` is a whole answer in DynamoDB's shape: what was found so far, and in
 * `UnprocessedItems` or `UnprocessedKeys` all that is not known to be done, to be sent again as it stands.
 * `cause` is the error that stopped the batch; without one, DynamoDB kept leaving entries unprocessed.
 */
export class BatchIncompleteError extends Error {
  override readonly name = 'BatchIncompleteError'
  readonly output: Json
  /** Whether some of the entries in `output` may be written all the same. */
  readonly maybeApplied: boolean
  override readonly cause: StorageError | undefined

  /** @param outcome of the batch; `error` is the cause */
  constructor(
    outcome: {
      readonly unprocessed: readonly unknown[]
      readonly maybeApplied: boolean
      readonly error: StorageError | undefined
    },
    output: Json,
  ) {
    const { unprocessed, maybeApplied, error } = outcome
    const { length } = unprocessed
    super(`${length} ${length === 1 ? 'entry' : 'entries'} of the batch are not known to be done`)
    this.output = output
    this.maybeApplied = maybeApplied
    this.cause = error
  }
}

/**
 * A stream of puts that stopped. All items with a smaller number than `number` are written, or stand in `output`, a
 * BatchWriteItem's answer, among its `UnprocessedItems`; where an item was refused, those behind it do not.
 */
export class PutItemsError extends Error {
  override readonly name = 'PutItemsError'
  /** Of the first item that was refused or is not known to be written; undefined if it was the source that failed. */
  readonly number: number | undefined
  /** So many items are written, perhaps some with greater numbers among them. */
  readonly written: number
  /** How many stand in `output`. */
  readonly unprocessed: number
  /** Whether some of these may be written all the same. */
  readonly maybeApplied: boolean
  readonly output: Json

  /** @param cause undefined if DynamoDB kept leaving items unprocessed; whatever the source threw, if that failed */
  constructor(options: Omit<PutItemsError, keyof Error> & { readonly cause: unknown }) {
    super(`the stream stopped after ${options.written} items were written`, { cause: options.cause })
    this.number = options.number
    this.written = options.written
    this.unprocessed = options.unprocessed
    this.maybeApplied = options.maybeApplied
    this.output = options.output
  }
}

/** Two entries of a batch have one key; DynamoDB refuses that within a request, the storage layer everywhere. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError'
}

/** What a caller sent does not fit the key schema of the table; nothing was sent to DynamoDB. `message` is for the caller. */
export class KeyMismatchError extends Error {
  override readonly name = 'KeyMismatchError'
}
