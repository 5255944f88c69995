/**
 * Every error code, and the manual page that lists them.
 * `UPDATE_DOCS=1 npm test -- --disable-coverage test/contract/errors.test.ts` writes the page; otherwise the page must match
 * the responses of the service.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Code, CODES, rowOf } from '../../schemas/parts/codes.js'
import { packageRoot } from '../../src/package-root.js'
import { keyHolder } from '../helpers/access.js'
import { ChangeFeedClient } from '../helpers/change-feed.js'
import { type Answer, createTable, needsDynamoDB, type Service, startService } from '../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { speak } from '../helpers/raw-http.js'
import { within } from '../helpers/within.js'

const PAGE = join(packageRoot, 'docs', 'errors.md')

/** Avoids retries on a busy machine, because the page shows the number of attempts. */
const patient = { attemptTimeoutMs: 30_000 }

/** For each code, a request that causes it. */
type Causes = Record<Code, (t: Test) => Promise<Answer>>

/** Sends bytes that no HTTP client would send, after which the service closes the connection. */
async function sendBytes(t: Test, service: Service, bytes: string): Promise<Answer> {
  const answered = await speak(t, service, bytes)
  const [head = '', text = ''] = answered.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(': ', 2) as [string, string]))
  return {
    status: Number(first.split(' ')[1]),
    headers,
    text,
    body: JSON.parse(text) as Record<string, unknown>,
  }
}

/** A stream whose only change can be read, but is no longer kept when a client asks for those behind it. */
function streamWithOneChange(description: object): Behavior {
  const label = '2026-11-30T10:00:00.000'
  const TableArn = 'arn:aws:dynamodb:eu-central-1:000000000000:table/Users'
  const StreamArn = `${TableArn}/stream/${label}`
  const Records = [
    {
      eventName: 'INSERT',
      dynamodb: {
        ApproximateCreationDateTime: 1_796_000_000,
        Keys: { id: { S: 'u1' } },
        SequenceNumber: '100000000000000000001',
      },
    },
  ]
  return ({ operation, body }, response) => {
    switch (operation.replace(/^.*\./, '')) {
      case 'DescribeTable': {
        const stream = { TableArn, LatestStreamArn: StreamArn, LatestStreamLabel: label }
        const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' }
        answer(response, { Table: { ...description, ...stream, StreamSpecification } })
        return
      }
      case 'DescribeStream': {
        const SequenceNumberRange = { StartingSequenceNumber: '100000000000000000000' }
        const Shards = [{ ShardId: 'shardId-00000001796000000000-00000001', SequenceNumberRange }]
        answer(response, { StreamDescription: { StreamArn, StreamStatus: 'ENABLED', Shards } })
        return
      }
      case 'GetShardIterator':
        if (body['ShardIteratorType'] === 'AFTER_SEQUENCE_NUMBER') {
          refuse(response, 400, 'TrimmedDataAccessException', 'The shard has been trimmed.')
        } else answer(response, { ShardIterator: 'first' })
        return
      default: {
        const isFirst = body['ShardIterator'] === 'first'
        answer(response, { Records: isFirst ? Records : [], NextShardIterator: 'next' })
      }
    }
  }
}

t.test('every error code', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000, ...patient })
  const table = await createTable(t, service, { stream: 'NEW_AND_OLD_IMAGES' })
  const post = (operation: string, body: unknown, headers = {}) =>
    service.post(`/v1/tables/${table}/${operation}`, body, headers)
  await post('put', { item: { id: 'u1', age: 36 } })

  /** A response of the service to a behavior that DynamoDB Local does not have. */
  const when = async (
    t: Test,
    behave: Behavior,
    call = (service: Service) => service.post('/v1/tables/Users/put', { item: { id: 'u1' } }),
    settings = {},
  ) => {
    const dynamodb = await startFakeDynamoDB(t, behave)
    return call(await startService(t, { ...patient, ...settings }, dynamodb.endpoint))
  }
  const refused =
    (status: number, name: string, message: string, call?: (service: Service) => Promise<Answer>) =>
    (t: Test) =>
      when(
        t,
        (_received, response) => {
          refuse(response, status, name, message)
        },
        call,
      )
  const transact = (service: Service, items: object[], clientRequestToken?: string) =>
    service.post('/v1/transact/write', { transactItems: items, clientRequestToken })
  const usersTable = (tableName: string) => ({
    tableName,
    keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
    attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
    billingMode: 'PAY_PER_REQUEST',
  })
  const usersDescription = {
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  }
  const putInTransaction = (id: string) => ({ put: { tableName: table, item: { id } } })

  const causes: Causes = {
    InvalidRequest: () => post('put', { item: { id: 'u1' }, conditionExpresion: 'attribute_not_exists(id)' }),
    InvalidPageToken: () => post('scan', { pageToken: 'AdC0m9B4Yq' }),
    InvalidPosition: () => service.get(`/v1/tables/${table}/changes?after=AdC0m9B4Yq`),
    ValidationException: () => post('get', { key: { name: 'u1' } }),
    ItemCollectionSizeLimitExceededException: refused(
      400,
      'ItemCollectionSizeLimitExceededException',
      'Collection size exceeded.',
    ),
    Unauthenticated: async (t) => {
      const secured = await startService(t, {}, undefined, { roles: {} })
      return secured.post('/v1/tables/Users/get', { key: { id: 'u1' } })
    },
    Forbidden: () => post('get', { key: { id: 'u1' } }, { origin: 'https://elsewhere.example' }),
    ResourceNotFoundException: () => service.post('/v1/tables/Nobody/get', { key: { id: 'u1' } }),
    ItemNotFound: () => post('get', { key: { id: 'nobody' } }),
    RouteNotFound: () => service.get('/v1/tables/Users/nothing'),
    MethodNotAllowed: () => service.get('/v1/tables/Users/get'),
    NotAcceptable: () => post('get', { key: { id: 'u1' } }, { accept: 'text/html' }),
    RequestTimeout: async (t) => {
      const impatient = await startService(t, { requestTimeoutMs: 1 })
      return sendBytes(
        t,
        impatient,
        'POST /v1/tables/Users/put HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{',
      )
    },
    TransactionCanceledException: () =>
      transact(service, [
        putInTransaction('u2'),
        {
          conditionCheck: {
            tableName: table,
            key: { id: 'u1' },
            conditionExpression: 'age < :max',
            expressionAttributeValues: { ':max': 30 },
            returnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ]),
    TransactionConflictException: refused(
      400,
      'TransactionConflictException',
      'Transaction is ongoing for the item',
    ),
    TransactionInProgressException: refused(
      400,
      'TransactionInProgressException',
      'The transaction with the given request token is already in progress.',
      (service) => transact(service, [{ put: { tableName: 'Users', item: { id: 'u1' } } }]),
    ),
    ReplicatedWriteConflictException: refused(
      400,
      'ReplicatedWriteConflictException',
      'One or more items in this request are being modified by a request in another Region.',
    ),
    WriteConflict: (t) =>
      when(
        t,
        ({ operation }, response) => {
          if (operation === 'DescribeTable') answer(response, { Table: usersDescription })
          else refuse(response, 400, 'ConditionalCheckFailedException', 'The conditional request failed')
        },
        (service) =>
          service.request('/v1/tables/Users/items/u1', {
            method: 'PATCH',
            body: '{"age":37}',
            headers: { 'content-type': 'application/merge-patch+json' },
          }),
      ),
    ResourceInUseException: () => service.post('/v1/tables', usersTable(table)),
    DuplicateItemException: () =>
      service.post('/v1/statements', {
        statement: `INSERT INTO "${table}" VALUE {'id': ?}`,
        parameters: ['u1'],
      }),
    StreamNotEnabled: (t) =>
      when(
        t,
        (_received, response) => {
          answer(response, { Table: usersDescription })
        },
        (service) => service.get('/v1/tables/Users/changes'),
      ),
    IdempotentParameterMismatchException: async () => {
      await transact(service, [putInTransaction('u3')], 'order-4711')
      return transact(service, [putInTransaction('u4')], 'order-4711')
    },
    PositionExpired: (t) =>
      when(t, streamWithOneChange(usersDescription), async (service) => {
        const path = '/v1/tables/Users/changes'
        const feed = await ChangeFeedClient.open(t, `${service.url}${path}?from=start`)
        const [change] = await feed.received(1)
        feed.disconnect()
        // Until then, the service itself may still have what it has read.
        await within(10_000, () => service.log.some(({ msg }) => msg === 'the caller disconnected'))
        return service.get(`${path}?after=${change?.id ?? ''}`)
      }),
    ConditionalCheckFailedException: () =>
      post('put', {
        item: { id: 'u1', age: 37 },
        conditionExpression: 'attribute_not_exists(id)',
        returnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    PayloadTooLarge: () => post('put', { item: { id: 'x'.repeat(100_000) } }),
    UnsupportedMediaType: () => post('get', '<key>u1</key>', { 'content-type': 'application/xml' }),
    ExpectationFailed: (t) =>
      sendBytes(t, service, 'GET /v1/tables HTTP/1.1\r\nHost: localhost\r\nExpect: a reply\r\n\r\n'),
    HeadersTooLarge: (t) =>
      sendBytes(t, service, `GET /v1/tables HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
    TooManyRequests: async (t) => {
      const { entry, headers } = keyHolder('reporting', ['nothing'], {
        rate: { requests: 100, per: 'hour', burst: 1 },
      })
      const secured = await startService(t, {}, undefined, { roles: { nothing: [] }, keys: [entry] })
      const get = () => secured.post('/v1/tables/Users/get', { key: { id: 'u1' } }, headers)
      await get()
      return get()
    },
    ProvisionedThroughputExceededException: refused(
      400,
      'ProvisionedThroughputExceededException',
      'The level of configured provisioned throughput for the table was exceeded.',
    ),
    ThrottlingException: refused(
      400,
      'ThrottlingException',
      'Rate of requests exceeds the allowed throughput.',
    ),
    RequestLimitExceeded: refused(
      400,
      'RequestLimitExceeded',
      'Throughput exceeds the current throughput limit for your account.',
    ),
    LimitExceededException: refused(
      400,
      'LimitExceededException',
      'Too many operations for a given subscriber.',
      (service) => service.post('/v1/tables', usersTable('Users')),
    ),
    InternalError: async (t) => {
      const service = await startService(t)
      Object.assign(service.storage, { answer: () => Promise.reject(new TypeError('a bug')) })
      return service.post('/v1/tables/Users/get', { key: { id: 'u1' } })
    },
    UpstreamError: refused(
      400,
      'AccessDeniedException',
      'User: arn:aws:iam::123456789012:user/secret is not authorized to perform: dynamodb:PutItem',
    ),
    ServiceUnavailable: refused(500, 'InternalServerError', 'Internal server error'),
    BatchIncomplete: (t) =>
      when(
        t,
        (received, response) => {
          const { Users = [] } = received.body['RequestItems'] as { Users?: object[] }
          answer(response, { UnprocessedItems: { Users: Users.slice(-1) } })
        },
        (service) =>
          service.post('/v1/batch/write', {
            requestItems: {
              Users: [
                { putRequest: { item: { id: 'u1', age: 36 } } },
                { deleteRequest: { key: { id: 'u2' } } },
              ],
            },
          }),
      ),
    UpstreamTimeout: (t) => when(t, () => undefined, undefined, { requestTimeoutMs: 1000 }),
  }

  const examples = new Map<Code, Answer>()
  for (const [code, cause] of Object.entries(causes) as [Code, (t: Test) => Promise<Answer>][]) {
    await t.test(`${CODES[code].status} ${code}`, async (t) => {
      const example = await cause(t)
      const { status, retryable, title } = CODES[code]
      t.equal(example.status, status)
      t.equal(example.headers.get('content-type'), 'application/problem+json')
      t.match(example.body, {
        type: `/errors/${code}`,
        title,
        status,
        code,
        retryable,
        detail: /./, // The path of a request whose headers cannot be read is not known.
        instance: code === 'HeadersTooLarge' ? '' : /^\//,
      })
      const page = await service.get(String(example.body['type']))
      t.match(page.text, new RegExp(`^# ${code}\n`), 'its type leads to its entry')
      t.equal(example.body['requestId'], example.headers.get('x-request-id'))
      t.equal(example.headers.has('retry-after'), [429, 503, 504].includes(status))
      t.notMatch(
        example.text,
        /arn:aws:iam|127\.0\.0\.1|node_modules|at \w+ \(/,
        'no internal detail is disclosed',
      )
      examples.set(code, example)
    })
  }

  t.test('docs/errors.md shows the responses of the service', async (t) => {
    const page = pageOf(examples, table)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page)
    t.equal(readFileSync(PAGE, 'utf8'), page)
  })
})

function pageOf(examples: ReadonlyMap<Code, Answer>, table: string): string {
  const codes = Object.keys(CODES) as Code[]
  const rows = codes.map((code) => {
    const { status, retryable, title } = rowOf(code)
    return `| ${status} | [\`${code}\`](#${code.toLowerCase()}) | ${title} | ${retryable ? 'yes' : 'no'} |`
  })
  const sections = codes.map((code) => {
    const example = examples.get(code)
    const retryAfter = example?.headers.get('retry-after')
    const { status, title, cause, retryable, next } = rowOf(code)
    return `### ${code}

- **Status:** ${status}
- **Meaning:** ${title}.
- **Cause:** ${cause}
- **Retryable:** ${retryable ? 'yes: the same request may succeed later.' : 'no'}
${next === undefined ? '' : `- **Next step:** ${next}\n`}
\`\`\`http
HTTP/1.1 ${status}
content-type: application/problem+json
${retryAfter === null || retryAfter === undefined ? '' : `retry-after: ${retryAfter}\n`}
${steady(JSON.stringify(example?.body, null, 2), table)}
\`\`\`
`
  })
  return `# Errors

Every error is an answer of the type \`application/problem+json\` (RFC 9457), whatever the request accepts.

- \`type\` is a URL that leads to the entry of the code. By default it is a path of the service itself, such as
  \`/errors/ItemNotFound\`, which serves the entries of this page. \`PROBLEM_BASE_URL\` makes it another URL.
- \`code\` is one of the codes on this page, for programs. \`title\` is its meaning.
- \`detail\` says what happened this time, in DynamoDB's own words where DynamoDB gave a message, and what to do next.
  It never contains ARNs or ids of AWS accounts.
- \`retryable\` says whether the same request may succeed later. Answers with the status 429, 503 and 504 have a
  \`Retry-After\` header: the number of seconds to wait.
- \`attempts\` is the number of attempts to call DynamoDB. It is 0 if DynamoDB was not called.
- \`throttlingReasons\` has DynamoDB's reasons, where it gave them for throttling a request.
- \`dynamodbRequestId\` is the id that AWS Support asks for.

## Whether a write was applied

\`maybeApplied\` says whether the write, or a part of the batch, may have been applied despite the error. It is true
after a lost answer of DynamoDB, also if a later attempt was refused. Before you send such a write again, make sure that
applying it twice does no harm:

- A put or a delete without a condition is safe, as long as no other client writes the item.
- A write with an \`Idempotency-Key\` is safe with that key, and a transaction with the one that the answer contains.
- An update that counts is not safe, nor is a write that asks for the old item. The service itself does not repeat
  them, and \`retryable\` is false.

[reliability.md](reliability.md) has the whole table.

## All codes

| status | code | meaning | retryable |
|---|---|---|---|
${rows.join('\n')}

\`TransactionCanceledException\` is \`retryable\` if all of its reasons are temporary, such as
\`TransactionConflict\`. \`UpstreamError\` is \`retryable\` if DynamoDB's answer was damaged.

## Each code

The examples are answers of the service, written by its tests.

${sections.join('\n')}`
}

/** Replaces the values of an example that differ in each run. */
function steady(text: string, table: string): string {
  return text
    .replaceAll(table, 'Users')
    .replace(/("requestId": )"[^"]*"/, '$1"7d5a…"')
    .replace(/("dynamodbRequestId": )"[^"]*"/, '$1"5LG3…"')
}
