/** Every error, as `application/problem+json` (RFC 9457). */
import * as Type from 'typebox'
import { FoundItems, RequestedKeys, RequestedWrites } from './batch.js'
import { consumedCapacities, itemCollectionMetricsByTable } from './parts/answers.js'
import { Item, OneOf } from './parts/building-blocks.js'
import { CODES } from './parts/codes.js'
import { StatementResponses } from './statements.js'

const itemOfCondition = Type.Optional(
  Item('The item that failed the condition check, if the request asked for it.'),
)

/** The members of a problem that come from DynamoDB's answers, in the representation of the caller. */
export const ProblemMembers = Type.Object({
  item: itemOfCondition,
  cancellationReasons: Type.Optional(
    Type.Array(
      Type.Object(
        {
          code: Type.String({ description: '`None` for an entry that was not a reason.' }),
          message: Type.Optional(Type.String()),
          item: itemOfCondition,
        },
        { title: 'CancellationReason' },
      ),
      { description: 'One for each entry of the transaction, in the same order.' },
    ),
  ),
  throttlingReasons: Type.Optional(
    Type.Array(
      Type.Object(
        {
          reason: Type.Optional(
            Type.String({
              description: 'What is throttled, which operation, and which limit.',
              examples: ['TableWriteProvisionedThroughputExceeded'],
            }),
          ),
          resource: Type.Optional(
            Type.String({ description: 'The table or the index.', examples: ['table/Orders'] }),
          ),
        },
        { title: 'ThrottlingReason' },
      ),
      { description: 'Why DynamoDB throttled the request, if it says so.' },
    ),
  ),
  line: Type.Optional(
    Type.Integer({
      description:
        'The line at which an import stopped: it is invalid, or the first that is not confirmed as written. All ' +
        'lines before it are written or listed in `unprocessedItems`. Continue from this line.',
    }),
  ),
  written: Type.Optional(
    Type.Integer({
      description:
        'The number of lines that an import wrote before it stopped, possibly including some after `line`.',
    }),
  ),
  deleted: Type.Optional(
    Type.Integer({ description: 'The number of items that were deleted before the deleting stopped.' }),
  ),
  nextPageToken: Type.Optional(
    Type.String({
      description:
        'Where to go on deleting: behind all items that were deleted or are listed in `unprocessedItems`.',
    }),
  ),
  unprocessedItems: Type.Optional(RequestedWrites),
  unprocessedKeys: Type.Optional(RequestedKeys),
  responses: Type.Optional(FoundItems),
  statementResponses: Type.Optional(StatementResponses),
  consumedCapacity: consumedCapacities,
  itemCollectionMetrics: itemCollectionMetricsByTable,
})

export const Problem = Type.Object(
  {
    type: Type.String({
      description:
        'The URL of the page about the code (RFC 9457, section 3.1.1). Without `PROBLEM_BASE_URL` it is a path of this ' +
        'service, to be resolved against the URL of the request.',
    }),
    title: Type.String({ description: 'The meaning of the code.' }),
    status: Type.Integer({ description: 'The HTTP status of the answer.' }),
    detail: Type.String({
      description:
        'What happened this time, in DynamoDB’s own words if it gave a message, and what to do next.',
    }),
    instance: Type.String({ description: 'The path of the request.' }),
    code: OneOf(Object.keys(CODES), { title: 'ProblemCode', description: 'The error code, for programs.' }),
    requestId: Type.String({
      description: 'The same id as in `x-request-id` and in each log line about the request.',
    }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    maybeApplied: Type.Boolean({
      description: 'Whether the write, or a part of the batch, may have been applied despite the error.',
    }),
    dynamodbRequestId: Type.Optional(Type.String({ description: 'DynamoDB’s request id, for AWS Support.' })),
    attempts: Type.Optional(Type.Integer({ description: 'The number of attempts to call DynamoDB.' })),
    ...ProblemMembers.properties,
    consumedCapacity: Type.Optional(
      Type.Unknown({
        description: 'The capacity that was consumed despite the error, if the request asked for it.',
      }),
    ),
  },
  {
    title: 'Problem',
    description:
      'An error (RFC 9457). Items, keys and unprocessed entries in it have the representation that was requested for the ' +
      'answer.',
  },
)
