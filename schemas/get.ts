import * as Type from 'typebox'
import { consumedCapacity } from './parts/answers.js'
import {
  consistentRead,
  expressionAttributeNames,
  projectionExpression,
  returnConsumedCapacity,
} from './parts/expressions.js'
import { Closed, Item } from './parts/building-blocks.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const get = {
  operationId: 'getItem',
  summary: 'Get an item',
  description: 'GetItem: reads one item by its key. 404 with the code `ItemNotFound` if there is none.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      key: Item('The key of the item.'),
      consistentRead,
      projectionExpression,
      expressionAttributeNames,
      returnConsumedCapacity,
    },
    { examples: [{ key: { customer: 'ada', placed: '2026-11-02' }, consistentRead: true }] },
  ),
  response: {
    200: Type.Object(
      { item: Item('The item.'), consumedCapacity },
      {
        examples: [
          {
            item: {
              customer: 'ada',
              placed: '2026-11-02',
              status: 'shipped',
              amount: 129.95,
              tags: { $stringSet: ['books', 'maps'] },
            },
          },
        ],
      },
    ),
  },
  errors: ['ResourceNotFoundException', 'ItemNotFound'],
}
