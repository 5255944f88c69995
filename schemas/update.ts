import * as Type from 'typebox'
import { WriteAnswer } from './answer.js'
import { writeOptions } from './expression.js'
import { Closed, Item, OneOf } from './item.js'
import { NoQuery, TablePath } from './table-path.js'

export const update = {
  operationId: 'updateItem',
  summary: 'Update an item',
  description: 'UpdateItem: changes attributes of one item; creates it where there is none.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed({
    key: Item('The key of the item.'),
    updateExpression: Type.Optional(
      Type.String({
        description: 'What to SET, REMOVE, ADD and DELETE.',
        examples: ['SET age = age + :one'],
      }),
    ),
    ...writeOptions,
    returnValues: Type.Optional(OneOf(['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'])),
  }),
  response: { 200: WriteAnswer },
}
