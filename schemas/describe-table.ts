import * as Type from 'typebox'
import { TableDescription } from './parts/table-description.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const describeTable = {
  operationId: 'describeTable',
  summary: 'Describe a table',
  description:
    'DescribeTable: keys, indexes, status and settings, in the lower camel case of DynamoDB’s own fields.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  response: {
    200: Type.Object(
      { table: TableDescription },
      {
        examples: [
          {
            table: {
              tableName: 'Orders',
              tableStatus: 'ACTIVE',
              itemCount: 3,
              keySchema: [
                { attributeName: 'customer', keyType: 'HASH' },
                { attributeName: 'placed', keyType: 'RANGE' },
              ],
            },
          },
        ],
      },
    ),
  },
  errors: ['ResourceNotFoundException'],
}
