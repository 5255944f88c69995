import * as Type from 'typebox'
import { consumedCapacities } from './parts/answers.js'
import {
  consistentRead,
  expressionAttributeNames,
  projectionExpression,
  returnConsumedCapacity,
} from './parts/expressions.js'
import { Closed, Item, MapOf } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'

export const RequestedKeys = MapOf(
  Closed(
    {
      keys: Type.Array(Item('A key.'), { minItems: 1 }),
      consistentRead,
      projectionExpression,
      expressionAttributeNames,
    },
    { title: 'KeysAndAttributes', description: 'The keys of a table, and what to get of the items.' },
  ),
  { title: 'RequestedKeys', minProperties: 1, description: 'By table: the keys to get, any number of them.' },
)

export const FoundItems = MapOf(Type.Array(Item('An item.')), {
  title: 'FoundItems',
  description: 'By table: the items that were found, in no particular order.',
})

export const batchGet = {
  operationId: 'batchGetItem',
  summary: 'Get many items',
  description:
    'BatchGetItem, for any number of keys: they are sent in requests of 100, and what DynamoDB leaves ' +
    'unprocessed is sent again. Keys without an item are left out of the answer.',
  tags: ['Batches'],
  querystring: NoQuery,
  body: Closed(
    { requestItems: RequestedKeys, returnConsumedCapacity },
    {
      examples: [
        {
          requestItems: {
            Orders: {
              keys: [
                { customer: 'ada', placed: '2026-11-15' },
                { customer: 'nobody', placed: '2026-11-15' },
              ],
              projectionExpression: 'customer, amount',
            },
          },
        },
      ],
    },
  ),
  response: {
    200: Type.Object(
      { responses: FoundItems, consumedCapacity: consumedCapacities },
      { examples: [{ responses: { Orders: [{ customer: 'ada', amount: 18 }] } }] },
    ),
  },
  errors: ['ResourceNotFoundException', 'BatchIncomplete'],
}
