import { describeTable as schema } from '../schemas/describe-table.js'
import { operation } from '../src/operations/operation.js'

export const describeTable = operation({
  method: 'GET',
  path: '/v1/tables/:table',
  schema,
  name: 'DescribeTable',
})
