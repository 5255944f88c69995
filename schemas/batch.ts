/** Many entries in one request. */
import * as Type from 'typebox'
import { consumedCapacities, WritesAnswer } from './parts/answers.js'
import { Closed, ExactlyOne, Item, MapOf } from './parts/building-blocks.js'
import { writeErrors } from './parts/errors.js'
import {
  consistentRead,
  expressionAttributeNames,
  projectionExpression,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
} from './parts/expressions.js'
import { NoQuery } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

export const RequestedKeys = MapOf(
  Closed(
    {
      keys: Type.Array(Item('A key.'), { minItems: 1 }),
      consistentRead,
      projectionExpression,
      expressionAttributeNames,
    },
    { title: 'KeysAndAttributes', description: 'The keys to get from a table, and which attributes.' },
  ),
  {
    title: 'RequestedKeys',
    minProperties: 1,
    maxProperties: 100,
    description: 'The keys to get by table name, at most `MAX_BATCH_ENTRIES` together (10,000 by default).',
  },
)

export const FoundItems = MapOf(Type.Array(Item('An item.')), {
  title: 'FoundItems',
  description: 'The items that were found by table name, in no particular order.',
})

export const batchGet = {
  operationId: 'batchGetItem',
  summary: 'Get many items',
  description:
    'BatchGetItem for up to `MAX_BATCH_ENTRIES` keys. They are sent in requests of 100, and unprocessed keys are sent again. ' +
    'The answer has no entry for a key without an item.',
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
} satisfies RouteSchema

export const RequestedWrites = MapOf(
  Type.Array(
    ExactlyOne(
      {
        putRequest: Closed({ item: Item('The item, with its key.') }, { title: 'PutRequest' }),
        deleteRequest: Closed({ key: Item('The key of the item.') }, { title: 'DeleteRequest' }),
      },
      { title: 'WriteRequest', description: 'One write.' },
    ),
    { minItems: 1 },
  ),
  {
    title: 'RequestedWrites',
    minProperties: 1,
    maxProperties: 100,
    description:
      'The writes by table name, at most `MAX_BATCH_ENTRIES` together (10,000 by default) and one for each key.',
  },
)

export const batchWrite = {
  operationId: 'batchWriteItem',
  summary: 'Put and delete many items',
  description:
    'BatchWriteItem for up to `MAX_BATCH_ENTRIES` writes. They are sent in requests of 25, and unprocessed entries are sent ' +
    'again. The writes are independent of each other. Two writes to the same key are refused; to find them among more than 25 ' +
    'writes, the service needs the permission `dynamodb:DescribeTable`.',
  tags: ['Batches'],
  querystring: NoQuery,
  body: Closed(
    { requestItems: RequestedWrites, returnConsumedCapacity, returnItemCollectionMetrics },
    {
      examples: [
        {
          requestItems: {
            Orders: [
              {
                putRequest: { item: { customer: 'eve', placed: '2026-11-22', status: 'open', amount: 12.5 } },
              },
              { deleteRequest: { key: { customer: 'ada', placed: '2026-11-02' } } },
            ],
          },
        },
      ],
    },
  ),
  response: { 200: { ...WritesAnswer, examples: [{}] } },
  errors: [...writeErrors, 'BatchIncomplete'],
} satisfies RouteSchema
