import * as Type from 'typebox'
import { consumedCapacities } from './parts/answers.js'
import {
  expressionAttributeNames,
  projectionExpression,
  returnConsumedCapacity,
} from './parts/expressions.js'
import { Closed, Item } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'

export const transactGet = {
  operationId: 'transactGetItems',
  summary: 'Get items in one transaction',
  description:
    'TransactGetItems: reads items as they are at one moment. One entry of the answer for each of the request.',
  tags: ['Transactions'],
  querystring: NoQuery,
  body: Closed(
    {
      transactItems: Type.Array(
        Closed(
          {
            get: Closed(
              {
                tableName: Type.String(),
                key: Item('The key of the item.'),
                projectionExpression,
                expressionAttributeNames,
              },
              { title: 'Get' },
            ),
          },
          { title: 'TransactGetItem' },
        ),
        { minItems: 1 },
      ),
      returnConsumedCapacity,
    },
    {
      examples: [
        {
          transactItems: [
            {
              get: {
                tableName: 'Orders',
                key: { customer: 'ada', placed: '2026-11-02' },
                projectionExpression: 'amount',
              },
            },
            { get: { tableName: 'Orders', key: { customer: 'nobody', placed: '2026-11-02' } } },
          ],
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      {
        responses: Type.Array(
          Type.Object(
            { item: Type.Optional(Item('The item; absent if there is none.')) },
            { title: 'ItemResponse', description: 'What was found of one entry.' },
          ),
        ),
        consumedCapacity: consumedCapacities,
      },
      { examples: [{ responses: [{ item: { amount: 129.95 } }, {}] }] },
    ),
  },
  errors: ['ResourceNotFoundException', 'TransactionCanceledException'],
}
