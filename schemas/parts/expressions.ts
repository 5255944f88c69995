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

/** The options that put, update and delete share. */
export const writeOptions = {
  conditionExpression: Type.Optional(conditionExpression),
  expressionAttributeNames,
  expressionAttributeValues,
  returnValuesOnConditionCheckFailure,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
}

/** The options that query and scan share. */
export const readOptions = {
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
  returnConsumedCapacity,
}
