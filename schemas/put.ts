import { WriteAnswer } from './parts/answers.js'
import { writeErrors } from './parts/errors.js'
import { returnOldValues, writeOptions } from './parts/expressions.js'
import { Closed, Item } from './parts/building-blocks.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const put = {
  operationId: 'putItem',
  summary: 'Put an item',
  description: 'PutItem: creates the item, or replaces the one with the same key as a whole.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      item: Item('The item, with its key.'),
      ...writeOptions,
      returnValues: returnOldValues,
    },
    {
      examples: [
        {
          item: {
            customer: 'eve',
            placed: '2026-11-22',
            status: 'open',
            amount: 12.5,
            tags: { $stringSet: ['music'] },
          },
          conditionExpression: 'attribute_not_exists(customer)',
        },
      ],
    },
  ),
  response: { 200: { ...WriteAnswer, examples: [{}] } },
  errors: [...writeErrors, 'ConditionalCheckFailedException'],
}
