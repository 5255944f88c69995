import * as Type from 'typebox'
import { Description, OneOf } from './building-blocks.js'

export const KeyType = OneOf(['HASH', 'RANGE'], {
  title: 'KeyType',
  description: 'Partition key or sort key.',
})

export const ScalarAttributeType = OneOf(['S', 'N', 'B'], { title: 'ScalarAttributeType' })

/** A table as DynamoDB describes it. */
export const TableDescription = Description(
  {
    tableName: Type.Optional(Type.String()),
    tableStatus: Type.Optional(Type.String({ description: 'Such as `CREATING` and `ACTIVE`.' })),
    itemCount: Type.Optional(Type.Integer({ description: 'As of some hours ago.' })),
    tableSizeBytes: Type.Optional(Type.Integer()),
    tableArn: Type.Optional(Type.String()),
  },
  {
    title: 'TableDescription',
    description:
      'DynamoDB’s TableDescription, with all its fields in lower camel case. Those that are listed here are some of them.',
  },
)

/** The answer of what changes a table. */
export const TableAnswer = Type.Object({ tableDescription: TableDescription }, { title: 'TableAnswer' })
