import * as Type from 'typebox'
import { PageAnswer } from './parts/answers.js'
import { readOptions } from './parts/expressions.js'
import { Closed, Int32 } from './parts/building-blocks.js'
import { ItemLines } from './parts/lines.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const scan = {
  operationId: 'scan',
  summary: 'Scan a table or an index',
  description:
    'Scan: every item, a page at a time. `segment` of `totalSegments` reads a part, so that several callers ' +
    'can share the work.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      ...readOptions,
      segment: Type.Optional(Int32({ minimum: 0, description: 'Which part to read, from 0.' })),
      totalSegments: Type.Optional(Int32({ minimum: 1, description: 'How many parts there are.' })),
    },
    {
      examples: [
        {
          filterExpression: 'amount > :least',
          expressionAttributeValues: { ':least': 100 },
          projectionExpression: 'customer, placed',
        },
      ],
    },
  ),
  response: {
    200: {
      ...PageAnswer,
      examples: [
        {
          items: [
            { customer: 'grace', placed: '2026-11-07' },
            { customer: 'ada', placed: '2026-11-02' },
          ],
          count: 2,
          scannedCount: 3,
        },
      ],
    },
  },
  responseLines: ItemLines,
  errors: ['ResourceNotFoundException'],
}
