/** Errors of DynamoDB as callers see them: malformed responses, refusals under any name, and Retry-After. */
import t from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { NDJSON, startService } from '../helpers/service.js'

const put = '/v1/tables/T/put'
const get = '/v1/tables/T/get'

t.test('a malformed response of DynamoDB is not passed on', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, '{"Item":{"id":"no type"}}')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { body } = await service.post(get, { key: { id: 'a' } })
  t.match(body, { status: 502, code: 'UpstreamError' })
})

t.test('an unknown exception of DynamoDB is passed on with its name', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, 'SomethingNewException', 'never seen')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  t.match((await service.post(put, { item: { id: 'a' } })).body, {
    status: 400,
    code: 'ValidationException',
    detail: 'SomethingNewException: never seen',
  })
  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'SerializationException', 'bad')
  }
  t.match((await service.post(put, { item: { id: 'a' } })).body, {
    code: 'ValidationException',
    detail: 'bad',
  })
})

t.test(
  'exceptions under other names get the right status, and account ids and ARNs stay private',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, () => undefined)
    const service = await startService(t, { maxAttempts: 1 }, dynamodb.endpoint)
    const cases: [name: string, status: number, code: string][] = [
      ['SignatureDoesNotMatch', 502, 'UpstreamError'],
      ['RequestExpired', 502, 'UpstreamError'],
      ['InvalidClientTokenId', 502, 'UpstreamError'],
      ['NotAuthorized', 502, 'UpstreamError'],
      ['KMSAccessDeniedException', 502, 'UpstreamError'],
      ['Throttling', 429, 'ThrottlingException'],
      ['SlowDown', 429, 'ThrottlingException'],
    ]
    for (const [name, status, code] of cases) {
      dynamodb.behave = (_received, response) => {
        refuse(response, 400, name, 'arn:aws:iam::123456789012:user/secret')
      }
      const { body } = await service.post(put, { item: { id: 'a' } })
      t.match(body, { status, code }, name)
      if (status === 502) t.notMatch(JSON.stringify(body), /123456789012/, name)
    }
    dynamodb.behave = (_received, response) => response.writeHead(413).end()
    t.match((await service.post(put, { item: { id: 'a' } })).body, { status: 413, code: 'PayloadTooLarge' })
  },
)

t.test('an error of DynamoDB is passed on without the parts that cannot be read', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  const cases: [name: string, members: object, status: number][] = [
    ['ConditionalCheckFailedException', { Item: null }, 412],
    ['ConditionalCheckFailedException', { Item: { a: { X: 1 } } }, 412],
    ['TransactionCanceledException', { CancellationReasons: null }, 409],
    [
      'TransactionCanceledException',
      { CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: null }] },
      409,
    ],
    ['TransactionCanceledException', { CancellationReasons: [null] }, 409],
  ]
  for (const [name, members, status] of cases) {
    dynamodb.behave = (_received, response) => {
      refuse(response, 400, name, 'told', { members })
    }
    // Not by the helper: a problem without the unreadable parts does not match openapi.yaml.
    const answer = await fetch(service.url + put, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"item":{"id":"a"}}',
    })
    const body = (await answer.json()) as object
    t.match(body, { status, code: name, detail: 'told' })
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
    t.notOk('item' in body)
  }
})

t.test('Retry-After repeats the wait that DynamoDB asks for, in whole seconds', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { 'x-amz-retry-after': '61500' } })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, headers } = await service.post(put, { item: { id: 'a' } })
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '62')
})

t.test('exceptions of DynamoDB with unusual names are never taken for errors of the service', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  for (const name of [
    'toString',
    'constructor',
    '__proto__',
    'InternalError',
    'RouteNotFound',
    'Forbidden',
  ]) {
    dynamodb.behave = (_received, response) => {
      refuse(response, 400, name, 'told')
    }
    const { status, body } = await service.post(put, { item: { id: 'a' } })
    t.match({ status, ...body }, { status: 400, code: 'ValidationException', detail: `${name}: told` })
  }
})

t.test(
  'an exception of DynamoDB with a body that is nested too deeply is passed on without it',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      const reasons = '['.repeat(1000) + ']'.repeat(1000)
      response.writeHead(400)
      response.end(`{"__type":"a#ValidationException","message":"told","CancellationReasons":${reasons}}`)
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    const { status, body } = await service.post(put, { item: { id: 'a' } })
    t.match({ status, ...body }, { status: 400, code: 'ValidationException', detail: 'told' })
  },
)

t.test('a wait that no client would honor is shortened to an hour', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  for (const [name, value] of [
    ['retry-after', '99999999999999999999'],
    ['retry-after', 'Wed, 25 Nov 9999 00:00:00 GMT'],
    ['x-amz-retry-after', 'Infinity'],
  ] as const) {
    dynamodb.behave = (_received, response) => {
      refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { [name]: value } })
    }
    t.equal((await service.post(put, { item: { id: 'a' } })).headers.get('retry-after'), '3600')
  }
})

t.test('a description of a table that cannot be read stops an import with 502', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, '{"Table":{"KeySchema":1}}')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, body } = await service.post('/v1/tables/T/import', '{"id":"a"}', {
    'content-type': NDJSON,
  })
  t.match(
    { status, ...body },
    { status: 502, code: 'UpstreamError', line: 1, written: 0, maybeApplied: false },
  )
})

t.test('an answer of DynamoDB that is nested without end is malformed', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, `{"ConsumedCapacity":${'[{"a":'.repeat(10_000)}1${'}]'.repeat(10_000)}}`)
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, body } = await service.post(put, { item: { id: 'a' } })
  t.match({ status, ...body }, { status: 502, code: 'UpstreamError', maybeApplied: true })
})

t.test('cancellation reasons come back with a bounded message', async (t) => {
  const long = 'x'.repeat(100_000)
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    const CancellationReasons = [{ Code: long, Message: long }, { Code: 'None' }]
    refuse(response, 400, 'TransactionCanceledException', long, { members: { CancellationReasons } })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { text, body } = await service.post('/v1/transact/write', {
    transactItems: [{ put: { tableName: 'T', item: { id: 'a' } } }],
  })
  t.ok(text.length < 5000)
  t.match(body, { code: 'TransactionCanceledException', cancellationReasons: [{}, { code: 'None' }] })
})
