import { tableErrors } from './parts/errors.js'
import { TableAnswer } from './parts/table-description.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const deleteTable = {
  operationId: 'deleteTable',
  summary: 'Delete a table',
  description: 'DeleteTable: deletes the table with all its items. Only with `TABLE_ADMIN=true`, else 404.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  response: {
    200: {
      ...TableAnswer,
      examples: [{ tableDescription: { tableName: 'Orders', tableStatus: 'ACTIVE', itemCount: 3 } }],
    },
  },
  errors: ['ResourceNotFoundException', ...tableErrors],
}
