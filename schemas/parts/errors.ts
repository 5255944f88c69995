/**
 * The codes that answers can have, for `openapi.yaml`; `problem.ts` says what each means. A route's schema lists in
 * `errors` those that are its own. The others follow from what the route does.
 */
import type { Code } from '../problem.js'

/** Of any request. */
export const anyErrors: readonly Code[] = [
  'InvalidRequest',
  'Forbidden',
  'InternalError',
  'ServiceUnavailable',
]

/** Of a request with a body. */
export const bodyErrors: readonly Code[] = ['PayloadTooLarge', 'UnsupportedMediaType']

/** Of any call of DynamoDB. */
export const callErrors: readonly Code[] = [
  'NotAcceptable',
  'ValidationException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'UpstreamError',
  'UpstreamTimeout',
]

/** Of writing to a table. */
export const writeErrors: readonly Code[] = [
  'ItemCollectionSizeLimitExceededException',
  'ResourceNotFoundException',
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
]

/** Of creating and deleting a table. */
export const tableErrors: readonly Code[] = [
  'RouteNotFound',
  'ResourceInUseException',
  'LimitExceededException',
]
