import * as Type from 'typebox'
import { PageAnswer } from './answer.js'
import { readOptions } from './expression.js'
import { Closed, Int32 } from './item.js'
import { ItemLines } from './lines.js'
import { NoQuery, TablePath } from './table-path.js'

export const scan = {
  operationId: 'scan',
  summary: 'Scan a table or an index',
  description:
    'Scan: every item, a page at a time. `segment` of `totalSegments` reads a part, so that several callers ' +
    'can share the work.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed({
    ...readOptions,
    segment: Type.Optional(Int32({ minimum: 0 })),
    totalSegments: Type.Optional(Int32({ minimum: 1 })),
  }),
  response: { 200: PageAnswer },
  responseLines: ItemLines,
}
