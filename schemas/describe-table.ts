import * as Type from 'typebox'
import { Description } from './item.js'
import { NoQuery, TablePath } from './table-path.js'

export const describeTable = {
  operationId: 'describeTable',
  summary: 'Describe a table',
  description:
    'DescribeTable: keys, indexes, status and settings, in the lower camel case of DynamoDB’s own fields.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  response: { 200: Type.Object({ table: Description('DynamoDB’s TableDescription.') }) },
}
