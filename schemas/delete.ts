import * as Type from 'typebox'
import { WriteAnswer } from './answer.js'
import { writeOptions } from './expression.js'
import { Closed, Item, OneOf } from './item.js'
import { NoQuery, TablePath } from './table-path.js'

export const deleteItem = {
  operationId: 'deleteItem',
  summary: 'Delete an item',
  description: 'DeleteItem: deletes one item. That there was none is no error.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed({
    key: Item('The key of the item.'),
    ...writeOptions,
    returnValues: Type.Optional(OneOf(['NONE', 'ALL_OLD'])),
  }),
  response: { 200: WriteAnswer },
}
