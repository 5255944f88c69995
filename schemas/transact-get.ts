import * as Type from 'typebox'
import { consumedCapacities } from './answer.js'
import { expressionAttributeNames, projectionExpression, returnConsumedCapacity } from './expression.js'
import { Closed, Item } from './item.js'
import { NoQuery } from './table-path.js'

export const transactGet = {
  operationId: 'transactGetItems',
  summary: 'Get items in one transaction',
  description:
    'TransactGetItems: reads items as they are at one moment. One entry of the answer for each of the request.',
  tags: ['Transactions'],
  querystring: NoQuery,
  body: Closed({
    transactItems: Type.Array(
      Closed({
        get: Closed({
          tableName: Type.String(),
          key: Item('The key of the item.'),
          projectionExpression,
          expressionAttributeNames,
        }),
      }),
      { minItems: 1 },
    ),
    returnConsumedCapacity,
  }),
  response: {
    200: Type.Object({
      responses: Type.Array(Type.Object({ item: Type.Optional(Item('The item; absent if there is none.')) })),
      consumedCapacity: consumedCapacities,
    }),
  },
}
