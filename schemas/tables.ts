/** Tables: what they are, and how they are created and deleted. */
import * as Type from 'typebox'
import { Closed, Description, OneOf } from './parts/building-blocks.js'
import { tableErrors } from './parts/errors.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

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
const FEW = { maxItems: 500 }
const keySchema = Type.Array(
  Closed({ attributeName: Type.String(), keyType: KeyType }, { title: 'KeySchemaElement' }),
  FEW,
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
    { title: 'OnDemandThroughput', description: '-1 removes the limit.' },
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

export const createTable = {
  operationId: 'createTable',
  summary: 'Create a table',
  description: 'CreateTable. Only with `TABLE_ADMIN=true`, otherwise 405.',
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
        FEW,
      ),
      keySchema,
      billingMode: Type.Optional(OneOf(['PAY_PER_REQUEST', 'PROVISIONED'], { title: 'BillingMode' })),
      provisionedThroughput,
      onDemandThroughput,
      warmThroughput,
      localSecondaryIndexes: Type.Optional(
        Type.Array(Closed(index, { title: 'LocalSecondaryIndex' }), {
          ...FEW,
          title: 'LocalSecondaryIndexes',
          description: 'Indexes with another sort key. They can only be created with the table.',
        }),
      ),
      globalSecondaryIndexes: Type.Optional(
        Type.Array(
          Closed(
            { ...index, provisionedThroughput, onDemandThroughput, warmThroughput },
            { title: 'GlobalSecondaryIndex' },
          ),
          {
            ...FEW,
            title: 'GlobalSecondaryIndexes',
            description: 'Indexes with another partition key.',
          },
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
      tags: Type.Optional(
        Type.Array(Closed({ key: Type.String(), value: Type.String() }, { title: 'Tag' }), {
          ...FEW,
          title: 'Tags',
          description: 'Words for the costs and the owners of the table.',
        }),
      ),
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
} satisfies RouteSchema

export const deleteTable = {
  operationId: 'deleteTable',
  summary: 'Delete a table',
  description:
    'DeleteTable: deletes the table with all its items. Only with `TABLE_ADMIN=true`, otherwise 405.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  response: {
    200: {
      ...TableAnswer,
      examples: [{ tableDescription: { tableName: 'Orders', tableStatus: 'ACTIVE', itemCount: 3 } }],
    },
  },
  errors: ['ResourceNotFoundException', ...tableErrors],
} satisfies RouteSchema

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
} satisfies RouteSchema

export const listTables = {
  operationId: 'listTables',
  summary: 'List the tables',
  description:
    'ListTables: the names of the tables, one page at a time. To paginate, send the `lastEvaluatedTableName` of a page as the ' +
    '`exclusiveStartTableName` of the next one.',
  tags: ['Tables'],
  querystring: Closed({
    limit: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'The maximum number of names.' }),
    ),
    exclusiveStartTableName: Type.Optional(
      Type.String({ description: 'The `lastEvaluatedTableName` of the page before.' }),
    ),
  }),
  response: {
    200: Type.Object(
      {
        tableNames: Type.Array(Type.String()),
        lastEvaluatedTableName: Type.Optional(
          Type.String({
            description:
              'Present if there are more pages: send it as `exclusiveStartTableName` to read the next one.',
          }),
        ),
      },
      { examples: [{ tableNames: ['Orders'] }] },
    ),
  },
} satisfies RouteSchema
