/** Access control in DynamoDB's own protocol: the same grants, whatever a caller writes into the body. */
import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import t, { type Test } from 'tap'
import { keyHolder } from '../helpers/access.js'
import { speak } from '../helpers/raw-http.js'
import { needsDynamoDB, type Service, startService } from '../helpers/service.js'

const operator = keyHolder('operator', ['operator'])
const tenant = keyHolder('tenant', ['tenant'], { attributes: { tenant: 'own' } })
const writer = keyHolder('writer', ['writer'], { attributes: { tenant: 'own' } })
const limited = keyHolder('limited', ['tenant'], {
  attributes: { tenant: 'own' },
  rate: { requests: 1, per: 'hour' },
})
const reader = keyHolder('reader', ['reader'])
const policy = {
  roles: {
    operator: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    tenant: [{ tables: ['Wire-*'], actions: ['read', 'write'], partitionKey: '{tenant}' }],
    reader: [{ tables: ['Wire-*'], actions: ['read'] }],
    writer: [{ tables: ['Wire-*'], actions: ['write'], partitionKey: '{tenant}' }],
  },
  keys: [reader.entry, operator.entry, tenant.entry, writer.entry, limited.entry],
}
const SECRET = 'of-another-tenant'

interface Answered {
  readonly status: number
  readonly text: string
  readonly name: string
  readonly headers: Headers
}

async function send(
  { url }: Service,
  operation: string,
  body: unknown,
  credentials: Readonly<Record<string, string>>,
): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'x-amz-target': `DynamoDB_20120810.${operation}`, ...credentials },
  })
  const text = await response.text()
  const { __type = '#' } = JSON.parse(text) as { __type?: string }
  return { status: response.status, text, name: __type.split('#')[1] ?? '', headers: response.headers }
}

async function createTable(t: Test, service: Service): Promise<string> {
  const TableName = `Wire-${randomUUID()}`
  const created = await send(
    service,
    'CreateTable',
    {
      TableName,
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'n', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['id', 'n', 'other'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOther',
          KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    },
    operator.headers,
  )
  t.equal(created.status, 200, created.text)
  t.teardown(() => send(service, 'DeleteTable', { TableName }, operator.headers))
  for (const id of ['own', 'other']) {
    const Item = {
      id: { S: id },
      n: { S: '1' },
      other: { S: 'own' },
      text: { S: id === 'own' ? 'mine' : SECRET },
    }
    await send(service, 'PutItem', { TableName, Item }, operator.headers)
  }
  return TableName
}

t.test('an SDK signs with an access key of the policy file', needsDynamoDB, async (t) => {
  const accessKeyId = 'AKIDTENANT'
  const secretAccessKey = 'k4Zr2mXq7yB0sVd1fGhJ9lPoIuYtReWqAzXcVbNm'
  process.env['SECRET_OF_TENANT'] = secretAccessKey
  t.teardown(() => delete process.env['SECRET_OF_TENANT'])
  const awsKey = {
    accessKeyId,
    secretAccessKeyEnv: 'SECRET_OF_TENANT',
    roles: ['tenant'],
    attributes: { tenant: 'own' },
  }
  const withKey = { ...policy, awsKeys: [awsKey] }
  const service = await startService(t, { wireProtocol: true }, undefined, withKey)
  const TableName = await createTable(t, service)
  const Key = { id: { S: 'own' }, n: { S: '1' } }
  const other = { id: { S: 'other' }, n: { S: '1' } }
  const clientOf = (options: { secret?: string; id?: string; systemClockOffset?: number }) => {
    const { secret = secretAccessKey, id = accessKeyId, systemClockOffset = 0 } = options
    const client = new DynamoDBClient({
      endpoint: service.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: id, secretAccessKey: secret },
      maxAttempts: 2,
      systemClockOffset,
    })
    t.teardown(() => {
      client.destroy()
    })
    return client
  }

  t.test('it reads and writes its own partition, and no other', async (t) => {
    const client = clientOf({})
    const text = { S: 'Grüße €' }
    await client.send(new PutItemCommand({ TableName, Item: { ...Key, text } }))
    t.strictSame((await client.send(new GetItemCommand({ TableName, Key }))).Item?.['text'], text)
    const refused = { name: 'AccessDeniedException' }
    await t.rejects(client.send(new GetItemCommand({ TableName, Key: other })), refused)
    await t.rejects(client.send(new PutItemCommand({ TableName, Item: other })), refused)
    const Statement = `SELECT * FROM "${TableName}" WHERE id = 'own'`
    await t.rejects(client.send(new ExecuteStatementCommand({ Statement })), refused)
  })

  t.test('with a wrong secret or key id, it gets the errors of AWS', async (t) => {
    const get = new GetItemCommand({ TableName, Key })
    await t.rejects(clientOf({ secret: 'wrong' }).send(get), { name: 'InvalidSignatureException' })
    await t.rejects(clientOf({ id: 'AKIDOTHER' }).send(get), { name: 'UnrecognizedClientException' })
  })

  t.test('with a clock that is off by an hour, it corrects itself by the refusal', async (t) => {
    for (const systemClockOffset of [-3_600_000, 3_600_000]) {
      const client = clientOf({ systemClockOffset })
      // Whether the SDK itself sends the request again depends on the clock of the machine, which is right here.
      await client.send(new GetItemCommand({ TableName, Key })).catch((error: unknown) => {
        t.match(error, {
          name: 'InvalidSignatureException',
          message: /^Signature (?:expired|not yet current)/,
        })
      })
      t.ok(Math.abs(client.config.systemClockOffset) < 60_000)
      const { Item } = await client.send(new GetItemCommand({ TableName, Key }))
      t.strictSame(Item?.['id'], Key.id)
    }
  })

  t.test('without a known key id, no body is read', async (t) => {
    const day = new Date().toISOString().replace(/[:-]|\.\d{3}/g, '')
    // Of the body, nothing follows.
    const answer = await speak(
      t,
      service,
      [
        ...['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 1000000', `X-Amz-Date: ${day}`],
        'X-Amz-Target: DynamoDB_20120810.GetItem',
        `Authorization: AWS4-HMAC-SHA256 Credential=AKIDOTHER/${day.slice(0, 8)}/eu-central-1/dynamodb/aws4_request, ` +
          `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`,
        ...['Connection: close', '', ''],
      ].join('\r\n'),
    )
    t.match(answer, /^HTTP\/1.1 400[^]*UnrecognizedClientException/)
  })
})

t.test('access control in DynamoDB’s own protocol', needsDynamoDB, async (t) => {
  const service = await startService(t, { wireProtocol: true, audit: true }, undefined, policy)
  const TableName = await createTable(t, service)
  const own = { id: { S: 'own' }, n: { S: '1' } }
  const other = { id: { S: 'other' }, n: { S: '1' } }
  const ask = (operation: string, body: unknown, holder = tenant) =>
    send(service, operation, body, holder.headers)
  const condition = (value: string) => ({ ComparisonOperator: 'EQ', AttributeValueList: [{ S: value }] })

  t.test('a caller bound to a partition uses its own', async (t) => {
    const values = { ':p': { S: 'own' } }
    const query = { TableName, KeyConditionExpression: 'id = :p', ExpressionAttributeValues: values }
    const requests: readonly (readonly [operation: string, body: object])[] = [
      ['GetItem', { TableName, Key: own, AttributesToGet: ['text'], ProjectionExpression: null }],
      ['Query', query],
      ['Query', { ...query, ExclusiveStartKey: own }],
      [
        'UpdateItem',
        { TableName, Key: own, AttributeUpdates: { visits: { Action: 'ADD', Value: { N: '1' } } } },
      ],
      [
        'PutItem',
        { TableName, Item: { ...own, text: { S: 'mine' } }, Expected: { id: { Value: { S: 'own' } } } },
      ],
      ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [own] } } }],
      [
        'BatchWriteItem',
        { RequestItems: { [TableName]: [{ PutRequest: { Item: { ...own, n: { S: '2' } } } }] } },
      ],
      ['TransactGetItems', { TransactItems: [{ Get: { TableName, Key: own } }] }],
      [
        'TransactWriteItems',
        { TransactItems: [{ Put: null, Delete: { TableName, Key: { ...own, n: { S: '2' } } } }] },
      ],
      ['DescribeTable', { TableName }],
    ]
    for (const [operation, body] of requests) {
      const { status, text } = await ask(operation, body)
      t.equal(status, 200, `${operation}: ${text}`)
    }
  })

  t.test('and nothing of another one, however it writes that', async (t) => {
    const key = JSON.stringify(other)
    const mine = JSON.stringify(own)
    const named = JSON.stringify(TableName)
    const values = { ':p': { S: 'other' }, ':own': { S: 'own' } }
    const query = { TableName, ExpressionAttributeValues: values }
    const attacks: readonly (readonly [operation: string, body: unknown])[] = [
      ['GetItem', { TableName, Key: other }],
      ['GetItem', `{"TableName":${named},"Key":${mine},"Key":${key}}`],
      ['GetItem', `{"TableName":${named},"Key":${key},"Key":${mine}}`],
      ['GetItem', `{"TableName":${named},"Key":${mine},"\\u004bey":${key}}`],
      ['GetItem', `{"TableName":${named},"Key":{"id":{"S":"own"},"n":{"S":"1"},"id":{"S":"other"}}}`],
      ['GetItem', `{"TableName":${named},"Key":{"id":{"S":"own","S":"other"},"n":{"S":"1"}}}`],
      ['GetItem', `{"TableName":${named},"Key":{"id":{"S":"own","N":"1"},"n":{"S":"1"}}}`],
      ['GetItem', `{"TableName":${named},"Key":${mine}} {"TableName":${named},"Key":${key}}`],
      ['GetItem', { TableName, Key: null }],
      ['GetItem', { TableName: null, Key: other }],
      ['GetItem', { TableName: 5, Key: own }],
      ['Query', { TableName, KeyConditions: { id: condition('other') } }],
      ['Query', { TableName, KeyConditions: { id: condition('own') } }],
      ['Query', { ...query, KeyConditionExpression: 'id = :own', KeyConditions: { id: condition('other') } }],
      ['Query', { ...query, KeyConditionExpression: 'id = :p' }],
      ['Query', { ...query, KeyConditionExpression: null, KeyConditions: { id: condition('other') } }],
      [
        'Query',
        {
          TableName,
          IndexName: 'byOther',
          KeyConditionExpression: 'other = :own',
          ExpressionAttributeValues: { ':own': { S: 'own' } },
        },
      ],
      ['Query', { ...query, KeyConditionExpression: 'id = :own', ExclusiveStartKey: other }],
      [
        'Query',
        `{"TableName":${named},"KeyConditionExpression":"id = :v","ExpressionAttributeValues":{":v":{"S":"own"},":v":{"S":"other"}}}`,
      ],
      ['Scan', { TableName }],
      ['Scan', { TableName, ScanFilter: { id: condition('own') } }],
      ['Scan', { TableName, Key: own }],
      [
        'UpdateItem',
        { TableName, Key: other, AttributeUpdates: { a: { Value: { S: 'b' } } }, ReturnValues: 'ALL_OLD' },
      ],
      [
        'DeleteItem',
        { TableName, Key: other, Expected: { id: { Value: { S: 'own' } } }, ReturnValues: 'ALL_OLD' },
      ],
      ['PutItem', { TableName, Key: own, Item: other }],
      ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [own, other] } } }],
      ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [null, other] } } }],
      ['BatchGetItem', `{"RequestItems":{${named}:{"Keys":[${mine}],"Keys":[${key}]}}}`],
      ['BatchGetItem', `{"RequestItems":{${named}:{"Keys":[${mine}]},${named}:{"Keys":[${key}]}}}`],
      ['BatchGetItem', { RequestItems: {} }],
      ['BatchGetItem', { RequestItems: null, TableName, Key: own }],
      [
        'BatchWriteItem',
        { RequestItems: { [TableName]: [{ PutRequest: { Item: own }, DeleteRequest: { Key: other } }] } },
      ],
      [
        'BatchWriteItem',
        { RequestItems: { [TableName]: [{ PutRequest: null, DeleteRequest: { Key: other } }] } },
      ],
      ['BatchWriteItem', { RequestItems: { [TableName]: { DeleteRequest: { Key: other } } } }],
      [
        'TransactGetItems',
        { TransactItems: [{ Get: { TableName, Key: own } }, { Get: { TableName, Key: other } }] },
      ],
      ['TransactGetItems', { TransactItems: [{ New: {}, Get: { TableName, Key: other } }] }],
      [
        'TransactWriteItems',
        { TransactItems: [{ ConditionCheck: null, Delete: { TableName, Key: other } }] },
      ],
      [
        'TransactWriteItems',
        {
          TransactItems: [
            { Put: { TableName, Item: own, TransactItems: [] }, Delete: { TableName, Key: other } },
          ],
        },
      ],
      [
        'TransactWriteItems',
        `{"TransactItems":[{"Delete":{"TableName":${named},"Key":${mine},"Key":${key}}}]}`,
      ],
      ['TransactWriteItems', { TransactItems: [{ TransactItems: [{ Delete: { TableName, Key: other } }] }] }],
      [
        'TransactWriteItems',
        { TransactItems: [{ Update: { TableName, Key: other, UpdateExpression: 'SET a = b' } }] },
      ],
      ['DeleteTable', { TableName }],
      ['DescribeTable', { TableName: 'Other' }],
      ['DescribeLimits', {}],
      ['ListBackups', {}],
      ['ExecuteStatement', { Statement: `SELECT * FROM "${TableName}"` }],
    ]
    for (const [operation, body] of attacks) {
      const { status, text, name } = await ask(operation, body)
      const what = `${operation} ${typeof body === 'string' ? body : JSON.stringify(body)}: ${text}`
      t.equal(status, 400, what)
      t.match(name, /^(?:AccessDenied|Serialization|Validation)Exception$/, what)
      t.notOk(text.includes(SECRET), what)
    }
    t.match((await ask('GetItem', { TableName, Key: other }, operator)).text, SECRET, 'nothing was changed')
  })

  t.test('reading back what is written needs the right to read', async (t) => {
    const update = {
      TableName,
      Key: own,
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': { S: 'b' } },
    }
    t.equal((await ask('UpdateItem', update, writer)).status, 200)
    for (const asked of [{ ReturnValues: 'ALL_OLD' }, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }]) {
      t.equal((await ask('UpdateItem', { ...update, ...asked }, writer)).name, 'AccessDeniedException')
    }
    t.equal((await ask('UpdateItem', { ...update, ReturnValues: null }, writer)).status, 200)
  })

  t.test('a SELECT of one partition needs the right to query only, as over REST', async (t) => {
    const select = (where: string) =>
      ask('ExecuteStatement', { Statement: `SELECT * FROM "${TableName}" ${where}` }, reader)
    t.equal((await select("WHERE id = 'own'")).status, 200)
    t.equal((await select("WHERE text = 'mine'")).name, 'AccessDeniedException')
    t.equal((await select('')).name, 'AccessDeniedException')
  })

  t.test('ListTables has the tables that the caller may see, with the checksum of that answer', async (t) => {
    const hidden = `Hidden-${randomUUID()}`
    await service.post(
      '/v1/tables',
      {
        tableName: hidden,
        keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
        attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
        billingMode: 'PAY_PER_REQUEST',
      },
      operator.headers,
    )
    t.teardown(() => send(service, 'DeleteTable', { TableName: hidden }, operator.headers))
    const { status, text, headers } = await ask('ListTables', { Limit: 100 })
    t.equal(status, 200)
    t.ok(text.includes(TableName))
    t.notOk(text.includes(hidden))
    t.equal(headers.get('x-amz-crc32'), String(crc32(text)))
    t.ok((await ask('ListTables', {}, operator)).text.includes(hidden))
    for (const Limit of [0, 101, 1.5, 'x', [5]])
      t.equal((await ask('ListTables', { Limit })).name, 'ValidationException')
  })

  t.test('a caller without valid credentials, or beyond its rate, gets DynamoDB’s own errors', async (t) => {
    const signed = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261130/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    }
    t.equal((await send(service, 'ListTables', {}, {})).name, 'MissingAuthenticationTokenException')
    t.equal(
      (await send(service, 'ListTables', {}, { 'x-api-key': 'wrong' })).name,
      'UnrecognizedClientException',
    )
    t.match(
      (await send(service, 'ListTables', {}, signed)).name,
      /^(?:UnrecognizedClient|InvalidSignature|IncompleteSignature)Exception$/,
    )
    t.equal((await ask('DescribeTable', { TableName }, limited)).status, 200)
    const { status, name, headers } = await ask('DescribeTable', { TableName }, limited)
    t.match({ status, name }, { status: 400, name: 'ThrottlingException' })
    t.ok(Number(headers.get('retry-after')) > 1000)
  })

  t.test('writes and refusals are in the audit log', async (t) => {
    await ask('DeleteItem', { TableName, Key: { ...own, n: { S: '9' } } })
    await ask('DeleteItem', { TableName, Key: other })
    await ask('DeleteItem', {
      TableName,
      Key: { id: own.id, n: { S: '9' } },
      ConditionExpression: 'attribute_exists(id)',
    })
    const audit = service.log
      .filter(({ msg, action }) => msg === 'audit' && action === 'DeleteItem')
      .slice(-3)
    const line = { principal: 'tenant', action: 'DeleteItem', table: TableName }
    t.match(audit, [
      { ...line, outcome: 'done' },
      { ...line, outcome: 'refused' },
      { ...line, outcome: 'failed' },
    ])
  })

  t.test('callers without credentials have the grants of anonymous', async (t) => {
    const anonymous = ['everyone']
    const roles = { everyone: [{ tables: [TableName], actions: ['read'], partitionKey: 'own' }] }
    const open = await startService(t, { wireProtocol: true }, undefined, { roles, keys: [], anonymous })
    t.equal((await send(open, 'GetItem', { TableName, Key: own }, {})).status, 200)
    const refused = await send(open, 'GetItem', { TableName, Key: other }, {})
    t.equal(refused.name, 'MissingAuthenticationTokenException')
  })
})
