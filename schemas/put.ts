import * as Type from 'typebox'
import { WriteAnswer } from './answer.js'
import { writeOptions } from './expression.js'
import { Closed, Item, OneOf } from './item.js'
import { NoQuery, TablePath } from './table-path.js'

export const put = {
  operationId: 'putItem',
  summary: 'Put an item',
  description: 'PutItem: creates the item, or replaces the one with the same key as a whole.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed({
    item: Item('The item, with its key.'),
    ...writeOptions,
    returnValues: Type.Optional(OneOf(['NONE', 'ALL_OLD'])),
  }),
  response: { 200: WriteAnswer },
}
