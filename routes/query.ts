import { query as schema } from '../schemas/query.js'
import { operation } from '../src/operations/operation.js'

export const query = operation({ path: '/v1/tables/:table/query', schema, name: 'Query' })
