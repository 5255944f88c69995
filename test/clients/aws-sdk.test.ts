/** The AWS SDK for JavaScript, and an ORM on top of it, with nothing but the service as their endpoint. */
import { randomUUID } from 'node:crypto'
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  paginateScan,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { Entity } from 'electrodb'
import t, { type Test } from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { needsDynamoDB, type Service, startService } from '../helpers/service.js'

function clientOf(t: Test, { url }: Service): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint: url, maxAttempts: 3 })
  t.teardown(() => {
    client.destroy()
  })
  return client
}

/** With a string `pk` and a number or string `sk`. */
async function createTable(t: Test, client: DynamoDBClient, sort: 'N' | 'S'): Promise<string> {
  const TableName = `Sdk-${randomUUID()}`
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: sort },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  t.teardown(() => client.send(new DeleteTableCommand({ TableName })))
  return TableName
}

t.test('with DynamoDB', needsDynamoDB, async (t) => {
  const service = await startService(t, { wireProtocol: true })
  const client = clientOf(t, service)

  t.test('the document client puts, queries in pages, batches and deletes', async (t) => {
    const documents = DynamoDBDocumentClient.from(client)
    const TableName = await createTable(t, client, 'N')
    const items = Array.from({ length: 25 }, (_, sk) => ({
      pk: 'a',
      sk,
      text: 'x'.repeat(100),
      tags: new Set(['y']),
    }))
    await documents.send(
      new BatchWriteCommand({
        RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) },
      }),
    )
    const found: unknown[] = []
    const query = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'a' } }
    for await (const { Items = [] } of paginateQuery({ client: documents, pageSize: 10 }, query))
      found.push(...Items)
    t.strictSame(found, items)

    await documents.send(new PutCommand({ TableName, Item: { pk: 'b', sk: 1 } }))
    const update = new UpdateCommand({
      TableName,
      Key: { pk: 'b', sk: 1 },
      UpdateExpression: 'ADD visits :one',
      ExpressionAttributeValues: { ':one': 1 },
      ReturnValues: 'UPDATED_NEW',
    })
    t.strictSame((await documents.send(update)).Attributes, { visits: 1 })
    const keys = [
      { pk: 'a', sk: 3 },
      { pk: 'b', sk: 1 },
    ]
    const batch = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys } } }))
    t.equal(batch.Responses?.[TableName]?.length, 2)
    await documents.send(new DeleteCommand({ TableName, Key: { pk: 'b', sk: 1 } }))
    t.equal((await documents.send(new GetCommand({ TableName, Key: { pk: 'b', sk: 1 } }))).Item, undefined)
  })

  t.test('the client scans in segments, and reads why a transaction was canceled', async (t) => {
    const TableName = await createTable(t, client, 'N')
    const key = (number: number) => ({ pk: { S: String(number) }, sk: { N: '1' } })
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [TableName]: Array.from({ length: 20 }, (_, n) => ({ PutRequest: { Item: key(n) } })),
        },
      }),
    )
    const scan = async (Segment: number) => {
      let count = 0
      const pages = paginateScan({ client, pageSize: 3 }, { TableName, Segment, TotalSegments: 4 })
      for await (const { Items = [] } of pages) count += Items.length
      return count
    }
    const counts = await Promise.all([0, 1, 2, 3].map(scan))
    t.equal(
      counts.reduce((sum, count) => sum + count),
      20,
    )

    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName, Item: key(100) } },
        {
          ConditionCheck: {
            TableName,
            Key: key(1),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ],
    })
    try {
      await client.send(transaction)
      t.fail('a condition is false')
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      t.equal(error.$metadata.attempts, 1)
      t.match(error.CancellationReasons, [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { pk: { S: '1' } } },
      ])
    }
    t.equal((await client.send(new GetItemCommand({ TableName, Key: key(100) }))).Item, undefined)
    await t.rejects(client.send(new GetItemCommand({ TableName: 'NoSuchTable', Key: key(1) })), {
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 400, requestId: /^[\da-f-]{36}$/ },
    })
  })

  t.test('ElectroDB', async (t) => {
    const table = await createTable(t, client, 'S')
    const Orders = new Entity(
      {
        model: { entity: 'order', version: '1', service: 'shop' },
        attributes: {
          customer: { type: 'string', required: true },
          id: { type: 'string', required: true },
          amount: { type: 'number', required: true },
        },
        indexes: {
          byCustomer: {
            pk: { field: 'pk', composite: ['customer'] },
            sk: { field: 'sk', composite: ['id'] },
          },
        },
      },
      { client, table },
    )
    const orders = Array.from({ length: 30 }, (_, n) => ({
      customer: 'ada',
      id: String(n).padStart(2, '0'),
      amount: n,
    }))
    await Orders.put(orders).go()
    const first = await Orders.query.byCustomer({ customer: 'ada' }).go({ limit: 20 })
    t.equal(first.data.length, 20)
    const all = await Orders.query
      .byCustomer({ customer: 'ada' })
      .where(({ amount }, { gte }) => gte(amount, 10))
      .go({ pages: 'all' })
    t.strictSame(all.data, orders.slice(10))
    const { data } = await Orders.update({ customer: 'ada', id: '01' })
      .add({ amount: 5 })
      .go({ response: 'all_new' })
    t.match(data, { amount: 6 })
    await t.rejects(Orders.create({ customer: 'ada', id: '01', amount: 0 }).go(), /conditional/i)
    await Orders.delete([
      { customer: 'ada', id: '01' },
      { customer: 'ada', id: '02' },
    ]).go()
    t.equal((await Orders.scan.go({ pages: 'all' })).data.length, 28)
  })
})

t.test('the SDK retries what the service could not do, and nothing else', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  })
  const settings = { wireProtocol: true, maxAttempts: 1, maxConcurrentRequests: 1, bodyLimitBytes: 10_000 }
  const service = await startService(t, settings, dynamodb.endpoint)
  const client = clientOf(t, service)
  const get = new GetItemCommand({ TableName: 'T', Key: { id: { S: 'a' } } })

  t.test('an overloaded service, after Retry-After', async (t) => {
    const held: (() => void)[] = []
    dynamodb.behave = (_received, response) => {
      held.push(() => {
        answer(response, { Item: { id: { S: 'a' } } })
      })
      // The first one keeps the only slot until the second one has been refused.
      if (held.length === 1) setTimeout(() => held[0]?.(), 300)
      else held.at(-1)?.()
    }
    const answers = await Promise.all([client.send(get), client.send(get)])
    t.strictSame(answers.map(({ $metadata }) => $metadata.attempts).sort(), [1, 2])
    t.equal(dynamodb.requests.length, 2)
  })

  const failures: readonly (readonly [what: string, status: number, exception: string, attempts: number])[] =
    [
      ['throttling', 400, 'ProvisionedThroughputExceededException', 3],
      ['a failure of DynamoDB', 500, 'InternalServerError', 3],
      ['a false condition', 400, 'ConditionalCheckFailedException', 1],
      ['an invalid request', 400, 'ValidationException', 1],
      ['a missing permission of the service', 400, 'AccessDeniedException', 1],
    ]
  for (const [what, status, name, attempts] of failures) {
    t.test(`${what} takes ${attempts} of the SDK’s attempts`, async (t) => {
      dynamodb.behave = (_received, response) => {
        refuse(response, status, name)
      }
      await t.rejects(client.send(get), { name, $metadata: { attempts, httpStatusCode: status } })
    })
  }

  t.test('a body that is too large takes one attempt', async (t) => {
    const value = { S: 'a'.repeat(20_000) }
    const large = new UpdateItemCommand({
      TableName: 'T',
      Key: { id: { S: 'a' } },
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': value },
    })
    await t.rejects(client.send(large), { name: 'RequestTooLargeException', $metadata: { attempts: 1 } })
  })

  t.test(
    'an UpdateItem whose response was lost is sent again by the SDK, as in front of DynamoDB',
    async (t) => {
      let lost = 0
      dynamodb.behave = (_received, response) => {
        if (lost++ === 0) response.socket?.resetAndDestroy()
        else answer(response, {})
      }
      const counter = new UpdateItemCommand({
        TableName: 'T',
        Key: { id: { S: 'a' } },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      })
      t.equal((await client.send(counter)).$metadata.attempts, 2)
    },
  )

  t.test(
    'transactions of the document client have a token, so the service repeats them itself',
    async (t) => {
      const patient = await startService(t, { wireProtocol: true }, dynamodb.endpoint)
      let lost = 0
      dynamodb.behave = (_received, response) => {
        if (lost++ === 0) response.socket?.resetAndDestroy()
        else answer(response, {})
      }
      const documents = DynamoDBDocumentClient.from(clientOf(t, patient))
      const transaction = new TransactWriteCommand({
        TransactItems: [
          {
            Update: {
              TableName: 'T',
              Key: { id: 'a' },
              UpdateExpression: 'ADD n :one',
              ExpressionAttributeValues: { ':one': 1 },
            },
          },
        ],
      })
      t.equal((await documents.send(transaction)).$metadata.attempts, 1)
      t.equal(lost, 2)
    },
  )
})
