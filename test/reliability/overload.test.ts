/** Load shedding: excess requests are refused at once with Retry-After, and their slots are freed. */
import { once } from 'node:events'
import { request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll, speak, statusesIn } from '../helpers/raw-http.js'
import { NDJSON, startService } from '../helpers/service.js'
import { slowdown } from '../helpers/machine-speed.js'
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
    // One line a second; on a busy machine, the requests take longer than that to arrive.
    const reported = () =>
      service.log.flatMap(({ refused }) => (typeof refused === 'number' ? [refused] : []))
    const sum = () => reported().reduce((total, refused) => total + refused, 0)
    t.ok(await within(5000, () => sum() === 50), 'the log reports all of them')
    t.ok(reported().length <= slowdown(), `in ${reported().length} lines, not in 50`)

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
    t.ok(await within(2000, given), 'all calls are canceled')

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
  t.equal(
    (await service.post('/v1/tables/T/put', { item: { id: 'a' } })).status,
    200,
    'a small body has room',
  )
  late.finish()
  for (const { finish } of slow) finish()
  for (const { status } of slow) t.equal(await status, 200)
  t.equal((await service.post('/v1/tables/T/put', item)).status, 200)
})

const HEAD = `POST ${get} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`

t.test('a body that arrives byte by byte does not take two hundred times its size in memory', async (t) => {
  const SIZE = 1_000_000
  // On a busy machine, a million chunks take longer than the default.
  const service = await startService(t, { requestTimeoutMs: 600_000 }, 'http://127.0.0.1:1')
  const socket = await openSocket(t, service)
  const before = process.memoryUsage()
  socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`)
  const piece = Buffer.from('1\r\n \r\n'.repeat(1000))
  for (let sent = 0; sent < SIZE; sent += 1000) if (!socket.write(piece)) await once(socket, 'drain')
  socket.write('0\r\n')
  await within(100_000, () => socket.writableLength === 0)
  await sleep(500)
  const { heapUsed, external } = process.memoryUsage()
  const grown = heapUsed + external - before.heapUsed - before.external
  // Garbage that has not been collected yet is a part of it.
  t.ok(grown < 200 * SIZE, `${(grown / 1e6).toFixed()} MB for a body of 1 MB`)
  socket.write('\r\n')
  t.equal(statusesIn(await readSome(socket))[0], 400)
})

t.test('clients that send headers and one byte of a body hold no slots', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  })
  const service = await startService(t, { maxConcurrentRequests: 5 }, dynamodb.endpoint)
  const slow = await Promise.all(Array.from({ length: 50 }, () => openSocket(t, service)))
  for (const socket of slow) socket.write(`${HEAD}content-length: 20\r\n\r\n{`)
  await sleep(300)
  for (let n = 0; n < 10; n++) t.equal((await service.post(get, key)).status, 200)

  const [first] = slow
  first?.write('"key":{"id":"a"}}  ')
  const texts: string[] = []
  first?.on('data', (chunk: Buffer) => texts.push(chunk.toString()))
  t.ok(await within(5000, () => texts.join('').includes('200 OK')), 'a body that has arrived is served')
})

t.test('streams have slots of their own, MAX_CONCURRENT_STREAMS', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') {
      answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
    } else if (operation === 'GetItem') answer(response, { Item: { id: { S: 'a' } } })
  })
  const settings = { maxConcurrentRequests: 4, maxConcurrentStreams: 2 }
  const service = await startService(t, settings, dynamodb.endpoint)
  const begin = async () => {
    const socket = await openSocket(t, service)
    socket.write(
      `${HEAD.replace('get', 'import').replace('application/json', NDJSON)}transfer-encoding: chunked\r\n\r\n`,
    )
    return socket
  }
  const stream = await begin()
  const scan = new AbortController()
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: NDJSON },
    body: '{}',
    signal: scan.signal,
  }
  const lines = fetch(`${service.url}/v1/tables/T/scan`, init)
  await within(5000, () => dynamodb.requests.some(({ operation }) => operation === 'Scan'))

  t.same(statusesIn(await readSome(await begin())), [503], 'no third stream')
  for (let n = 0; n < 10; n++) t.equal((await service.post(get, key)).status, 200)

  scan.abort()
  await t.rejects(lines)
  stream.destroy()
  const imported = () => service.post('/v1/tables/T/import', '', { 'content-type': NDJSON })
  t.ok(await within(5000, async () => (await imported()).status === 200), 'their slots are free again')
})

t.test('a caller that does not read its answer is disconnected, and frees its slot', async (t) => {
  const Items = Array.from({ length: 40 }, (_, n) => ({
    id: { S: String(n) },
    long: { S: 'x'.repeat(300_000) },
  }))
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'Scan' ? { Items } : { Item: { id: { S: 'a' } } })
  })
  const settings = { maxConcurrentRequests: 1, requestTimeoutMs: 1500 }
  const service = await startService(t, settings, dynamodb.endpoint)
  const socket = await openSocket(t, service)
  socket.pause()
  socket.write(`${HEAD.replace('get', 'scan')}content-length: 2\r\n\r\n{}`)
  t.ok(await within(5000, async () => (await service.post(get, key)).status === 503))
  t.ok(await within(30_000, async () => (await service.post(get, key)).status === 200))
  socket.resume()
  const text = await readAll(socket)
  t.ok(text.length < 12_000_000, 'the answer is cut off')
})

t.test(
  'connections beyond MAX_CLIENT_CONNECTIONS_PER_ADDRESS get 503, and health checks are answered',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      answer(response, { Item: { id: { S: 'a' } } })
    })
    const service = await startService(t, { maxClientConnectionsPerAddress: 5 }, dynamodb.endpoint)
    const sockets = await Promise.all(Array.from({ length: 5 }, () => openSocket(t, service)))

    const request = `${HEAD}content-length: 18\r\n\r\n{"key":{"id":"a"}}`
    const text = await speak(t, service, request + request)
    t.same(statusesIn(text), [503])
    t.match(text, /^retry-after: 1\r\n/im)
    t.match(text, /^connection: close\r\n/im)
    t.match(text, /"code":"ServiceUnavailable"/)
    t.same(statusesIn(await speak(t, service, 'GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')), [200])
    t.equal(await readAll(await openSocket(t, service)), '', 'one without a request is closed soon')
    t.equal(dynamodb.requests.length, 0)

    for (const socket of sockets) socket.destroy()
    t.ok(await within(5000, async () => (await service.post(get, key)).status === 200))
  },
)

t.test('connections beyond MAX_CLIENT_CONNECTIONS leave nothing behind', async (t) => {
  const service = await startService(t, { maxClientConnections: 1 }, 'http://127.0.0.1:1')
  const first = await openSocket(t, service)
  for (let round = 0; round < 4; round++) {
    const more = await Promise.all(Array.from({ length: 500 }, () => openSocket(t, service)))
    for (const socket of more) socket.destroy()
  }
  first.destroy()
  t.ok(
    await within(
      10_000,
      async () => (await service.get('/v1/unknown').catch(() => undefined))?.status === 404,
    ),
  )
})

/** The beginning of an answer, on a connection that stays open. */
async function readSome(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}
