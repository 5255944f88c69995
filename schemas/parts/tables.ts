/** The parts of tables: keys, indexes, capacity and settings, as DynamoDB has them. */
import * as Type from 'typebox'
import { Closed, Description, OneOf } from './building-blocks.js'

export const KeyType = OneOf(['HASH', 'RANGE'], {
  title: 'KeyType',
  description: '`HASH` for the partition key, `RANGE` for the sort key.',
})

export const ScalarAttributeType = OneOf(['S', 'N', 'B'], { title: 'ScalarAttributeType' })

/** A table as DynamoDB describes it. */
export const TableDescription = Description(
  {
    tableName: Type.Optional(Type.String()),
    tableStatus: Type.Optional(Type.String({ description: 'For example `CREATING` or `ACTIVE`.' })),
    itemCount: Type.Optional(Type.Integer({ description: 'Updated by DynamoDB about every six hours.' })),
    tableSizeBytes: Type.Optional(Type.Integer()),
    tableArn: Type.Optional(Type.String()),
  },
  {
    title: 'TableDescription',
    description:
      'DynamoDB’s TableDescription, with all its fields in lower camel case. Only some of them are listed here.',
  },
)

/** The answer of operations that change a table. */
export const TableAnswer = Type.Object({ tableDescription: TableDescription }, { title: 'TableAnswer' })

// DynamoDB has 64 bits for these; most JSON readers have 53.
const Units = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
/** More than DynamoDB takes of anything in a table. The exact limits are its own. */
export const FEW = { maxItems: 500 }
export const keySchema = Type.Array(
  Closed({ attributeName: Type.String(), keyType: KeyType }, { title: 'KeySchemaElement' }),
  FEW,
)
export const provisionedThroughput = Type.Optional(
  Closed({ readCapacityUnits: Units, writeCapacityUnits: Units }, { title: 'ProvisionedThroughput' }),
)
export const onDemandThroughput = Type.Optional(
  Closed(
    {
      maxReadRequestUnits: Type.Optional(Type.Integer()),
      maxWriteRequestUnits: Type.Optional(Type.Integer()),
    },
    { title: 'OnDemandThroughput', description: '-1 removes the limit.' },
  ),
)
export const warmThroughput = Type.Optional(
  Closed(
    { readUnitsPerSecond: Type.Optional(Units), writeUnitsPerSecond: Type.Optional(Units) },
    { title: 'WarmThroughput' },
  ),
)
export const index = {
  indexName: Type.String(),
  keySchema,
  projection: Closed(
    {
      projectionType: Type.Optional(OneOf(['ALL', 'KEYS_ONLY', 'INCLUDE'], { title: 'ProjectionType' })),
      nonKeyAttributes: Type.Optional(
        Type.Array(Type.String(), {
          ...FEW,
          title: 'NonKeyAttributes',
          description: 'The attributes besides the keys, for `INCLUDE`.',
        }),
      ),
    },
    { title: 'Projection', description: 'The attributes that the index contains.' },
  ),
}

/** The attributes of keys, of the table and of its indexes. */
export const attributeDefinitions = Type.Array(
  Closed(
    { attributeName: Type.String(), attributeType: ScalarAttributeType },
    { title: 'AttributeDefinition' },
  ),
  {
    ...FEW,
    title: 'AttributeDefinitions',
    description: 'The attributes of the keys of the table and of its indexes, and no others.',
  },
)
export const streamSpecification = Type.Optional(
  Closed(
    {
      streamEnabled: Type.Boolean(),
      streamViewType: Type.Optional(
        OneOf(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'], {
          title: 'StreamViewType',
        }),
      ),
    },
    { title: 'StreamSpecification' },
  ),
)
export const sseSpecification = Type.Optional(
  Closed(
    {
      enabled: Type.Optional(Type.Boolean()),
      sseType: Type.Optional(OneOf(['AES256', 'KMS'], { title: 'SSEType' })),
      kmsMasterKeyId: Type.Optional(Type.String()),
    },
    { title: 'SSESpecification', description: 'Encryption at rest.' },
  ),
)
export const billingMode = Type.Optional(OneOf(['PAY_PER_REQUEST', 'PROVISIONED'], { title: 'BillingMode' }))
export const tableClass = Type.Optional(
  OneOf(['STANDARD', 'STANDARD_INFREQUENT_ACCESS'], { title: 'TableClass' }),
)
export const GlobalSecondaryIndex = Closed(
  { ...index, provisionedThroughput, onDemandThroughput, warmThroughput },
  { title: 'GlobalSecondaryIndex' },
)

/** A replica of a global table in another Region. */
const replica = {
  regionName: Type.String(),
  kmsMasterKeyId: Type.Optional(Type.String()),
  provisionedThroughputOverride: Type.Optional(
    Closed({ readCapacityUnits: Type.Optional(Units) }, { title: 'ProvisionedThroughputOverride' }),
  ),
  onDemandThroughputOverride: Type.Optional(
    Closed({ maxReadRequestUnits: Type.Optional(Type.Integer()) }, { title: 'OnDemandThroughputOverride' }),
  ),
  tableClassOverride: tableClass,
}
export const Replica = Closed(replica, { title: 'Replica' })
export const RegionName = Closed({ regionName: Type.String() }, { title: 'RegionOfReplica' })
