import * as Type from 'typebox'
import { Closed } from './parts/building-blocks.js'

export const listTables = {
  operationId: 'listTables',
  summary: 'List the tables',
  description: 'ListTables: the names of the tables, a page at a time.',
  tags: ['Tables'],
  querystring: Closed({
    limit: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'At most so many names.' }),
    ),
    exclusiveStartTableName: Type.Optional(
      Type.String({ description: 'The `lastEvaluatedTableName` of the page before.' }),
    ),
  }),
  response: {
    200: Type.Object(
      {
        tableNames: Type.Array(Type.String()),
        lastEvaluatedTableName: Type.Optional(
          Type.String({ description: 'There is more: send this as `exclusiveStartTableName` to go on.' }),
        ),
      },
      { examples: [{ tableNames: ['Orders'] }] },
    ),
  },
}
