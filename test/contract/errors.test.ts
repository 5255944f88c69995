/**
 * Every code of an error, and the manual page that lists them. `UPDATE_DOCS=1 npm test -- --disable-coverage test/errors.test.ts`
 * writes the page; without it the page must be what the service really answers.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Code, CODES } from '../../schemas/parts/codes.js'
import { packageRoot } from '../../src/package-root.js'
import { type Answer, createTable, needsDynamoDB, type Service, startService } from '../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

const PAGE = join(packageRoot, 'docs', 'errors.md')

/** No attempt is made twice because the machine is busy: the page says how many there were. */
const patient = { attemptTimeoutMs: 30_000 }

/** What brings each code about. */
type Causes = Record<Code, (t: Test) => Promise<Answer>>

t.test('every code of an error', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000, ...patient })
  const table = await createTable(t, service)
  const post = (operation: string, body: unknown, headers = {}) =>
    service.post(`/v1/tables/${table}/${operation}`, body, headers)
  await post('put', { item: { id: 'u1', age: 36 } })

  /** An answer of the service when DynamoDB behaves in a way that DynamoDB Local does not. */
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
  const putInTransaction = (id: string) => ({ put: { tableName: table, item: { id } } })

  const causes: Causes = {
    InvalidRequest: () => post('put', { item: { id: 'u1' }, conditionExpresion: 'attribute_not_exists(id)' }),
    ValidationException: () => post('get', { key: { name: 'u1' } }),
    ItemCollectionSizeLimitExceededException: refused(
      400,
      'ItemCollectionSizeLimitExceededException',
      'Collection size exceeded.',
    ),
    Forbidden: () => post('get', { key: { id: 'u1' } }, { origin: 'https://elsewhere.example' }),
    ResourceNotFoundException: () => service.post('/v1/tables/Nobody/get', { key: { id: 'u1' } }),
    ItemNotFound: () => post('get', { key: { id: 'nobody' } }),
    RouteNotFound: () => service.get('/v1/tables/Users/get'),
    NotAcceptable: () => post('get', { key: { id: 'u1' } }, { accept: 'text/html' }),
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
    ResourceInUseException: () => service.post('/v1/tables', usersTable(table)),
    IdempotentParameterMismatchException: async () => {
      await transact(service, [putInTransaction('u3')], 'order-4711')
      return transact(service, [putInTransaction('u4')], 'order-4711')
    },
    ConditionalCheckFailedException: () =>
      post('put', {
        item: { id: 'u1', age: 37 },
        conditionExpression: 'attribute_not_exists(id)',
        returnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    PayloadTooLarge: () => post('put', { item: { id: 'x'.repeat(100_000) } }),
    UnsupportedMediaType: () => post('get', '<key>u1</key>', { 'content-type': 'application/xml' }),
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
      Object.assign(service.storage, { send: () => Promise.reject(new TypeError('a bug')) })
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
      t.match(example.body, { type: /^urn:/, title, status, code, retryable, detail: /./, instance: /^\// })
      t.equal(example.body['requestId'], example.headers.get('x-request-id'))
      t.equal(example.headers.has('retry-after'), [429, 503, 504].includes(status))
      t.notMatch(example.text, /arn:aws:iam|127\.0\.0\.1|node_modules|at \w+ \(/, 'gives nothing away')
      examples.set(code, example)
    })
  }

  t.test('stands in docs/errors.md as the service answers it', async (t) => {
    const page = pageOf(examples, table)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, page)
    t.equal(readFileSync(PAGE, 'utf8'), page)
  })
})

function pageOf(examples: ReadonlyMap<Code, Answer>, table: string): string {
  const codes = Object.entries(CODES) as [Code, (typeof CODES)[Code]][]
  const rows = codes.map(
    ([code, { status, retryable, title }]) =>
      `| ${status} | [\`${code}\`](#${code.toLowerCase()}) | ${title} | ${retryable ? 'yes' : 'no'} |`,
  )
  const sections = codes.map(([code, { status }]) => {
    const example = examples.get(code)
    const retryAfter = example?.headers.get('retry-after')
    return `### ${code}

\`\`\`http
HTTP/1.1 ${status}
content-type: application/problem+json
${retryAfter === null || retryAfter === undefined ? '' : `retry-after: ${retryAfter}\n`}
${steady(JSON.stringify(example?.body, null, 2), table)}
\`\`\`
`
  })
  return `# Errors

Every error is an answer of the type \`application/problem+json\` (RFC 9457), whatever \`Accept\` says. Its \`code\`
is one of this page's, its \`detail\` says what happened this time, in DynamoDB's own words where DynamoDB refused
the request. \`retryable\` says whether the same request may succeed later; answers with the status 429, 503 and
504 say in \`Retry-After\` after how many seconds at the earliest. \`attempts\` is how often DynamoDB was asked, and
\`dynamodbRequestId\` what DynamoDB's support asks for.

\`maybeApplied\` says whether the write, or a part of the batch, may have been applied all the same; \`detail\` says it
too. It is true where an answer of DynamoDB was lost, and where an earlier attempt got none and a later one was
refused. Then make sure that doing it twice does no harm before you send it again: a put or a delete without a
condition, and a transaction with the \`Idempotency-Key\` that this answer brought, are safe as long as nobody else
writes the item. An update that counts is not, nor is a write that asks for the old item; the service does not send
them again itself, and \`retryable\` is false. [reliability.md](reliability.md) has the whole table.

| status | code | meaning | retry |
|---|---|---|---|
${rows.join('\n')}

\`TransactionCanceledException\` is \`retryable\` if all its reasons may pass, such as \`TransactionConflict\`.
\`UpstreamError\` is, if DynamoDB's answer was damaged rather than a refusal of the service's credentials.

The examples are answers of the service, written down by its tests.

${sections.join('\n')}`
}

/** An example without what is another each time. */
function steady(text: string, table: string): string {
  return text
    .replaceAll(table, 'Users')
    .replace(/("requestId": )"[^"]*"/, '$1"7d5a…"')
    .replace(/("dynamodbRequestId": )"[^"]*"/, '$1"5LG3…"')
}
