import { WriteAnswer } from './parts/answers.js'
import { writeErrors } from './parts/errors.js'
import { returnOldValues, writeOptions } from './parts/expressions.js'
import { Closed, Item } from './parts/building-blocks.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const deleteItem = {
  operationId: 'deleteItem',
  summary: 'Delete an item',
  description: 'DeleteItem: deletes one item. That there was none is no error.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      key: Item('The key of the item.'),
      ...writeOptions,
      returnValues: returnOldValues,
    },
    {
      examples: [
        {
          key: { customer: 'ada', placed: '2026-11-15' },
          conditionExpression: '#s = :open',
          expressionAttributeNames: { '#s': 'status' },
          expressionAttributeValues: { ':open': 'open' },
          returnValues: 'ALL_OLD',
        },
      ],
    },
  ),
  response: {
    200: {
      ...WriteAnswer,
      examples: [
        {
          attributes: {
            customer: 'ada',
            placed: '2026-11-15',
            status: 'open',
            amount: 18,
            tags: { $stringSet: ['books'] },
          },
        },
      ],
    },
  },
  errors: [...writeErrors, 'ConditionalCheckFailedException'],
}
