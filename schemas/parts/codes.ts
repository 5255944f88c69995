/**
 * Every error code, in one closed table: the status it comes with, what it says in general, whether the same request
 * may succeed later, and what the caller can do next, where that is the same each time.
 */
export interface CodeRow {
  readonly status: number
  readonly retryable: boolean
  readonly title: string
  /** One sentence that ends the `detail` of the problem. */
  readonly next?: string
}

const RETRY_AFTER = 'Send the request again after the time in Retry-After.'

export const CODES = {
  InvalidRequest: { status: 400, retryable: false, title: 'Invalid request' },
  ValidationException: { status: 400, retryable: false, title: 'DynamoDB rejected the request as invalid' },
  ItemCollectionSizeLimitExceededException: {
    status: 400,
    retryable: false,
    title: 'The item collection has reached its size limit',
    next: 'Delete items with the same partition key before you write more of them.',
  },
  Unauthenticated: {
    status: 401,
    retryable: false,
    title: 'The request has no valid credentials',
    next: 'Send an API key or a token that is valid.',
  },
  Forbidden: { status: 403, retryable: false, title: 'The request is not allowed' },
  ResourceNotFoundException: {
    status: 404,
    retryable: false,
    title: 'Table or index not found',
    next: 'Check the name; GET /v1/tables lists the tables.',
  },
  ItemNotFound: { status: 404, retryable: false, title: 'Item not found' },
  RouteNotFound: { status: 404, retryable: false, title: 'Route not found' },
  MethodNotAllowed: { status: 405, retryable: false, title: 'Method not allowed' },
  NotAcceptable: { status: 406, retryable: false, title: 'No acceptable representation' },
  RequestTimeout: {
    status: 408,
    retryable: true,
    title: 'The request did not arrive in time',
    next: 'Send it again, faster or in parts.',
  },
  TransactionCanceledException: {
    status: 409,
    retryable: false,
    title: 'Transaction canceled',
    next: 'cancellationReasons has the reason of each entry.',
  },
  TransactionConflictException: {
    status: 409,
    retryable: true,
    title: 'Another transaction is in progress on the item',
    next: 'Send the request again.',
  },
  TransactionInProgressException: {
    status: 409,
    retryable: true,
    title: 'The transaction with this token is still in progress',
    next: 'Send the request again with the same token to learn its outcome.',
  },
  ReplicatedWriteConflictException: {
    status: 409,
    retryable: true,
    title: 'The item is being written in another Region',
    next: 'Send the request again.',
  },
  ResourceInUseException: {
    status: 409,
    retryable: false,
    title: 'The table already exists or is being changed',
    next: 'GET /v1/tables/{table} tells its status.',
  },
  IdempotentParameterMismatchException: {
    status: 409,
    retryable: false,
    title: 'The idempotency token belongs to another transaction',
    next: 'Use a new token for a new transaction.',
  },
  ConditionalCheckFailedException: {
    status: 412,
    retryable: false,
    title: 'Condition check failed',
    next: 'Read the item to decide what to do.',
  },
  PayloadTooLarge: { status: 413, retryable: false, title: 'Request body too large' },
  UnsupportedMediaType: { status: 415, retryable: false, title: 'Unsupported media type' },
  ExpectationFailed: { status: 417, retryable: false, title: 'Expectation not supported' },
  TooManyRequests: {
    status: 429,
    retryable: true,
    title: 'The caller has exceeded its rate limit',
    next: RETRY_AFTER,
  },
  ProvisionedThroughputExceededException: {
    status: 429,
    retryable: true,
    title: 'Provisioned throughput of the table exceeded',
    next: RETRY_AFTER,
  },
  ThrottlingException: {
    status: 429,
    retryable: true,
    title: 'DynamoDB throttled the request',
    next: RETRY_AFTER,
  },
  RequestLimitExceeded: {
    status: 429,
    retryable: true,
    title: 'Throughput of the AWS account exceeded',
    next: RETRY_AFTER,
  },
  LimitExceededException: {
    status: 429,
    retryable: true,
    title: 'Too many table operations at the same time',
    next: RETRY_AFTER,
  },
  HeadersTooLarge: { status: 431, retryable: false, title: 'Request headers too large' },
  InternalError: {
    status: 500,
    retryable: false,
    title: 'Internal error',
    next: 'Report it to the operator of the service, with the requestId.',
  },
  UpstreamError: { status: 502, retryable: false, title: 'DynamoDB could not be used' },
  ServiceUnavailable: {
    status: 503,
    retryable: true,
    title: 'The service or DynamoDB is unavailable',
    next: RETRY_AFTER,
  },
  BatchIncomplete: { status: 503, retryable: true, title: 'The batch is incomplete' },
  UpstreamTimeout: {
    status: 504,
    retryable: true,
    title: 'DynamoDB did not respond in time',
    next: RETRY_AFTER,
  },
} as const satisfies Readonly<Record<string, CodeRow>>

export type Code = keyof typeof CODES

/** The row of a code, with its optional members. */
export function rowOf(code: Code): CodeRow {
  return CODES[code]
}
