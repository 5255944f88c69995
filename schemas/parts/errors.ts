/**
 * The error codes that answers can have, for `openapi.yaml`. A route's schema lists its own in `errors`; the others
 * follow from what the route does.
 */
import type { Code } from './codes.js'

/** Of any request. */
export const anyErrors: readonly Code[] = [
  'InvalidRequest',
  'Forbidden',
  'ExpectationFailed',
  'HeadersTooLarge',
  'InternalError',
  'ServiceUnavailable',
]

/** Of a request with a body. */
export const bodyErrors: readonly Code[] = ['RequestTimeout', 'PayloadTooLarge', 'UnsupportedMediaType']

/** Of any request to the API, where access is controlled. */
export const accessErrors: readonly Code[] = ['Unauthenticated', 'TooManyRequests']

/** Of any call of DynamoDB. */
export const callErrors: readonly Code[] = [
  'ValidationException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'UpstreamError',
  'UpstreamTimeout',
]

/** Of a request whose answer has a body in one of the two representations. */
export const representationErrors: readonly Code[] = ['NotAcceptable']

/** Of writing to a table. */
export const writeErrors: readonly Code[] = [
  'ItemCollectionSizeLimitExceededException',
  'ResourceNotFoundException',
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
]

/** Of a write with an `Idempotency-Key`. */
export const idempotencyErrors: readonly Code[] = [
  'TransactionInProgressException',
  'IdempotentParameterMismatchException',
]

/** Of creating and deleting a table. */
export const tableErrors: readonly Code[] = [
  'MethodNotAllowed',
  'ResourceInUseException',
  'LimitExceededException',
]
