import * as Type from 'typebox'
import { PageAnswer } from './answer.js'
import { readOptions } from './expression.js'
import { Closed } from './item.js'
import { ItemLines } from './lines.js'
import { NoQuery, TablePath } from './table-path.js'

export const query = {
  operationId: 'query',
  summary: 'Query a table or an index',
  description: 'Query: the items with one partition key, in the order of the sort key, a page at a time.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed({
    keyConditionExpression: Type.String({ examples: ['customer = :c AND begins_with(placed, :year)'] }),
    ...readOptions,
    scanIndexForward: Type.Optional(Type.Boolean({ description: 'False for descending order.' })),
  }),
  response: { 200: PageAnswer },
  responseLines: ItemLines,
}
