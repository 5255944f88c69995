/**
 * Every error code, in one closed table: the status it comes with, what it says in general, when a caller gets it, whether
 * the same request may succeed later, and what the caller can do next, where that is the same each time. The entries of
 * `docs/errors.md` are generated from it, and the service serves them at `/errors`.
 */
export interface CodeRow {
  readonly status: number
  readonly retryable: boolean
  readonly title: string
  /** When a caller gets it: one sentence or more for the manual, in Markdown. */
  readonly cause: string
  /** One sentence that ends the `detail` of the problem. */
  readonly next?: string
}

const RETRY_AFTER = 'Send the request again after the time in Retry-After.'

export const CODES = {
  InvalidRequest: {
    status: 400,
    retryable: false,
    title: 'Invalid request',
    cause:
      'The path, a parameter, a header, or the body does not match the description of the operation, or ' +
      'is not valid HTTP. `detail` names each mismatch, and the field that was probably meant. The service checks this before it calls DynamoDB; ' +
      'only an import stops at the line that is invalid.',
  },
  InvalidPageToken: {
    status: 400,
    retryable: false,
    title: 'Invalid page token',
    cause:
      '`pageToken` is not the `nextPageToken` of an earlier page of this read. It was cut or changed, or it comes from ' +
      'another table, index, key condition or segment, or it was made with another `PAGE_TOKEN_SECRET`.',
    next: 'Send the nextPageToken of the page before, unchanged, or begin again without one.',
  },
  InvalidPosition: {
    status: 400,
    retryable: false,
    title: 'Invalid position in the changes',
    cause:
      '`after`, or the header `Last-Event-ID`, is not the `id` of a change of this table. It was cut or changed, or it comes ' +
      'from another table, or it was made with another `PAGE_TOKEN_SECRET`.',
    next: 'Send an id that a change of this table had, unchanged, or begin again without one.',
  },
  ValidationException: {
    status: 400,
    retryable: false,
    title: 'DynamoDB rejected the request as invalid',
    cause:
      'The request is well-formed, but breaks a rule of DynamoDB: a key that does not match the key ' +
      'schema of the table, a syntax error in an expression, or an item larger than 400 KB, for example. ' +
      '`detail` adds what is right, where the service knows it: the key of the table, a placeholder for a reserved word, or ' +
      'that a value in a document has no type.',
  },
  ItemCollectionSizeLimitExceededException: {
    status: 400,
    retryable: false,
    title: 'The item collection has reached its size limit',
    cause:
      'The table has a local secondary index, and the items with one partition key, together with their ' +
      'entries in such indexes, are larger than 10 GB.',
    next: 'Delete items with the same partition key before you write more of them.',
  },
  Unauthenticated: {
    status: 401,
    retryable: false,
    title: 'The request has no valid credentials',
    cause:
      'With `AUTH=policy`: the request has no API key or token, or one that is unknown, expired, or not ' +
      'valid for this service. `WWW-Authenticate` says which credentials the service takes.',
    next: 'Send an API key or a token that is valid.',
  },
  Forbidden: {
    status: 403,
    retryable: false,
    title: 'The request is not allowed',
    cause:
      'With `AUTH=policy`, no role of the caller covers everything that the request touches. Or a web ' +
      'page of an origin that `CORS_ORIGINS` does not list sent the request, or its `Host` is a name that ' +
      '`ALLOWED_HOSTS` does not list, or it names a table of another account or Region.',
  },
  ResourceNotFoundException: {
    status: 404,
    retryable: false,
    title: 'Table or index not found',
    cause:
      'The table or the index does not exist in the account and Region of the service, or is still being ' +
      'created. `detail` names tables with a similar name, of those that the caller may see.',
    next: 'Check the name; GET /v1/tables lists the tables.',
  },
  ItemNotFound: {
    status: 404,
    retryable: false,
    title: 'Item not found',
    cause: 'The table exists, but has no item with this key.',
  },
  RouteNotFound: {
    status: 404,
    retryable: false,
    title: 'Route not found',
    cause: 'The service has no such path.',
  },
  MethodNotAllowed: {
    status: 405,
    retryable: false,
    title: 'Method not allowed',
    cause:
      'The path exists, but not with this method. `Allow` lists its methods. Creating and deleting tables ' +
      'requires `TABLE_ADMIN=true`.',
  },
  NotAcceptable: {
    status: 406,
    retryable: false,
    title: 'No acceptable representation',
    cause:
      '`Accept` excludes every media type of the answer: `application/json`, ' +
      '`application/vnd.dynamodb+json`, and `application/x-ndjson` and `text/csv` where the answer can be a stream; ' +
      '`text/event-stream` and `application/x-ndjson` of changes.',
  },
  RequestTimeout: {
    status: 408,
    retryable: true,
    title: 'The request did not arrive in time',
    cause:
      'The headers or the body took longer than `REQUEST_TIMEOUT_MS`, or the body arrived more slowly ' +
      'than `MIN_BODY_BYTES_PER_SECOND`.',
    next: 'Send it again, faster or in parts.',
  },
  TransactionCanceledException: {
    status: 409,
    retryable: false,
    title: 'Transaction canceled',
    cause:
      'A condition of the transaction is false, or DynamoDB rejected one of its entries: a conflict, ' +
      'throttling, or an invalid value. Nothing of the transaction was applied.',
    next: 'cancellationReasons has the reason of each entry.',
  },
  TransactionConflictException: {
    status: 409,
    retryable: true,
    title: 'Another transaction is in progress on the item',
    cause: 'A transaction that is still in progress writes or reads the same item.',
    next: 'Send the request again.',
  },
  TransactionInProgressException: {
    status: 409,
    retryable: true,
    title: 'The write with this idempotency key is still in progress',
    cause:
      'A transaction or a write with the same `Idempotency-Key` or `clientRequestToken` has been sent before, and has not ' +
      'ended.',
    next: 'Send the request again with the same key to learn its outcome.',
  },
  ReplicatedWriteConflictException: {
    status: 409,
    retryable: true,
    title: 'The item is being written in another Region',
    cause:
      'The table is a global table with strong consistency, and the item is being written in another ' +
      'Region at the same time.',
    next: 'Send the request again.',
  },
  WriteConflict: {
    status: 409,
    retryable: true,
    title: 'Other writes changed the item at the same time',
    cause:
      'While a merge patch was applied, other writes added or removed the item or a map that the patch changes, five times ' +
      'in a row.',
    next: 'Send the request again.',
  },
  ResourceInUseException: {
    status: 409,
    retryable: false,
    title: 'The table already exists or is being changed',
    cause: 'A table of this name already exists, or the table is being created, changed, or deleted.',
    next: 'GET /v1/tables/{table} tells its status.',
  },
  DuplicateItemException: {
    status: 409,
    retryable: false,
    title: 'The item already exists',
    cause: 'An `INSERT` statement has the key of an item that exists. It never replaces one.',
    next: 'Change the item with UPDATE, or put it with PUT.',
  },
  StreamNotEnabled: {
    status: 409,
    retryable: false,
    title: 'The table has no stream',
    cause:
      'Changes can be followed only in a table with a DynamoDB stream: `streamSpecification` of the table, with `streamEnabled: true`.',
    next: 'Enable the stream of the table, with a streamViewType of NEW_AND_OLD_IMAGES for whole items, and then follow its changes.',
  },
  IdempotentParameterMismatchException: {
    status: 409,
    retryable: false,
    title: 'The idempotency key belongs to another write',
    cause:
      'A different transaction or write with the same `Idempotency-Key` or `clientRequestToken` was sent within the last ' +
      '10 minutes, to any table of the account and Region.',
    next: 'Use a new key for a new write.',
  },
  PositionExpired: {
    status: 410,
    retryable: false,
    title: 'The changes behind this position are no longer kept',
    cause:
      'DynamoDB keeps the changes of a table for 24 hours. `after`, or the header `Last-Event-ID`, is older, so changes behind it ' +
      'may be lost.',
    next: 'Follow the changes with from=now, and read the table itself to learn what it has by then.',
  },
  ConditionalCheckFailedException: {
    status: 412,
    retryable: false,
    title: 'Condition check failed',
    cause:
      'The condition of the write is false for the current item: `conditionExpression`, or the ' +
      'precondition `If-Match: *` or `If-None-Match: *`.',
    next: 'Read the item to decide what to do.',
  },
  PayloadTooLarge: {
    status: 413,
    retryable: false,
    title: 'Request body too large',
    cause:
      'The body is larger than `BODY_LIMIT_BYTES`, or than `BATCH_BODY_LIMIT_BYTES` for a batch, or it is ' +
      'larger than DynamoDB takes. Of an import, one line is.',
  },
  UnsupportedMediaType: {
    status: 415,
    retryable: false,
    title: 'Unsupported media type',
    cause:
      '`Content-Type` is none that the operation takes, its charset is not UTF-8, or the body is compressed.',
  },
  ExpectationFailed: {
    status: 417,
    retryable: false,
    title: 'Expectation not supported',
    cause: 'The request has an `Expect` header with another value than `100-continue`.',
  },
  TooManyRequests: {
    status: 429,
    retryable: true,
    title: 'The caller has exceeded its rate limit',
    cause:
      'With `AUTH=policy`: the caller sends more requests than the rate of its API key allows. ' +
      '`RateLimit` says what is left.',
    next: RETRY_AFTER,
  },
  ProvisionedThroughputExceededException: {
    status: 429,
    retryable: true,
    title: 'Provisioned throughput of the table exceeded',
    cause:
      'The traffic exceeds the provisioned capacity of the table or an index, or that of one partition, ' +
      'and all attempts of the service failed.',
    next: RETRY_AFTER,
  },
  ThrottlingException: {
    status: 429,
    retryable: true,
    title: 'DynamoDB throttled the request',
    cause:
      'DynamoDB throttled all attempts of the service: the traffic exceeds a maximum of the table or ' +
      'grows faster than the table adapts, or too many requests administer tables.',
    next: RETRY_AFTER,
  },
  RequestLimitExceeded: {
    status: 429,
    retryable: true,
    title: 'Throughput of the AWS account exceeded',
    cause: 'The traffic of the whole AWS account exceeds its quota in this Region.',
    next: RETRY_AFTER,
  },
  LimitExceededException: {
    status: 429,
    retryable: true,
    title: 'Too many table operations at the same time',
    cause: 'The AWS account creates, changes, or deletes too many tables at the same time.',
    next: RETRY_AFTER,
  },
  HeadersTooLarge: {
    status: 431,
    retryable: false,
    title: 'Request headers too large',
    cause: 'The request line and the headers together are larger than 16 KiB. Long keys fit into the body.',
  },
  InternalError: {
    status: 500,
    retryable: false,
    title: 'Internal error',
    cause: 'A bug in the service. The log has the reason under the `requestId`.',
    next: 'Report it to the operator of the service, with the requestId.',
  },
  UpstreamError: {
    status: 502,
    retryable: false,
    title: 'DynamoDB could not be used',
    cause:
      'DynamoDB refused the credentials or a permission of the service itself, or its answer was damaged. ' +
      'The operator of the service has to act, and finds the reason in the log.',
  },
  ServiceUnavailable: {
    status: 503,
    retryable: true,
    title: 'The service or DynamoDB is unavailable',
    cause:
      'The service is overloaded or shutting down, or DynamoDB cannot be reached or fails after all attempts.',
    next: RETRY_AFTER,
  },
  BatchIncomplete: {
    status: 503,
    retryable: true,
    title: 'The batch is incomplete',
    cause:
      'DynamoDB did not process all entries of the batch in time. `unprocessedItems` or `unprocessedKeys` ' +
      'has exactly those that are left; the others are done.',
  },
  UpstreamTimeout: {
    status: 504,
    retryable: true,
    title: 'DynamoDB did not respond in time',
    cause:
      'DynamoDB did not answer within `ATTEMPT_TIMEOUT_MS` in the last attempt, or the attempts together ' +
      'took longer than `REQUEST_TIMEOUT_MS`.',
    next: RETRY_AFTER,
  },
} as const satisfies Readonly<Record<string, CodeRow>>

export type Code = keyof typeof CODES

/** The row of a code, with its optional members. */
export function rowOf(code: Code): CodeRow {
  return CODES[code]
}
