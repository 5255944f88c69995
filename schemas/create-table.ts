import * as Type from 'typebox'
import { tableErrors } from './parts/errors.js'
import { Closed, OneOf } from './parts/building-blocks.js'
import { ScalarAttributeType, KeyType, TableAnswer } from './parts/table-description.js'
import { NoQuery } from './parts/paths.js'

// DynamoDB has 64 bits for these, JSON as it is commonly read 53.
const Units = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const keySchema = Type.Array(
  Closed({ attributeName: Type.String(), keyType: KeyType }, { title: 'KeySchemaElement' }),
)
const provisionedThroughput = Type.Optional(
  Closed({ readCapacityUnits: Units, writeCapacityUnits: Units }, { title: 'ProvisionedThroughput' }),
)
const onDemandThroughput = Type.Optional(
  Closed(
    {
      maxReadRequestUnits: Type.Optional(Type.Integer()),
      maxWriteRequestUnits: Type.Optional(Type.Integer()),
    },
    { title: 'OnDemandThroughput', description: '-1 removes a limit.' },
  ),
)
const warmThroughput = Type.Optional(
  Closed(
    { readUnitsPerSecond: Type.Optional(Units), writeUnitsPerSecond: Type.Optional(Units) },
    { title: 'WarmThroughput' },
  ),
)
const index = {
  indexName: Type.String(),
  keySchema,
  projection: Closed(
    {
      projectionType: Type.Optional(OneOf(['ALL', 'KEYS_ONLY', 'INCLUDE'], { title: 'ProjectionType' })),
      nonKeyAttributes: Type.Optional(Type.Array(Type.String())),
    },
    { title: 'Projection', description: 'Which attributes the index has.' },
  ),
}

export const createTable = {
  operationId: 'createTable',
  summary: 'Create a table',
  description: 'CreateTable. Only with `TABLE_ADMIN=true`, else 404.',
  tags: ['Tables'],
  querystring: NoQuery,
  body: Closed(
    {
      tableName: Type.String(),
      attributeDefinitions: Type.Array(
        Closed(
          { attributeName: Type.String(), attributeType: ScalarAttributeType },
          { title: 'AttributeDefinition' },
        ),
      ),
      keySchema,
      billingMode: Type.Optional(OneOf(['PAY_PER_REQUEST', 'PROVISIONED'], { title: 'BillingMode' })),
      provisionedThroughput,
      onDemandThroughput,
      warmThroughput,
      localSecondaryIndexes: Type.Optional(Type.Array(Closed(index, { title: 'LocalSecondaryIndex' }))),
      globalSecondaryIndexes: Type.Optional(
        Type.Array(
          Closed(
            { ...index, provisionedThroughput, onDemandThroughput, warmThroughput },
            { title: 'GlobalSecondaryIndex' },
          ),
        ),
      ),
      streamSpecification: Type.Optional(
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
      ),
      sseSpecification: Type.Optional(
        Closed(
          {
            enabled: Type.Optional(Type.Boolean()),
            sseType: Type.Optional(OneOf(['AES256', 'KMS'], { title: 'SSEType' })),
            kmsMasterKeyId: Type.Optional(Type.String()),
          },
          { title: 'SSESpecification', description: 'Encryption at rest.' },
        ),
      ),
      tags: Type.Optional(Type.Array(Closed({ key: Type.String(), value: Type.String() }, { title: 'Tag' }))),
      tableClass: Type.Optional(OneOf(['STANDARD', 'STANDARD_INFREQUENT_ACCESS'], { title: 'TableClass' })),
      deletionProtectionEnabled: Type.Optional(Type.Boolean()),
      resourcePolicy: Type.Optional(Type.String()),
      globalTableSourceArn: Type.Optional(Type.String()),
      globalTableSettingsReplicationMode: Type.Optional(
        OneOf(['ENABLED', 'DISABLED', 'ENABLED_WITH_OVERRIDES'], {
          title: 'GlobalTableSettingsReplicationMode',
        }),
      ),
    },
    {
      examples: [
        {
          tableName: 'Baskets',
          attributeDefinitions: [{ attributeName: 'customer', attributeType: 'S' }],
          keySchema: [{ attributeName: 'customer', keyType: 'HASH' }],
          billingMode: 'PAY_PER_REQUEST',
        },
      ],
    },
  ),
  response: {
    201: {
      ...TableAnswer,
      examples: [{ tableDescription: { tableName: 'Baskets', tableStatus: 'ACTIVE', itemCount: 0 } }],
    },
  },
  errors: tableErrors,
}
