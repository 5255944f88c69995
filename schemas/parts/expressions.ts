/** The parameters that many operations share, under DynamoDB's own names. */
import * as Type from 'typebox'
import { Int32, Item, MapOf, OneOf } from './building-blocks.js'

export const expressionAttributeNames = Type.Optional(
  MapOf(Type.String(), {
    title: 'ExpressionAttributeNames',
    description: 'What the placeholders for names in the expressions stand for.',
    examples: [{ '#s': 'status' }],
  }),
)

export const expressionAttributeValues = Type.Optional(
  Item('What the placeholders for values in the expressions stand for, such as `":limit"`.'),
)

export const conditionExpression = Type.String({
  description: 'The operation is done only if this is true of the item as it stands; otherwise 412.',
})

export const filterExpression = Type.Optional(
  Type.String({ description: 'Applied after the items were read and before they are returned.' }),
)

export const projectionExpression = Type.Optional(
  Type.String({ description: 'The attributes to return, separated by commas; all of them without it.' }),
)

export const consistentRead = Type.Optional(
  Type.Boolean({ description: 'True for a strongly consistent read.' }),
)

export const returnValuesOnConditionCheckFailure = Type.Optional(
  OneOf(['ALL_OLD', 'NONE'], {
    title: 'ReturnValuesOnConditionCheckFailure',
    description: 'Whether the item comes with the error when the condition was false.',
  }),
)

export const returnConsumedCapacity = Type.Optional(
  OneOf(['INDEXES', 'TOTAL', 'NONE'], {
    title: 'ReturnConsumedCapacity',
    description: 'Whether the answer says what was consumed, and of which indexes.',
  }),
)

export const returnItemCollectionMetrics = Type.Optional(
  OneOf(['SIZE', 'NONE'], {
    title: 'ReturnItemCollectionMetrics',
    description: 'Whether the answer says how large the item collection is, in tables with local indexes.',
  }),
)

/** Of put and delete. */
export const returnOldValues = Type.Optional(
  OneOf(['NONE', 'ALL_OLD'], {
    title: 'ReturnOldValues',
    description: 'Whether the item as it was comes with the answer.',
  }),
)

/** What put, update and delete have in common. */
export const writeOptions = {
  conditionExpression: Type.Optional(conditionExpression),
  expressionAttributeNames,
  expressionAttributeValues,
  returnValuesOnConditionCheckFailure,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
}

/** What query and scan have in common. */
export const readOptions = {
  filterExpression,
  projectionExpression,
  expressionAttributeNames,
  expressionAttributeValues,
  indexName: Type.Optional(
    Type.String({ description: 'The secondary index to read, instead of the table.' }),
  ),
  select: Type.Optional(
    OneOf(['ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'SPECIFIC_ATTRIBUTES', 'COUNT'], {
      title: 'Select',
      description: 'What to return: attributes, or how many items there are.',
    }),
  ),
  consistentRead,
  limit: Type.Optional(
    Int32({ minimum: 1, description: 'At most so many items are read, before the filter.' }),
  ),
  exclusiveStartKey: Type.Optional(
    Item('Where to go on: the `lastEvaluatedKey` of the page before, as it stands.'),
  ),
  returnConsumedCapacity,
}
