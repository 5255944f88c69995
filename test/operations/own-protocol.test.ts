import t from 'tap'
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { needsDynamoDB, startService } from '../helpers/service.js'
t.test('x', needsDynamoDB, async (t) => {
  const service = await startService(t, { wireProtocol: true })
  const client = new DynamoDBClient({ endpoint: service.url })
  await client.send(
    new CreateTableCommand({
      TableName: 'Wire1',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  await client.send(new PutItemCommand({ TableName: 'Wire1', Item: { id: { S: 'a' } } }))
  console.log(await client.send(new GetItemCommand({ TableName: 'Wire1', Key: { id: { S: 'a' } } })))
  const send = async (endpoint: string, op: string, body: string) => {
    const r = await fetch(endpoint, {
      method: 'POST',
      body,
      headers: {
        'x-amz-target': `DynamoDB_20120810.${op}`,
        'content-type': 'application/x-amz-json-1.0',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20261130/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x',
      },
    })
    console.log(
      op,
      body.slice(0, 100),
      '=>',
      r.status,
      await r.text(),
      JSON.stringify(Object.fromEntries(r.headers)),
    )
  }
  for (const [op, body] of [
    ['GetItem', '{"tableName":"Wire1","Key":{"id":{"S":"a"}}}'],
    ['GetItem', '{"TableName":"Wire1","TableName":"nope","Key":{"id":{"S":"a"}}}'],
    ['GetItem', '{"TableName":"Wire1","Key":{"id":{"S":"a"},"id":{"S":"b"}}}'],
    ['GetItem', '{"TableName":"Wire1","Key":{"id":{"S":"a"}},"ProjectionExpression":null}'],
    ['GetItem', '{"TableName":"Wire1"}'],
    ['GetItem', '{"Key":{"id":{"S":"a"}}}'],
    ['GetItem', '{"TableName":5,"Key":{"id":{"S":"a"}}}'],
    ['GetItem', '{"TableName":"Wire1","Key":{"id":{"S":"a"}}} x'],
    ['GetItem', 'nonsense'],
    ['GetItem', ''],
    [
      'TransactWriteItems',
      '{"TransactItems":[{"Put":null,"Delete":{"TableName":"Wire1","Key":{"id":{"S":"zz"}}}}]}',
    ],
    [
      'TransactWriteItems',
      '{"TransactItems":[null,{"Delete":{"TableName":"Wire1","Key":{"id":{"S":"zz"}}}}]}',
    ],
    ['TransactWriteItems', '{"TransactItems":{"Delete":{"TableName":"Wire1","Key":{"id":{"S":"zz"}}}}}'],
    [
      'TransactWriteItems',
      '{"TransactItems":[{"Foo":{},"Delete":{"TableName":"Wire1","Key":{"id":{"S":"zz"}}}}]}',
    ],
    ['BatchGetItem', '{"RequestItems":{"Wire1":{"Keys":[{"id":{"S":"a"}}],"Foo":1}}}'],
    ['BatchGetItem', '{"RequestItems":{"Wire1":{"keys":[{"id":{"S":"a"}}]}}}'],
    ['BatchGetItem', '{"RequestItems":{}}'],
    ['Nope', '{}'],
    ['ListTables', '{"Limit":"5"}'],
    ['ListTables', '{"Limit":0}'],
    ['DescribeLimits', '{}'],
    ['DescribeEndpoints', '{}'],
    ['ListTagsOfResource', '{"ResourceArn":"arn:aws:dynamodb:ddblocal:000000000000:table/Wire1"}'],
  ] as const) {
    await send(process.env['TEST_DYNAMODB_ENDPOINT'] ?? '', op, body)
    await send(service.url, op, body)
  }
})
