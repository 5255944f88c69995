import { describeTable as schema } from '../schemas/describe-table.js'
import { operation, send } from './operation.js'

export const describeTable = operation({
  method: 'GET',
  path: '/v1/tables/:table',
  schema,
  call: send('DescribeTable'),
})
