import * as Type from 'typebox'
import { Closed, Description, OneOf } from './item.js'
import { NoQuery } from './table-path.js'

// DynamoDB has 64 bits for these, JSON as it is commonly read 53.
const Units = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const keySchema = Type.Array(
  Closed({ attributeName: Type.String(), keyType: OneOf(['HASH', 'RANGE'], 'Partition key or sort key.') }),
)
const provisionedThroughput = Type.Optional(Closed({ readCapacityUnits: Units, writeCapacityUnits: Units }))
const onDemandThroughput = Type.Optional(
  Closed({
    // -1 removes the limit.
    maxReadRequestUnits: Type.Optional(Type.Integer()),
    maxWriteRequestUnits: Type.Optional(Type.Integer()),
  }),
)
const warmThroughput = Type.Optional(
  Closed({ readUnitsPerSecond: Type.Optional(Units), writeUnitsPerSecond: Type.Optional(Units) }),
)
const index = {
  indexName: Type.String(),
  keySchema,
  projection: Closed({
    projectionType: Type.Optional(OneOf(['ALL', 'KEYS_ONLY', 'INCLUDE'])),
    nonKeyAttributes: Type.Optional(Type.Array(Type.String())),
  }),
}

export const createTable = {
  operationId: 'createTable',
  summary: 'Create a table',
  description: 'CreateTable. Only with `TABLE_ADMIN=true`, else 404.',
  tags: ['Tables'],
  querystring: NoQuery,
  body: Closed({
    tableName: Type.String(),
    attributeDefinitions: Type.Array(
      Closed({ attributeName: Type.String(), attributeType: OneOf(['S', 'N', 'B']) }),
    ),
    keySchema,
    billingMode: Type.Optional(OneOf(['PAY_PER_REQUEST', 'PROVISIONED'])),
    provisionedThroughput,
    onDemandThroughput,
    warmThroughput,
    localSecondaryIndexes: Type.Optional(Type.Array(Closed(index))),
    globalSecondaryIndexes: Type.Optional(
      Type.Array(Closed({ ...index, provisionedThroughput, onDemandThroughput, warmThroughput })),
    ),
    streamSpecification: Type.Optional(
      Closed({
        streamEnabled: Type.Boolean(),
        streamViewType: Type.Optional(OneOf(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'])),
      }),
    ),
    sseSpecification: Type.Optional(
      Closed({
        enabled: Type.Optional(Type.Boolean()),
        sseType: Type.Optional(OneOf(['AES256', 'KMS'])),
        kmsMasterKeyId: Type.Optional(Type.String()),
      }),
    ),
    tags: Type.Optional(Type.Array(Closed({ key: Type.String(), value: Type.String() }))),
    tableClass: Type.Optional(OneOf(['STANDARD', 'STANDARD_INFREQUENT_ACCESS'])),
    deletionProtectionEnabled: Type.Optional(Type.Boolean()),
    resourcePolicy: Type.Optional(Type.String()),
    globalTableSourceArn: Type.Optional(Type.String()),
    globalTableSettingsReplicationMode: Type.Optional(
      OneOf(['ENABLED', 'DISABLED', 'ENABLED_WITH_OVERRIDES']),
    ),
  }),
  response: { 201: Type.Object({ tableDescription: Description('DynamoDB’s TableDescription.') }) },
}
