import * as Type from 'typebox'
import { PageAnswer } from './parts/answers.js'
import { readOptions } from './parts/expressions.js'
import { Closed } from './parts/building-blocks.js'
import { ItemLines } from './parts/lines.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const query = {
  operationId: 'query',
  summary: 'Query a table or an index',
  description: 'Query: the items with one partition key, in the order of the sort key, a page at a time.',
  tags: ['Items'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      keyConditionExpression: Type.String({
        description: 'Which partition, and which part of it.',
        examples: ['customer = :c AND begins_with(placed, :year)'],
      }),
      ...readOptions,
      scanIndexForward: Type.Optional(Type.Boolean({ description: 'False for descending order.' })),
    },
    {
      examples: [
        {
          keyConditionExpression: 'customer = :c AND begins_with(placed, :year)',
          expressionAttributeValues: { ':c': 'ada', ':year': '2026' },
          projectionExpression: 'placed, amount',
          scanIndexForward: false,
          limit: 1,
        },
      ],
    },
  ),
  response: {
    200: {
      ...PageAnswer,
      examples: [
        {
          items: [{ placed: '2026-11-15', amount: 18 }],
          count: 1,
          scannedCount: 1,
          lastEvaluatedKey: { customer: 'ada', placed: '2026-11-15' },
        },
      ],
    },
  },
  responseLines: ItemLines,
  errors: ['ResourceNotFoundException'],
}
