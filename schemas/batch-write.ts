import * as Type from 'typebox'
import { consumedCapacities, itemCollectionMetricsByTable } from './answer.js'
import { returnConsumedCapacity, returnItemCollectionMetrics } from './expression.js'
import { Closed, ExactlyOne, Item, MapOf } from './item.js'
import { NoQuery } from './table-path.js'

export const RequestedWrites = MapOf(
  Type.Array(
    ExactlyOne(
      {
        putRequest: Closed({ item: Item('The item, with its key.') }),
        deleteRequest: Closed({ key: Item('The key of the item.') }),
      },
      'One write.',
    ),
    { minItems: 1 },
  ),
  { minProperties: 1, description: 'By table: the writes, any number of them, at most one to each key.' },
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
  body: Closed({ requestItems: RequestedWrites, returnConsumedCapacity, returnItemCollectionMetrics }),
  response: {
    200: Type.Object({
      consumedCapacity: consumedCapacities,
      itemCollectionMetrics: itemCollectionMetricsByTable,
    }),
  },
}
