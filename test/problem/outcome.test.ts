/** Unknown outcomes: whether a write may have been applied, as the problem says it. */
import t from 'tap'
import { DOCUMENT, startService } from '../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { PATIENCE } from '../helpers/within.js'

const put = '/v1/tables/T/put'
const get = '/v1/tables/T/get'
const UNKNOWN = /It is unknown whether the write was applied\./

t.test('a problem says whether the write may have been applied', async (t) => {
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
  t.match(throttled.body, {
    status: 429,
    detail: 'slow down. Send the request again after the time in Retry-After.',
    attempts: 5,
    maybeApplied: false,
  })

  const doubtful = await when((_received, response, number) => {
    if (number === 1) response.socket?.destroy()
    else refuse(response, 400, 'ConditionalCheckFailedException', 'The conditional request failed')
  }, put)
  t.match(doubtful.body, {
    status: 412,
    attempts: 2,
    maybeApplied: true,
    detail:
      'The conditional request failed. An earlier attempt was not answered and may have been applied. Read the item to decide what to do.',
  })
})

t.test('a write that is not idempotent is not retried when it may have been applied', async (t) => {
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
      'DynamoDB is unavailable. It is unknown whether the write was applied. ' +
      'The service did not send it again, because applying it twice differs from applying it once. ' +
      'Read the item to find out, before you send the request again.',
  })
  t.equal(dynamodb.requests.length, 1)

  dynamodb.behave = (_received, response, number) => {
    if (number < 4) refuse(response, 400, 'ThrottlingException')
    else answer(response, {})
  }
  t.equal(
    (await service.post('/v1/tables/T/update', counting)).status,
    200,
    'a throttled attempt was not applied',
  )
})

t.test('maybeApplied survives every later error of the same call', async (t) => {
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
    detail: /It may have been applied\. Send only the listed entry again\.$/,
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
    t.match(body, { status, maybeApplied: true, detail: /may have been applied|unknown whether/ }, name)
  }
})

t.test('a caller that hangs up cancels the call to DynamoDB', async (t) => {
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
