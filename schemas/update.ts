import * as Type from 'typebox'
import { WriteAnswer } from './parts/answers.js'
import { writeErrors } from './parts/errors.js'
import { writeOptions } from './parts/expressions.js'
import { Closed, Item, OneOf } from './parts/building-blocks.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const update = {
  operationId: 'updateItem',
  summary: 'Update an item',
  description: 'UpdateItem: changes attributes of one item; creates it where there is none.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      key: Item('The key of the item.'),
      updateExpression: Type.Optional(
        Type.String({
          description: 'What to SET, REMOVE, ADD and DELETE.',
          examples: ['SET age = age + :one'],
        }),
      ),
      ...writeOptions,
      returnValues: Type.Optional(
        OneOf(['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'], {
          title: 'ReturnValues',
          description: 'What of the item comes with the answer: as it was, or as it is.',
        }),
      ),
    },
    {
      examples: [
        {
          key: { customer: 'ada', placed: '2026-11-15' },
          updateExpression: 'SET #s = :shipped ADD tags :more',
          conditionExpression: '#s = :open',
          expressionAttributeNames: { '#s': 'status' },
          expressionAttributeValues: {
            ':shipped': 'shipped',
            ':open': 'open',
            ':more': { $stringSet: ['gift'] },
          },
          returnValues: 'UPDATED_NEW',
        },
      ],
    },
  ),
  response: {
    200: {
      ...WriteAnswer,
      examples: [{ attributes: { status: 'shipped', tags: { $stringSet: ['books', 'gift'] } } }],
    },
  },
  errors: [...writeErrors, 'ConditionalCheckFailedException'],
}
