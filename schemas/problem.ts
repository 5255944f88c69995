import * as Type from 'typebox'
import { consumedCapacities, itemCollectionMetricsByTable } from './parts/answers.js'
import { FoundItems, RequestedKeys } from './batch-get.js'
import { RequestedWrites } from './batch-write.js'
import { Item, OneOf } from './parts/building-blocks.js'

/** Every `code`, with the status it comes with, what it says in general, and whether the same request may succeed later. */
export const CODES = {
  InvalidRequest: { status: 400, retryable: false, title: 'The request is not what this service takes' },
  ValidationException: { status: 400, retryable: false, title: 'DynamoDB finds the request invalid' },
  ItemCollectionSizeLimitExceededException: {
    status: 400,
    retryable: false,
    title: 'The item collection has reached its size limit',
  },
  Forbidden: { status: 403, retryable: false, title: 'The service is not for this web page' },
  ResourceNotFoundException: { status: 404, retryable: false, title: 'There is no such table or index' },
  ItemNotFound: { status: 404, retryable: false, title: 'There is no item with this key' },
  RouteNotFound: { status: 404, retryable: false, title: 'There is no such route' },
  NotAcceptable: { status: 406, retryable: false, title: 'No representation that the caller accepts' },
  TransactionCanceledException: { status: 409, retryable: false, title: 'The transaction was cancelled' },
  TransactionConflictException: {
    status: 409,
    retryable: true,
    title: 'Another transaction is under way on the item',
  },
  TransactionInProgressException: {
    status: 409,
    retryable: true,
    title: 'The transaction with this token is still under way',
  },
  ReplicatedWriteConflictException: {
    status: 409,
    retryable: true,
    title: 'The item is being written in another region',
  },
  ResourceInUseException: { status: 409, retryable: false, title: 'The table exists or is being changed' },
  IdempotentParameterMismatchException: {
    status: 409,
    retryable: false,
    title: 'The token belongs to another transaction',
  },
  ConditionalCheckFailedException: { status: 412, retryable: false, title: 'The condition is false' },
  PayloadTooLarge: { status: 413, retryable: false, title: 'The body is larger than the service takes' },
  UnsupportedMediaType: {
    status: 415,
    retryable: false,
    title: 'The body is of a type the service does not read',
  },
  ProvisionedThroughputExceededException: {
    status: 429,
    retryable: true,
    title: 'The table’s throughput is exceeded',
  },
  ThrottlingException: { status: 429, retryable: true, title: 'DynamoDB throttles the request' },
  RequestLimitExceeded: { status: 429, retryable: true, title: 'The account’s throughput is exceeded' },
  LimitExceededException: { status: 429, retryable: true, title: 'Too many table operations at a time' },
  InternalError: { status: 500, retryable: false, title: 'The service has a fault' },
  UpstreamError: { status: 502, retryable: false, title: 'DynamoDB cannot be used as it is' },
  ServiceUnavailable: { status: 503, retryable: true, title: 'DynamoDB or the service is not available' },
  BatchIncomplete: { status: 503, retryable: true, title: 'A part of the batch is not done' },
  UpstreamTimeout: { status: 504, retryable: true, title: 'The time is up' },
} as const

export type Code = keyof typeof CODES

/** The members of a problem that DynamoDB's answers bring, in the representation of the caller. */
export const ProblemMembers = Type.Object({
  item: Type.Optional(Item('The item that did not meet the condition, where it was asked for.')),
  cancellationReasons: Type.Optional(
    Type.Array(
      Type.Object(
        {
          code: Type.String({ description: '`None` for an entry that was not the reason.' }),
          message: Type.Optional(Type.String()),
          item: Type.Optional(Item('The item that did not meet the condition, where it was asked for.')),
        },
        { title: 'CancellationReason' },
      ),
      { description: 'One for each entry of the transaction, in their order.' },
    ),
  ),
  line: Type.Optional(
    Type.Integer({
      description:
        'Of an import that stopped: the line that is wrong, or the first one that is not known to be written. All ' +
        'lines before it are written or stand in `unprocessedItems`; go on from here.',
    }),
  ),
  written: Type.Optional(
    Type.Integer({
      description:
        'Of an import that stopped: how many lines are written, perhaps some behind `line` among them.',
    }),
  ),
  unprocessedItems: Type.Optional(RequestedWrites),
  unprocessedKeys: Type.Optional(RequestedKeys),
  responses: Type.Optional(FoundItems),
  consumedCapacity: consumedCapacities,
  itemCollectionMetrics: itemCollectionMetricsByTable,
})

/** Every error, as `application/problem+json` (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A URI that identifies the code.' }),
    title: Type.String({ description: 'What the code says in general.' }),
    status: Type.Integer({ description: 'The status of the answer.' }),
    detail: Type.String({ description: 'What happened this time; DynamoDB’s own message where it had one.' }),
    instance: Type.String({ description: 'The path of the request.' }),
    code: OneOf(Object.keys(CODES), { title: 'ProblemCode', description: 'What went wrong, for programs.' }),
    requestId: Type.String({
      description: 'As in `x-request-id`, and in each line that the service logs of it.',
    }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    maybeApplied: Type.Boolean({
      description: 'Whether the write, or a part of the batch, may have been applied all the same.',
    }),
    dynamodbRequestId: Type.Optional(Type.String({ description: 'What DynamoDB’s support asks for.' })),
    attempts: Type.Optional(Type.Integer({ description: 'How often DynamoDB was asked.' })),
    ...ProblemMembers.properties,
    consumedCapacity: Type.Optional(
      Type.Unknown({
        description: 'What was consumed all the same, where it was asked for; as in an answer without error.',
      }),
    ),
  },
  {
    title: 'Problem',
    description:
      'An error (RFC 9457). Items in it, and what is not done of a batch, stand in the representation of the answer that ' +
      'was asked for.',
  },
)
