/** DynamoDB's own protocol: `POST /` with `X-Amz-Target`. What clients make of it is in test/clients/aws-sdk.test.ts. */
import * as dynamodb from '@aws-sdk/client-dynamodb'
import type { ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { administersTables, API_OPERATIONS, isReadOnly } from '../../src/storage/api-operations.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll } from '../helpers/raw-http.js'
import { dynamodbEndpoint, needsDynamoDB, startService } from '../helpers/service.js'
import { within } from '../helpers/within.js'

const AMZ_JSON = 'application/x-amz-json-1.0'
const get = { TableName: 'T', Key: { id: { S: 'a' } } }

/** Sends a request as an SDK does. DynamoDB Local wants a signature, but does not check it. */
async function send(
  endpoint: string,
  operation: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string; name: string; message: string }> {
  const response = await fetch(endpoint, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {
      'content-type': AMZ_JSON,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20261130/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      ...headers,
    },
  })
  const text = await response.text()
  const { __type = '', message = '' } = JSON.parse(text) as { __type?: string; message?: string }
  return {
    status: response.status,
    headers: response.headers,
    text,
    name: __type.slice(__type.indexOf('#') + 1),
    message,
  }
}

t.test('the list of operations is that of the SDK, and its reads are called so', async (t) => {
  const commands = Object.keys(dynamodb).filter((name) => name.endsWith('Command') && name !== '$Command')
  t.strictSame([...API_OPERATIONS].sort(), commands.map((name) => name.replace('Command', '')).sort())
  const read = /^(?:Describe|List|Get|BatchGet|TransactGet|Query|Scan|Search)/
  t.strictSame(
    API_OPERATIONS.filter(isReadOnly),
    API_OPERATIONS.filter((name) => read.test(name)),
  )
  t.notOk(API_OPERATIONS.some((name) => isReadOnly(name) && administersTables(name)))
})

t.test('answers and errors are the bytes of DynamoDB', needsDynamoDB, async (t) => {
  const service = await startService(t, { wireProtocol: true })
  const table = {
    TableName: 'OwnProtocol',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  }
  t.equal((await send(service.url, 'CreateTable', table)).status, 200)
  t.teardown(() => send(service.url, 'DeleteTable', { TableName: 'OwnProtocol' }))
  const Key = { id: { S: 'a' } }
  const item = '{"id":{"S":"a"},"n":{"N":"1.00"},"text":{"S":"ä€😀"},"m":{"M":{"l":{"L":[{"NULL":true}]}}}}'
  const requests: readonly (readonly [operation: string, body: unknown])[] = [
    ['PutItem', `{"TableName":"OwnProtocol","Item":${item},"ReturnConsumedCapacity":"TOTAL"}`],
    ['GetItem', { TableName: 'OwnProtocol', Key, ProjectionExpression: null }],
    ['GetItem', { TableName: 'OwnProtocol', Key: { id: { N: '1' } } }],
    ['GetItem', { TableName: 'OwnProtocol' }],
    ['GetItem', { Key }],
    ['GetItem', { TableName: 'NoSuchTable', Key }],
    [
      'Query',
      {
        TableName: 'OwnProtocol',
        KeyConditions: { id: { ComparisonOperator: 'EQ', AttributeValueList: [Key.id] } },
      },
    ],
    ['PutItem', { TableName: 'OwnProtocol', Item: Key, Expected: { id: { Exists: false } } }],
    [
      'UpdateItem',
      {
        TableName: 'OwnProtocol',
        Key,
        AttributeUpdates: { n: { Action: 'PUT', Value: { N: '2' } } },
        ReturnValues: 'ALL_NEW',
      },
    ],
    ['BatchGetItem', { RequestItems: { OwnProtocol: { Keys: [Key], AttributesToGet: ['n'] } } }],
    ['BatchGetItem', { RequestItems: {} }],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: null, ConditionCheck: { TableName: 'OwnProtocol', Key, ConditionExpression: 'n = id' } },
        ],
      },
    ],
    ['TransactGetItems', { TransactItems: 1 }],
    ['Scan', { TableName: 'OwnProtocol', Segment: 5, TotalSegments: 2 }],
    ['DescribeLimits', {}],
    ['DescribeContinuousBackups', { TableName: 'OwnProtocol' }],
    ['ListTables', { Limit: 0 }],
    ['ListTagsOfResource', { ResourceArn: 'arn:aws:dynamodb:ddblocal:000000000000:table/OwnProtocol' }],
  ]
  for (const [operation, body] of requests) {
    const direct = await send(dynamodbEndpoint ?? '', operation, body)
    const { status, headers, text } = await send(service.url, operation, body)
    const what = `${operation} ${JSON.stringify(body)}`
    t.equal(status, direct.status, what)
    t.equal(text, direct.text, what)
    t.equal(headers.get('content-type'), AMZ_JSON)
    t.equal(headers.get('x-amz-crc32'), direct.headers.get('x-amz-crc32'))
    t.match(headers.get('x-amzn-requestid'), /^[\da-f-]{36}$/)
  }
})

t.test('in front of a DynamoDB that fails', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(
    t,
    { wireProtocol: true, attemptTimeoutMs: 200, bodyLimitBytes: 10_000, maxAttempts: 3 },
    dynamodb.endpoint,
  )
  const ask = (operation: string, body: unknown, headers?: Record<string, string>) =>
    send(service.url, operation, body, headers)
  const behave = (behavior: Behavior) => {
    dynamodb.requests.length = 0
    dynamodb.behave = behavior
  }

  t.test('the body is sent as it is, and the checksum comes back with the same bytes', async (t) => {
    const large = { Item: { id: { S: 'a'.repeat(50_000) } } }
    behave((_received, response) => {
      answer(response, large)
    })
    const body = ' { "TableName" : "T", "Key":{"id":{"S":"\\u0061"}}, "Unknown": [1.50] } '
    const { status, headers, text } = await ask('GetItem', body, { 'accept-encoding': 'gzip' })
    t.equal(status, 200)
    t.equal(dynamodb.requests[0]?.text, body)
    t.equal(text, JSON.stringify(large))
    t.equal(headers.get('content-encoding'), null, 'compressed, the checksum would be of other bytes')
    t.equal(headers.get('x-amz-crc32'), String(crc32(text)))
    t.equal(headers.get('x-amzn-requestid'), 'STANDIN')
  })

  t.test('a throttled request is retried, and then DynamoDB’s own error comes back', async (t) => {
    behave((_received, response) => {
      refuse(response, 400, 'ProvisionedThroughputExceededException', 'slower', {
        headers: { 'x-amz-crc32': '2029467216' },
        members: { ThrottlingReasons: [{ reason: 'TableReadProvisionedThroughputExceeded' }] },
      })
    })
    const { status, text, headers } = await ask('GetItem', get)
    t.equal(dynamodb.requests.length, 3)
    t.equal(status, 500, 'a wrong checksum is damage, not an answer')
    t.equal(headers.get('x-amz-crc32'), String(crc32(text)))
    behave((_received, response) => {
      refuse(response, 400, 'ProvisionedThroughputExceededException', 'slower', {
        members: { ThrottlingReasons: [{ reason: 'TableReadProvisionedThroughputExceeded' }] },
      })
    })
    const throttled = await ask('GetItem', get)
    t.equal(dynamodb.requests.length, 3)
    t.match(throttled, { status: 400, name: 'ProvisionedThroughputExceededException', message: 'slower' })
    t.match(throttled.text, '"ThrottlingReasons":[{"reason":"TableReadProvisionedThroughputExceeded"}]')
    t.equal(throttled.headers.get('x-amzn-requestid'), 'STANDIN')
    t.equal(throttled.headers.get('x-amz-crc32'), null, 'DynamoDB has sent none')
    t.match(service.log.at(-1), {
      operation: 'GetItem',
      table: 'T',
      code: 'ProvisionedThroughputExceededException',
      attempts: 3,
    })
  })

  t.test('unprocessed entries are handed back, not sent again', async (t) => {
    const entries = { T: [{ PutRequest: { Item: { id: { S: 'a' } } } }] }
    behave((_received, response) => {
      answer(response, { UnprocessedItems: entries })
    })
    const written = await ask('BatchWriteItem', { RequestItems: entries })
    t.strictSame(JSON.parse(written.text), { UnprocessedItems: entries })
    t.equal(dynamodb.requests.length, 1)
    const keys = { T: { Keys: [{ id: { S: 'a' } }] } }
    behave((_received, response) => {
      answer(response, { Responses: {}, UnprocessedKeys: keys })
    })
    const read = await ask('BatchGetItem', { RequestItems: keys })
    t.strictSame(JSON.parse(read.text), { Responses: {}, UnprocessedKeys: keys })
    t.equal(dynamodb.requests.length, 1)
  })

  t.test('503 says that nothing was applied, 500 that it is not known', async (t) => {
    const counter = {
      ...get,
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }
    behave((_received, response) => response.socket?.resetAndDestroy())
    const lost = await ask('UpdateItem', counter)
    t.match(lost, { status: 500, name: 'InternalServerError' })
    t.match(lost.message, 'It is unknown whether the write was applied')
    t.equal(dynamodb.requests.length, 1, 'applying it twice is not the same as once')
    behave(() => undefined)
    const late = await ask('GetItem', get)
    t.match(late, { status: 503, name: 'ServiceUnavailable', message: 'DynamoDB did not respond in time.' })
    t.equal(late.headers.get('retry-after'), '1')
    t.equal(dynamodb.requests.length, 3)
    behave((_received, response) => response.writeHead(503).end('<html>'))
    t.match(await ask('GetItem', get), { status: 503, name: 'ServiceUnavailable' })
    // An operation that the service does not know is not repeated, either.
    behave((_received, response) => response.socket?.resetAndDestroy())
    t.match(await ask('CreateBackup', { TableName: 'T', BackupName: 'b' }), { status: 500 })
    t.equal(dynamodb.requests.length, 1)
    behave((_received, response) => response.socket?.resetAndDestroy())
    t.match(await ask('ListBackups', {}), { status: 503 })
    t.equal(dynamodb.requests.length, 3)
  })

  t.test('what is wrong with the service’s own credentials is not told as the caller’s', async (t) => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/storage'
    behave((_received, response) => {
      refuse(response, 400, 'UnrecognizedClientException', 'The security token is invalid')
    })
    t.match(await ask('GetItem', get), { status: 500, name: 'InternalServerError' })
    behave((_received, response) => {
      refuse(
        response,
        400,
        'AccessDeniedException',
        `User: ${arn} is not authorized to perform: dynamodb:GetItem`,
      )
    })
    const denied = await ask('GetItem', get)
    t.match(denied, { status: 400, name: 'AccessDeniedException' })
    t.notOk(denied.text.includes(arn))
  })

  t.test('a request that cannot be served gets an error that SDKs can read', async (t) => {
    behave(({ operation }, response) => {
      const Table = {
        TableName: 'T',
        TableArn: 'arn:aws:dynamodb:eu-central-1:1:table/T',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }
      answer(response, operation === 'DescribeTable' ? { Table } : {})
    })
    const large = { ...get, Key: { id: { S: 'a'.repeat(10_000) } } }
    const errors: readonly (readonly [
      operation: string,
      body: unknown,
      status: number,
      name: string,
      headers?: Record<string, string>,
    ])[] = [
      ['GetItemTwice', get, 400, 'UnknownOperationException'],
      [
        'GetItem',
        get,
        400,
        'UnknownOperationException',
        { 'x-amz-target': 'DynamoDBStreams_20120810.GetRecords' },
      ],
      ['GetItem', '{"TableName":', 400, 'SerializationException'],
      ['GetItem', '[]', 400, 'SerializationException'],
      ['GetItem', '{} {}', 400, 'SerializationException'],
      ['GetItem', '{"TableName":"T","Table\\u004eame":"U"}', 400, 'SerializationException'],
      [
        'PutItem',
        '{"TableName":"T","Item":{"m":{"M":{"a":{"S":""},"b":{"S":""},"a":{"S":""}}}}}',
        400,
        'SerializationException',
      ],
      ['GetItem', '{"TableName":"T","Key":{"id":{"S":"\\ud800"}}}', 400, 'SerializationException'],
      ['GetItem', large, 413, 'RequestTooLargeException'],
      ['GetItem', get, 400, 'SerializationException', { 'content-encoding': 'gzip' }],
      ['GetItem', get, 400, 'AccessDeniedException', { origin: 'http://elsewhere.example' }],
      [
        'BatchGetItem',
        { RequestItems: { T: { Keys: Array.from({ length: 10_001 }, () => 0) } } },
        400,
        'SerializationException',
      ],
      [
        'GetItem',
        { ...get, TableName: 'arn:aws:dynamodb:eu-west-1:1:table/T' },
        400,
        'AccessDeniedException',
      ],
      [
        'TransactGetItems',
        { TransactItems: [{ New: {}, Get: { TableName: 'arn:aws:dynamodb:eu-west-1:1:table/T' } }] },
        400,
        'ValidationException',
      ],
      [
        'CreateBackup',
        { BackupName: 'b', TableName: 'arn:aws:dynamodb:eu-west-1:1:table/T' },
        400,
        'AccessDeniedException',
      ],
    ]
    for (const [operation, body, status, name, headers] of errors) {
      const error = await ask(operation, body, headers)
      const what = `${operation} ${JSON.stringify(body).slice(0, 100)}`
      t.match(error, { status, name }, what)
      t.equal(error.headers.get('content-type'), AMZ_JSON, what)
      t.equal(error.headers.get('x-amz-crc32'), String(crc32(error.text)), what)
      t.equal(error.headers.get('x-amzn-requestid'), error.headers.get('x-request-id'), what)
    }
    t.notOk(
      dynamodb.requests.some(({ operation }) => operation !== 'DescribeTable'),
      'nothing of it was sent',
    )
    const batch = { RequestItems: { T: { Keys: [{ id: { S: 'a'.repeat(20_000) } }] } } }
    t.equal((await ask('BatchGetItem', batch)).status, 200, 'a batch has a limit of its own')
  })

  t.test('without the header it is no request in this protocol', async (t) => {
    const { status, body } = await service.post('/', get)
    t.equal(status, 400)
    t.match(body, { code: 'InvalidRequest', detail: /x-amz-target/ })
  })
})

t.test('an overloaded or draining service answers in the shape of DynamoDB', async (t) => {
  const held: ServerResponse[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    held.push(response)
  })
  const service = await startService(t, { wireProtocol: true, maxConcurrentRequests: 1 }, dynamodb.endpoint)
  const first = send(service.url, 'GetItem', get)
  await within(5000, () => held.length === 1)
  const refused = await send(service.url, 'GetItem', get, { 'x-request-id': 'mine' })
  t.match(refused, { status: 503, name: 'ServiceUnavailable', message: /was not processed/ })
  t.equal(refused.headers.get('retry-after'), '1')
  t.equal(refused.headers.get('x-amzn-requestid'), 'mine')
  t.equal(refused.headers.get('x-amz-crc32'), String(crc32(refused.text)))
  for (const response of held) answer(response, {})
  t.equal((await first).status, 200)

  const head =
    'POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: DynamoDB_20120810.GetItem\r\nconnection: close\r\n'
  const malformed = await openSocket(t, service)
  malformed.write(`${head}content-type: ${AMZ_JSON}\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n`)
  t.match(
    await readAll(malformed),
    /^HTTP\/1\.1 400 [^]*"__type":"com\.amazon\.coral\.validate#ValidationException"/,
  )
})

t.test('a body that arrives too slowly is answered in the shape of DynamoDB', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, { wireProtocol: true, requestTimeoutMs: 300 }, dynamodb.endpoint)
  const socket = await openSocket(t, service)
  socket.write(
    'POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: DynamoDB_20120810.GetItem\r\ncontent-length: 50\r\n\r\n{',
  )
  t.match(await readAll(socket), /^HTTP\/1\.1 408 [^]*#RequestTimeoutException"/)
})

t.test('without WIRE_PROTOCOL, POST / is 405, and the detail names the setting', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, headers, body } = await service.request('/', {
    method: 'POST',
    body: '{}',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
  })
  t.equal(status, 405)
  t.equal(headers.get('allow'), 'GET, HEAD')
  t.match(body, { code: 'MethodNotAllowed', detail: /WIRE_PROTOCOL=true/ })
})

t.test('without TABLE_ADMIN, no operation changes tables', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { wireProtocol: true, tableAdmin: false }, dynamodb.endpoint)
  for (const operation of API_OPERATIONS.filter(administersTables)) {
    const { status, name } = await send(service.url, operation, { TableName: 'T' })
    t.match({ status, name }, { status: 400, name: 'AccessDeniedException' }, operation)
  }
  t.equal(dynamodb.requests.length, 0)
  t.equal((await send(service.url, 'DescribeLimits', {})).status, 200)
})
