import { EMPTY_OBJECT, type Json } from '../json/json.js'
import { JsonError } from '../json/reader.js'
import type { SentOperation } from './operations.js'

/** The kinds of failures of a call. The kind decides whether another attempt is made and how the error is explained. */
export type ErrorKind =
  /** DynamoDB wants fewer requests. */
  | 'throttling'
  /** DynamoDB failed, or its credentials were just renewed. */
  | 'transient'
  /** An attempt, or the whole call, took too long. */
  | 'timeout'
  /** There was no connection, or it broke off before the whole response arrived. */
  | 'network'
  /** Another write of the same item, or the same transaction, is in progress. */
  | 'conflict'
  /** The CRC-32 of the response is not the one that DynamoDB sent with it. */
  | 'checksum'
  /** The response is not DynamoDB's JSON. */
  | 'malformed'
  /** DynamoDB refused the signature because of its time; the clock has been corrected since. */
  | 'clock_skew'
  /** DynamoDB refused the credentials. */
  | 'credentials'
  /** There are no credentials to sign with; DynamoDB was not called. */
  | 'no_credentials'
  /** The credentials lack a permission. */
  | 'access_denied'
  /** DynamoDB cannot use the KMS key of the table. */
  | 'encryption_key'
  /** The caller has canceled the call. */
  | 'canceled'
  /** DynamoDB refused the request itself. */
  | 'refused'
  /** A bug of the storage layer. */
  | 'internal'

const retryable: Readonly<Record<ErrorKind, boolean>> = {
  throttling: true,
  transient: true,
  timeout: true,
  network: true,
  conflict: true,
  checksum: true,
  malformed: false,
  clock_skew: true,
  credentials: false,
  no_credentials: false,
  access_denied: false,
  encryption_key: false,
  canceled: false,
  refused: false,
  internal: false,
}

/** Whether another attempt may succeed. */
export function isRetryable(kind: ErrorKind): boolean {
  return retryable[kind]
}

/**
 * What is known of a failed attempt. `name` is the name of DynamoDB's exception as DynamoDB spells it, or one of the
 * storage layer's own: `NetworkError`, `TimeoutError`, `CorruptAnswer`, `MalformedAnswer`, `CredentialsError`,
 * `Canceled`, `RequestTooLarge`, `InternalError`.
 */
export interface Failure {
  readonly kind: ErrorKind
  readonly name: string
  readonly message: string
  /** Whether the attempt may have been applied all the same. */
  readonly maybeApplied: boolean
  /** The status of DynamoDB's response; undefined if there was none. */
  readonly statusCode?: number | undefined
  /** `x-amzn-requestid` of DynamoDB's response. */
  readonly requestId?: string | undefined
  /** The body of DynamoDB's response, if it names an exception. */
  readonly body?: Json | undefined
  /** `x-amz-crc32` of DynamoDB's response: the checksum of {@link body}. */
  readonly checksum?: string | undefined
  /** DynamoDB does not want to be called again for this time, in ms. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** The call in which the last attempt failed. */
export interface CallHistory {
  /** Undefined if no call was made. */
  readonly operation: SentOperation | undefined
  /** How often DynamoDB was called. */
  readonly attempts: number
  /** Whether an attempt before the last one may have been applied. */
  readonly earlierMaybeApplied: boolean
  /** False if it was not sent again because doing it twice is not the same as doing it once. */
  readonly repeatable: boolean
}

/** The history of a failure before any call was made. */
export const NO_CALL: CallHistory = {
  operation: undefined,
  attempts: 0,
  earlierMaybeApplied: false,
  repeatable: true,
}

/** A call that failed, with everything that is known of its last attempt and of those before it. */
export class StorageError extends Error implements CallHistory {
  readonly kind: ErrorKind
  readonly statusCode: number | undefined
  readonly requestId: string | undefined
  /** The body of DynamoDB's response, with `CancellationReasons` or `Item`; `{}` if there was none. */
  readonly body: Json
  readonly checksum: string | undefined
  readonly retryAfterMs: number | undefined
  /** Whether the last attempt may have been applied. */
  readonly maybeApplied: boolean
  readonly operation: SentOperation | undefined
  readonly attempts: number
  readonly earlierMaybeApplied: boolean
  readonly repeatable: boolean

  /** @param failure of the last attempt */
  constructor(failure: Failure, history: CallHistory) {
    super(failure.message, { cause: failure.cause })
    this.name = failure.name
    this.kind = failure.kind
    this.statusCode = failure.statusCode
    this.requestId = failure.requestId
    this.body = failure.body ?? EMPTY_OBJECT
    this.checksum = failure.checksum
    this.retryAfterMs = failure.retryAfterMs
    this.maybeApplied = failure.maybeApplied
    this.operation = history.operation
    this.attempts = history.attempts
    this.earlierMaybeApplied = history.earlierMaybeApplied
    this.repeatable = history.repeatable
  }
}

/**
 * A batch that was not finished. `output` is a whole answer in DynamoDB's shape: the items that were found, and in
 * `UnprocessedItems` or `UnprocessedKeys` all entries that are not confirmed, which can be sent again as they are.
 * `cause` is the error that stopped the batch; undefined if DynamoDB kept leaving entries unprocessed.
 */
export class BatchIncompleteError extends Error {
  override readonly name = 'BatchIncompleteError'
  readonly output: Json
  /** The number of entries that are not confirmed. */
  readonly unprocessed: number
  /** Whether some of them may have been applied. */
  readonly maybeApplied: boolean
  override readonly cause: StorageError | undefined

  /** @param outcome of the batch; `error` becomes the cause */
  constructor(
    outcome: {
      readonly unprocessed: readonly unknown[]
      readonly maybeApplied: readonly unknown[]
      readonly error: StorageError | undefined
    },
    output: Json,
  ) {
    const { unprocessed, maybeApplied, error } = outcome
    const { length } = unprocessed
    super(`${length} ${length === 1 ? 'entry of the batch is' : 'entries of the batch are'} not confirmed`)
    this.output = output
    this.unprocessed = length
    this.maybeApplied = maybeApplied.length > 0
    this.cause = error
  }
}

/**
 * A batch of statements of which a request failed as a whole. `output` has an answer to each statement in
 * `StatementResponses`; those that are not confirmed are errors.
 */
export class StatementsIncompleteError extends BatchIncompleteError {
  /** Whether all statements are reads: then the whole batch can be sent again. */
  readonly onlyReads: boolean

  constructor(
    outcome: ConstructorParameters<typeof BatchIncompleteError>[0],
    output: Json,
    onlyReads: boolean,
  ) {
    super(outcome, output)
    this.onlyReads = onlyReads
  }
}

/** Deletes of what a Query or a Scan finds that were not finished; `output` has those that are not confirmed. */
export class DeleteIncompleteError extends BatchIncompleteError {
  /** The items that are deleted. */
  readonly deleted: number
  /** Behind all items that were deleted or are in `output`; undefined at the end of the data. */
  readonly position: Json | undefined

  constructor(
    outcome: ConstructorParameters<typeof BatchIncompleteError>[0],
    output: Json,
    { deleted, position }: { readonly deleted: number; readonly position: Json | undefined },
  ) {
    super(outcome, output)
    this.deleted = deleted
    this.position = position
  }
}

/**
 * An import that stopped. All items with a smaller number than `number` are written, or are in `output`, a
 * BatchWriteItem's answer, among its `UnprocessedItems`. If an item was refused, the items behind it are not in there.
 */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  /** The number of the first item that was refused or is not confirmed; undefined if the source failed. */
  readonly number: number | undefined
  /** The items that are written, including those with greater numbers. */
  readonly written: number
  /** The items in `output`. */
  readonly unprocessed: number
  /** Whether some of the items in `output` may have been written. */
  readonly maybeApplied: boolean
  readonly output: Json

  /**
   * @param options `cause` is the StorageError that stopped the import, or the error of the source; undefined if
   *   DynamoDB kept leaving items unprocessed
   */
  constructor(options: Omit<ImportError, keyof Error> & { readonly cause: unknown }) {
    super(`the import stopped after ${options.written} items were written`, { cause: options.cause })
    this.number = options.number
    this.written = options.written
    this.unprocessed = options.unprocessed
    this.maybeApplied = options.maybeApplied
    this.output = options.output
  }
}

/** An answer of DynamoDB cannot be read. A JsonError is about a request: DynamoDB has not seen that one. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

/** The error to throw instead of one that reading an answer of DynamoDB has thrown. */
export function asAnswerError(error: unknown): unknown {
  if (!(error instanceof JsonError)) return error
  return new AnswerError('DynamoDB returned a malformed response', { cause: error })
}

/** Two entries of a batch have one key. DynamoDB refuses that within a request, the storage layer in the whole batch. */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError'
}

/** Other writes of an item kept changing what a write of it had supposed. Nothing was applied after them. */
export class WriteConflictError extends Error {
  override readonly name = 'WriteConflictError'
  override readonly cause: StorageError
  /** Whether an attempt whose response was lost may have been applied before. */
  readonly maybeApplied: boolean

  /** @param cause the error of the last attempt */
  constructor(cause: StorageError, maybeApplied: boolean) {
    super('the item was changed by others at the same time', { cause })
    this.cause = cause
    this.maybeApplied = maybeApplied
  }
}

/** A request does not match the table's key schema. It was not sent to DynamoDB. `message` is for the caller. */
export class KeyMismatchError extends Error {
  override readonly name = 'KeyMismatchError'
}
