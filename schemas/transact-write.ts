import * as Type from 'typebox'
import { consumedCapacities, itemCollectionMetricsByTable } from './answer.js'
import {
  conditionExpression,
  expressionAttributeNames,
  expressionAttributeValues,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValuesOnConditionCheckFailure,
} from './expression.js'
import { Closed, ExactlyOne, Item } from './item.js'
import { NoQuery } from './table-path.js'

const options = {
  tableName: Type.String(),
  expressionAttributeNames,
  expressionAttributeValues,
  returnValuesOnConditionCheckFailure,
}
const key = Item('The key of the item.')

export const transactWrite = {
  operationId: 'transactWriteItems',
  summary: 'Write items in one transaction',
  description:
    'TransactWriteItems: all of it is done, or nothing. A transaction that was sent again with the same ' +
    '`clientRequestToken` within ten minutes is applied once. The service makes a token for each call that ' +
    'brings none, so that its own retries are safe.',
  tags: ['Transactions'],
  querystring: NoQuery,
  headers: Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({ description: 'Another way to send the `clientRequestToken`.' }),
    ),
  }),
  body: Closed({
    transactItems: Type.Array(
      ExactlyOne(
        {
          put: Closed({
            item: Item('The item, with its key.'),
            ...options,
            conditionExpression: Type.Optional(conditionExpression),
          }),
          update: Closed({
            key,
            ...options,
            updateExpression: Type.String(),
            conditionExpression: Type.Optional(conditionExpression),
          }),
          delete: Closed({
            key,
            ...options,
            conditionExpression: Type.Optional(conditionExpression),
          }),
          conditionCheck: Closed({ key, ...options, conditionExpression }),
        },
        'One write, or one condition on an item that is not written.',
      ),
      { minItems: 1 },
    ),
    clientRequestToken: Type.Optional(Type.String({ description: 'At most 36 characters.' })),
    returnConsumedCapacity,
    returnItemCollectionMetrics,
  }),
  response: {
    200: Type.Object({
      consumedCapacity: consumedCapacities,
      itemCollectionMetrics: itemCollectionMetricsByTable,
    }),
  },
}
