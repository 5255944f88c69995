/** The parameters that many operations share, under DynamoDB's own names. */
import * as Type from 'typebox'
import { Expression, Int32, Item, MapOf, OneOf } from './building-blocks.js'

export const expressionAttributeNames = Type.Optional(
  MapOf(Type.String(), {
    title: 'ExpressionAttributeNames',
    // More than three expressions of 4 KB can mention.
    maxProperties: 4000,
    description: 'The attribute names that placeholders in the expressions stand for.',
    examples: [{ '#s': 'status' }],
  }),
)

export const expressionAttributeValues = Type.Optional(
  Item('The values that placeholders in the expressions stand for, such as `":limit"`.'),
)

export const conditionExpression = Expression({
  description:
    'The write is applied only if the current item meets this condition; otherwise the answer is 412.',
})

export const filterExpression = Type.Optional(
  Expression({ description: 'Applied after the items are read and before they are returned.' }),
)

export const projectionExpression = Type.Optional(
  Expression({ description: 'The attributes to return, separated by commas. All attributes by default.' }),
)

export const consistentRead = Type.Optional(
  Type.Boolean({ description: '`true` for a strongly consistent read.' }),
)

export const returnValuesOnConditionCheckFailure = Type.Optional(
  OneOf(['ALL_OLD', 'NONE'], {
    title: 'ReturnValuesOnConditionCheckFailure',
    description: 'Whether the error contains the item when the condition check failed.',
  }),
)

export const returnConsumedCapacity = Type.Optional(
  OneOf(['INDEXES', 'TOTAL', 'NONE'], {
    title: 'ReturnConsumedCapacity',
    description: 'Whether the answer contains the consumed capacity, in total or also by index.',
  }),
)

export const returnItemCollectionMetrics = Type.Optional(
  OneOf(['SIZE', 'NONE'], {
    title: 'ReturnItemCollectionMetrics',
    description:
      'Whether the answer contains the size of the item collection, in tables with local secondary indexes.',
  }),
)

/** `returnValues` of put and delete. */
export const returnOldValues = Type.Optional(
  OneOf(['NONE', 'ALL_OLD'], {
    title: 'ReturnOldValues',
    description: 'Whether the answer contains the item as it was before the write.',
  }),
)

/** Of transactions. */
export const clientRequestToken = Type.Optional(
  Type.String({ maxLength: 36, description: 'At most 36 characters.' }),
)

/** The options that put, update and delete share. */
export const writeOptions = {
  conditionExpression: Type.Optional(conditionExpression),
  expressionAttributeNames,
  expressionAttributeValues,
  returnValuesOnConditionCheckFailure,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
}

/** Where a read goes on. */
export const pageToken = Type.Optional(
  Type.String({
    minLength: 1,
    description:
      'The `nextPageToken` of the page before, unchanged. It belongs to the table, the index, the key condition with its values, ' +
      'and the segment; filter, projection and limit may change.',
  }),
)

/** What a Query or a Scan reads. */
export const readParameters = {
  filterExpression,
  projectionExpression,
  expressionAttributeNames,
  expressionAttributeValues,
  indexName: Type.Optional(Type.String({ description: 'The secondary index to read instead of the table.' })),
  select: Type.Optional(
    OneOf(['ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'SPECIFIC_ATTRIBUTES', 'COUNT'], {
      title: 'Select',
      description: 'Which attributes to return, or `COUNT` for the number of items only.',
    }),
  ),
  consistentRead,
  limit: Type.Optional(
    Int32({ minimum: 1, description: 'The maximum number of items to read, before the filter.' }),
  ),
  exclusiveStartKey: Type.Optional(Item('The `lastEvaluatedKey` of the page before, unchanged.')),
  pageToken,
}

/** The options that query and scan share. */
export const readOptions = {
  ...readParameters,
  itemLimit: Type.Optional(
    Int32({
      minimum: 1,
      description:
        'The number of items to return, after the filter: the service reads on, page by page, until it has them, the data ' +
        'end, half of `REQUEST_TIMEOUT_MS` is used up, or the items have 4 MiB. The answer ends right behind the last item ' +
        'returned. Counts and capacity are sums. Needs the permission `dynamodb:DescribeTable`.',
    }),
  ),
  returnConsumedCapacity,
}

/** The segment of a Scan. */
export const segmentOptions = {
  segment: Type.Optional(Int32({ minimum: 0, description: 'The segment to read, counted from 0.' })),
  totalSegments: Type.Optional(Int32({ minimum: 1, description: 'The number of segments.' })),
}

/** The order of a Query. */
export const scanIndexForward = Type.Optional(Type.Boolean({ description: '`false` for descending order.' }))
