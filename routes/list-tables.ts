import { listTables as schema } from '../schemas/list-tables.js'
import { operation } from '../src/operations/operation.js'

export const listTables = operation({
  method: 'GET',
  path: '/v1/tables',
  schema,
  name: 'ListTables',
  members: ({ query: { limit, exclusiveStartTableName } }) => ({
    ...(limit !== undefined && { Limit: Number(limit) }),
    ...(exclusiveStartTableName !== undefined && { ExclusiveStartTableName: exclusiveStartTableName }),
  }),
})
