/** Tables: how they are created, changed, deleted, described and listed. */
import * as Type from 'typebox'
import { Closed, ExactlyOne, OneOf } from './parts/building-blocks.js'
import { tableErrors } from './parts/errors.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'
import {
  attributeDefinitions,
  billingMode,
  FEW,
  GlobalSecondaryIndex,
  index,
  keySchema,
  onDemandThroughput,
  provisionedThroughput,
  RegionName,
  Replica,
  sseSpecification,
  streamSpecification,
  TableAnswer,
  tableClass,
  TableDescription,
  warmThroughput,
} from './parts/tables.js'

export const createTable = {
  operationId: 'createTable',
  summary: 'Create a table',
  description: 'CreateTable. Only with `TABLE_ADMIN=true`, otherwise 405.',
  tags: ['Tables'],
  querystring: NoQuery,
  body: Closed(
    {
      tableName: Type.String(),
      attributeDefinitions,
      keySchema,
      billingMode,
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
        Type.Array(GlobalSecondaryIndex, {
          ...FEW,
          title: 'GlobalSecondaryIndexes',
          description: 'Indexes with another partition key.',
        }),
      ),
      streamSpecification,
      sseSpecification,
      tags: Type.Optional(
        Type.Array(Closed({ key: Type.String(), value: Type.String() }, { title: 'Tag' }), {
          ...FEW,
          title: 'Tags',
          description: 'Words for the costs and the owners of the table.',
        }),
      ),
      tableClass,
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

export const updateTable = {
  operationId: 'updateTable',
  summary: 'Change a table',
  description:
    'UpdateTable: changes capacity, indexes, stream, encryption, replicas, class or protection. DynamoDB makes the change in ' +
    'the background: the table is `UPDATING` until it is done. Only with `TABLE_ADMIN=true`, otherwise 405.',
  tags: ['Tables'],
  params: TablePath,
  querystring: NoQuery,
  body: Closed(
    {
      attributeDefinitions: Type.Optional(attributeDefinitions),
      billingMode,
      provisionedThroughput,
      onDemandThroughput,
      warmThroughput,
      globalSecondaryIndexUpdates: Type.Optional(
        Type.Array(
          ExactlyOne(
            {
              create: GlobalSecondaryIndex,
              update: Closed(
                { indexName: Type.String(), provisionedThroughput, onDemandThroughput, warmThroughput },
                { title: 'GlobalSecondaryIndexChange' },
              ),
              delete: Closed({ indexName: Type.String() }, { title: 'IndexToDelete' }),
            },
            { title: 'GlobalSecondaryIndexUpdate' },
          ),
          {
            ...FEW,
            title: 'GlobalSecondaryIndexUpdates',
            description: 'Indexes to create, to change and to delete.',
          },
        ),
      ),
      streamSpecification,
      sseSpecification,
      replicaUpdates: Type.Optional(
        Type.Array(
          ExactlyOne({ create: Replica, update: Replica, delete: RegionName }, { title: 'ReplicaUpdate' }),
          {
            ...FEW,
            title: 'ReplicaUpdates',
            description: 'Replicas of a global table to create, to change and to delete.',
          },
        ),
      ),
      multiRegionConsistency: Type.Optional(
        OneOf(['EVENTUAL', 'STRONG'], { title: 'MultiRegionConsistency' }),
      ),
      tableClass,
      deletionProtectionEnabled: Type.Optional(Type.Boolean()),
    },
    { minProperties: 1, examples: [{ deletionProtectionEnabled: true }] },
  ),
  response: {
    200: {
      ...TableAnswer,
      examples: [{ tableDescription: { tableName: 'Orders', tableStatus: 'ACTIVE', itemCount: 3 } }],
    },
  },
  errors: ['ResourceNotFoundException', ...tableErrors],
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
