/** What callers are told of failures that leave something open, and what the log is told. */
import t from 'tap'
import { DOCUMENT, startService, TYPED } from '../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { PATIENCE } from '../helpers/within.js'

const put = '/v1/tables/T/put'
const get = '/v1/tables/T/get'
const UNKNOWN = /It is not known whether the write was applied\./

t.test('an answer says whether a write may have been applied', async (t) => {
  const when = async (behave: Behavior, path: string, settings = {}) => {
    const dynamodb = await startFakeDynamoDB(t, behave)
    const service = await startService(t, settings, dynamodb.endpoint)
    return service.post(path, path === get ? { key: { id: 'a' } } : { item: { id: 'a' } })
  }
  const silent: Behavior = () => undefined
  const broken: Behavior = (_received, response) => response.socket?.destroy()
  const nonsense: Behavior = (_received, response) => response.end('hello')
  const corrupt: Behavior = (_received, response) => {
    answer(response, {}, { 'x-amz-crc32': '1' })
  }

  for (const [behave, status, code] of [
    [silent, 504, 'UpstreamTimeout'],
    [broken, 503, 'ServiceUnavailable'],
    [nonsense, 502, 'UpstreamError'],
    [corrupt, 502, 'UpstreamError'],
  ] as const) {
    const settings = behave === silent ? { requestTimeoutMs: 300 * PATIENCE } : {}
    const written = await when(behave, put, settings)
    t.match(written.body, { status, code, retryable: true, maybeApplied: true, detail: UNKNOWN })
    const read = await when(behave, get, settings)
    t.match(read.body, { status, code, maybeApplied: false })
    t.notMatch(read.body['detail'], UNKNOWN)
  }

  const throttled = await when((_received, response) => {
    refuse(response, 400, 'ThrottlingException', 'slow down')
  }, put)
  t.match(throttled.body, { status: 429, detail: 'slow down', attempts: 5, maybeApplied: false })

  const doubtful = await when((_received, response, number) => {
    if (number === 1) response.socket?.destroy()
    else refuse(response, 400, 'ConditionalCheckFailedException', 'The conditional request failed')
  }, put)
  t.match(doubtful.body, {
    status: 412,
    attempts: 2,
    maybeApplied: true,
    detail:
      'The conditional request failed. An earlier attempt of this call was not answered and may have been applied.',
  })
})

t.test('a write that must not be done twice is not sent again when it may have been applied', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const counting = {
    key: { id: 'a' },
    updateExpression: 'ADD n :one',
    expressionAttributeValues: { ':one': 1 },
  }
  const { body } = await service.post('/v1/tables/T/update', counting)
  t.match(body, {
    status: 503,
    retryable: false,
    maybeApplied: true,
    attempts: 1,
    detail:
      'DynamoDB is not available. It is not known whether the write was applied. ' +
      'It was not sent again, because doing it twice would not be the same as once.',
  })
  t.equal(dynamodb.requests.length, 1)

  dynamodb.behave = (_received, response, number) => {
    if (number < 4) refuse(response, 400, 'ThrottlingException')
    else answer(response, {})
  }
  t.equal((await service.post('/v1/tables/T/update', counting)).status, 200, 'throttling leaves nothing open')
})

t.test('what may have been applied is said, whatever came after it', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, { maxAttempts: 3 }, dynamodb.endpoint)
  const batch = { requestItems: { T: [{ putRequest: { item: { id: 'a' } } }] } }

  let first = true
  dynamodb.behave = (received, response) => {
    if (first) response.socket?.destroy()
    else answer(response, { UnprocessedItems: received.body['RequestItems'] })
    first = false
  }
  t.match((await service.post('/v1/batch/write', batch)).body, {
    code: 'BatchIncomplete',
    maybeApplied: true,
    detail: /Some of them may have been applied/,
  })
  t.match((await service.post('/v1/batch/write', batch)).body, {
    code: 'BatchIncomplete',
    maybeApplied: false,
  })

  dynamodb.behave = (_received, response) => {
    answer(response, { ConsumedCapacity: null, UnprocessedItems: {} })
  }
  t.equal((await service.post('/v1/batch/write', batch)).status, 200)

  dynamodb.behave = (_received, response) => {
    answer(response, { Attributes: { n: 'no type' } })
  }
  const done = await service.post('/v1/tables/T/update', {
    key: { id: 'a' },
    updateExpression: 'ADD n :one',
    expressionAttributeValues: { ':one': 1 },
    returnValues: 'ALL_NEW',
  })
  t.match(done.body, { code: 'UpstreamError', retryable: false, maybeApplied: true })

  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'TransactionInProgressException')
  }
  const transaction = { transactItems: [{ delete: { tableName: 'T', key: { id: 'a' } } }] }
  t.match((await service.post('/v1/transact/write', transaction)).body, {
    code: 'TransactionInProgressException',
    maybeApplied: true,
  })

  for (const [name, status] of [
    ['SlowDown', 429],
    ['SomethingNewException', 400],
    ['RequestTimeout', 504],
  ] as const) {
    first = true
    dynamodb.behave = (_received, response) => {
      if (first) response.socket?.destroy()
      else refuse(response, 400, name)
      first = false
    }
    const { body } = await service.post(put, { item: { id: 'a' } })
    t.match(body, { status, maybeApplied: true, detail: /may have been applied|not known whether/ }, name)
  }
})

t.test('an answer that is not what it should be is not passed on', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, '{"Item":{"id":"no type"}}')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { body } = await service.post(get, { key: { id: 'a' } })
  t.match(body, { status: 502, code: 'UpstreamError' })
})

t.test('refusals of DynamoDB that have no code of their own are passed on with their names', async (t) => {
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
  'refusals under other names are what they are, and keep accounts and roles to themselves',
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

t.test('an error of DynamoDB’s is told also if what it brings cannot be read', async (t) => {
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
    // Not by the helper, which would find that what cannot be read is not as openapi.yaml says.
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

t.test('Retry-After is DynamoDB’s, in whole seconds', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { 'x-amz-retry-after': '61500' } })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, headers } = await service.post(put, { item: { id: 'a' } })
  t.equal(status, 503)
  t.equal(headers.get('retry-after'), '62')
})

t.test('an unfinished batch lists what is left in the representation of the answer', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    const requestItems = received.body['RequestItems'] as Record<string, unknown>
    const left = received.operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems'
    answer(response, { [left]: requestItems, ...(left === 'UnprocessedKeys' && { Responses: {} }) })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const requestItems = '{"T":[{"putRequest":{"item":{"n":1.50,"b":{"$binary":"AA=="}}}}]}'
  const written = await service.post('/v1/batch/write', `{"requestItems":${requestItems}}`)
  t.equal(written.status, 503)
  t.match(written.body, { code: 'BatchIncomplete', retryable: true })
  t.ok(written.text.includes(`"unprocessedItems":${requestItems}`), 'to be sent again as it stands')
  t.equal(written.headers.get('retry-after'), '1')

  const keys = { T: { keys: [{ id: { S: 'a' } }], consistentRead: true } }
  const read = await service.post(
    '/v1/batch/get',
    { requestItems: keys },
    { 'content-type': TYPED, accept: TYPED },
  )
  t.match(read.body, { code: 'BatchIncomplete', responses: { T: [] }, unprocessedKeys: keys })

  const failed = service.log.filter(({ statusCode }) => statusCode === 503)
  t.equal(failed.length, 2)
  t.notMatch(JSON.stringify(failed), /1\.50|AA==/, 'what callers store does not get into the log')
})

t.test('an unfinished batch lists what is left even if what it found cannot be read', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    answer(response, { Responses: { T: [{ a: { X: 1 } }] }, UnprocessedKeys: received.body['RequestItems'] })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const keys = { T: { keys: [{ id: 'a' }] } }
  const { body } = await service.post('/v1/batch/get', { requestItems: keys })
  t.match(body, { status: 503, code: 'BatchIncomplete', unprocessedKeys: keys })
  t.notOk('responses' in body)
})

t.test('a batch that broke off is BatchIncomplete, whatever broke it', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const requestItems = { T: [{ putRequest: { item: { id: 'a' } } }] }
  const { body } = await service.post('/v1/batch/write', { requestItems })
  t.match(body, { status: 503, code: 'BatchIncomplete', attempts: 5, unprocessedItems: requestItems })
})

t.test('a caller that hangs up is not waited for', async (t) => {
  let closed: () => void = () => undefined
  const upstreamClosed = new Promise<void>((resolve) => (closed = resolve))
  const gone = new AbortController()
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    response.on('close', closed)
    gone.abort()
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const call = fetch(service.url + put, {
    method: 'POST',
    body: '{"item":{"id":"a"}}',
    headers: { 'content-type': DOCUMENT },
    signal: gone.signal,
  })
  await t.rejects(call)
  await upstreamClosed
  t.equal(dynamodb.requests.length, 1)
})
