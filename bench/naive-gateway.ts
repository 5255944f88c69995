/**
 * The gateway that one writes without this project: Fastify and the SDK's document client, with defaults everywhere. It
 * retries as the SDK does, validates nothing, and passes numbers through doubles.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import Fastify, { LogController } from 'fastify'

type Attributes = Record<string, unknown>
interface OfTable {
  Params: { table: string }
}

// The document client returns sets as Set, which JSON.stringify does not support. This is the cheapest way to write them.
Object.defineProperty(Set.prototype, 'toJSON', {
  value(this: Set<unknown>) {
    return [...this]
  },
})

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
const app = Fastify({
  logger: { level: 'info' },
  bodyLimit: 16_777_216,
  // One line per request instead of two, as all other subjects do. The saving is to its advantage.
  logController: new LogController({ disableRequestLogging: true }),
})
app.addHook('onResponse', async (request, reply) => {
  request.log.info({ req: request, res: reply, responseTime: reply.elapsedTime }, 'request completed')
})

app.post<OfTable & { Body: { key: Attributes } }>('/v1/tables/:table/get', async ({ params, body }) => {
  const { Item } = await client.send(new GetCommand({ TableName: params.table, Key: body.key }))
  return { item: Item }
})

app.post<OfTable & { Body: { item: Attributes } }>('/v1/tables/:table/put', async ({ params, body }) => {
  const { Attributes } = await client.send(new PutCommand({ TableName: params.table, Item: body.item }))
  return { attributes: Attributes }
})

app.post<OfTable & { Body: { keyConditionExpression: string; expressionAttributeValues: Attributes } }>(
  '/v1/tables/:table/query',
  async ({ params, body }) => {
    const { Items, Count, ScannedCount, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: params.table,
        KeyConditionExpression: body.keyConditionExpression,
        ExpressionAttributeValues: body.expressionAttributeValues,
      }),
    )
    return { items: Items, count: Count, scannedCount: ScannedCount, lastEvaluatedKey: LastEvaluatedKey }
  },
)

app.post<{ Body: { requestItems: Record<string, { keys: Attributes[] }> } }>(
  '/v1/batch/get',
  async ({ body }) => {
    const RequestItems = Object.fromEntries(
      Object.entries(body.requestItems).map(([table, { keys }]) => [table, { Keys: keys }]),
    )
    const { Responses } = await client.send(new BatchGetCommand({ RequestItems }))
    return { responses: Responses }
  },
)

app.post<{ Body: { transactItems: { put: { tableName: string; item: Attributes } }[] } }>(
  '/v1/transact/write',
  async ({ body }) => {
    const TransactItems = body.transactItems.map(({ put: { tableName, item } }) => ({
      Put: { TableName: tableName, Item: item },
    }))
    await client.send(new TransactWriteCommand({ TransactItems }))
    return {}
  },
)

await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
