import * as Type from 'typebox'
import { WritesAnswer } from './parts/answers.js'
import { writeErrors } from './parts/errors.js'
import { returnConsumedCapacity, returnItemCollectionMetrics } from './parts/expressions.js'
import { Closed, ExactlyOne, Item, MapOf } from './parts/building-blocks.js'
import { NoQuery } from './parts/paths.js'

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
    description: 'By table: the writes, any number of them, at most one to each key.',
  },
)

export const batchWrite = {
  operationId: 'batchWriteItem',
  summary: 'Put and delete many items',
  description:
    'BatchWriteItem, for any number of writes: they are sent in requests of 25, and what DynamoDB leaves ' +
    'unprocessed is sent again. The writes are independent of each other. More than 25 of them need the ' +
    'permission `dynamodb:DescribeTable`, to find two writes to one key, which are refused.',
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
}
