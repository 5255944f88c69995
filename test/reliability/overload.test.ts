/** Load shedding: excess requests are refused at once with Retry-After, and their slots are freed. */
import { request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { startService } from '../helpers/service.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { within } from '../helpers/within.js'

const get = '/v1/tables/T/get'
const key = { key: { id: 'a' } }

t.test(
  'a request beyond MAX_CONCURRENT_REQUESTS is refused at once, and admitted when a slot is free',
  async (t) => {
    const held: ServerResponse[] = []
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      held.push(response)
    })
    const service = await startService(t, { maxConcurrentRequests: 10 }, dynamodb.endpoint)
    const calls = Array.from({ length: 10 }, () => service.post(get, key))
    await within(5000, () => held.length === 10)

    const refused = await Promise.all(
      Array.from({ length: 50 }, (_, n) => service.post(get, key, { 'x-request-id': `refused-${n}` })),
    )
    for (const [n, { status, headers, body }] of refused.entries()) {
      t.equal(status, 503)
      t.equal(headers.get('retry-after'), '1')
      t.equal(headers.get('content-type'), 'application/problem+json')
      t.equal(headers.get('x-request-id'), `refused-${n}`)
      t.match(body, {
        code: 'ServiceUnavailable',
        detail:
          'The service is overloaded. The request was not processed. Send the request again after the time in Retry-After.',
        instance: get,
        requestId: `refused-${n}`,
        retryable: true,
        maybeApplied: false,
      })
    }
    t.equal(dynamodb.requests.length, 10, 'no refused request reaches DynamoDB')
    t.equal((await service.get('/health/live')).status, 200, 'health checks are still answered')
    await within(5000, () => service.log.some(({ refused }) => refused === 50))
    t.equal(
      service.log.filter(({ refused }) => refused !== undefined).length,
      1,
      'one log line reports all of them',
    )

    dynamodb.behave = (_received, response) => {
      answer(response, { Item: { id: { S: 'a' } } })
    }
    for (const response of held) answer(response, { Item: { id: { S: 'a' } } })
    for (const { status } of await Promise.all(calls)) t.equal(status, 200)
    const after = await Promise.all(Array.from({ length: 10 }, () => service.post(get, key)))
    for (const { status } of after) t.equal(status, 200)
  },
)

t.test('callers that hang up free their slots', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, { maxConcurrentRequests: 10 }, dynamodb.endpoint)
  const gone = new AbortController()
  const calls = Array.from({ length: 10 }, () =>
    fetch(service.url + get, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(key),
      signal: gone.signal,
    }),
  )
  await within(5000, () => dynamodb.requests.length === 10)
  gone.abort()
  for (const call of calls) await t.rejects(call)
  dynamodb.behave = (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  }
  t.ok(await within(2000, async () => (await service.post(get, key)).status === 200))
})

t.test(
  'unknown routes, unsupported methods and callers that hang up on pipelined requests leak no slots',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, () => undefined)
    const service = await startService(t, { maxConcurrentRequests: 10 }, dynamodb.endpoint)
    for (let n = 0; n < 20; n++) {
      t.equal((await service.post('/health/nowhere', {})).status, 404)
      t.equal((await service.post('/health/live', {})).status, 405)
    }

    const body = JSON.stringify(key)
    const one =
      `POST ${get} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`
    const { hostname, port } = new URL(service.url)
    const sockets = [1, 2].map(() => connect(Number(port), hostname))
    for (const socket of sockets) socket.write(one.repeat(5))
    t.ok(await within(5000, () => dynamodb.requests.length === 10))
    for (const socket of sockets) socket.destroy()
    const given = () => dynamodb.requests.every(({ ended }) => ended !== undefined)
    t.ok(await within(2000, given), 'all calls are cancelled')

    dynamodb.behave = (_received, response) => {
      setTimeout(() => {
        answer(response, { Item: { id: { S: 'a' } } })
      }, 100)
    }
    const after = await Promise.all(Array.from({ length: 10 }, () => service.post(get, key)))
    for (const { status } of after) t.equal(status, 200)
  },
)

t.test('bodies that together exceed 8 times the limit of one are refused, across connections', async (t) => {
  const LIMIT = 100_000
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(
    t,
    { bodyLimitBytes: LIMIT, batchBodyLimitBytes: LIMIT },
    dynamodb.endpoint,
  )
  const item = JSON.stringify({ item: { id: 'a', long: 'x'.repeat(LIMIT - 100) } })
  const upload = () => {
    const upload = request(`${service.url}/v1/tables/T/put`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    })
    const status = new Promise<number | undefined>((resolve, reject) => {
      upload.once('response', ({ statusCode }) => {
        resolve(statusCode)
      })
      upload.once('error', reject)
    })
    upload.write(item.slice(0, -1))
    return { status, finish: () => upload.end('}') }
  }
  const slow = Array.from({ length: 8 }, upload)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const late = upload()
  t.equal(await late.status, 503)
  late.finish()
  for (const { finish } of slow) finish()
  for (const { status } of slow) t.equal(await status, 200)
  t.equal((await service.post('/v1/tables/T/put', item)).status, 200)
})
