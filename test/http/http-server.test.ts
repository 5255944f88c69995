/** HTTP requests below the routes: request targets, malformed HTTP and request ids, over a raw socket where needed. */
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll, speak, statusesIn } from '../helpers/raw-http.js'
import { startService, TYPED } from '../helpers/service.js'
import { within } from '../helpers/within.js'

t.test('HTTP requests', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { bodyLimitBytes: 100_000 }, dynamodb.endpoint)
  const put = '/v1/tables/T/put'
  const item = { id: 'a' }

  t.test('a body without Content-Type is read as document JSON', async (t) => {
    const raw = await speak(
      t,
      service,
      `POST ${put} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 19\r\n\r\n{"item":{"id":"a"}}`,
    )
    t.match(raw, /^HTTP\/1\.1 200 /)
  })

  t.test('a request target may be an absolute URL or be percent-encoded without need', async (t) => {
    for (const target of [`http://localhost${put}`, put.replace('v', '%76')]) {
      const raw = await speak(
        t,
        service,
        `POST ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${TYPED}\r\ncontent-length: 25\r\n\r\n{"item":{"id":{"S":"a"}}}`,
      )
      t.match(raw, /^HTTP\/1\.1 200 /, target)
      t.match(raw, `content-type: ${TYPED}`, target)
    }
    const wrong = await speak(
      t,
      service,
      'GET http://localhost/secret?x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    )
    t.match(wrong, /"instance":"\/secret"/)
  })

  t.test('a path with invalid percent-encoding gets 400 with a problem', async (t) => {
    const { status, body, headers } = await service.post('/v1/tables/%zz/put', { item })
    t.equal(status, 400)
    t.equal(headers.get('x-request-id'), body['requestId'])
    t.equal(service.log.filter(({ requestId }) => requestId === body['requestId']).length, 1)
    t.match(body, { code: 'InvalidRequest' })
  })

  t.test('malformed HTTP gets 400 with a problem and a closed connection', async (t) => {
    const raw = await speak(t, service, 'NONSENSE\r\n\r\n')
    t.match(raw, /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.match(raw, /content-type: application\/problem\+json/)
    t.match(raw, /"code":"InvalidRequest"/)
  })

  t.test('headers that are too large get 431', async (t) => {
    const raw = await speak(
      t,
      service,
      `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`,
    )
    t.match(raw, /^HTTP\/1\.1 431 .*"code":"HeadersTooLarge"/s)
  })

  t.test('an unsupported expectation gets 417, and 100-continue is granted before the answer', async (t) => {
    const expecting = (expect: string) =>
      speak(
        t,
        service,
        `POST ${put} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: ${expect}\r\ncontent-length: 19\r\n\r\n{"item":{"id":"a"}}`,
      )
    const raw = await expecting('x')
    t.match(raw, /^HTTP\/1\.1 417 .*content-type: application\/problem\+json.*"code":"ExpectationFailed"/s)
    t.match(raw, /^x-request-id: \S+\r\n/m)
    t.same(statusesIn(await expecting('100-continue')), [100, 200])
  })

  t.test('a pipelined request that expects 100-continue does not damage the answers', async (t) => {
    const earlier = dynamodb.requests.length
    const request = (path: string, headers: string) =>
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}content-length: 19\r\n\r\n{"item":{"id":"a"}}`
    const raw = await speak(
      t,
      service,
      request(put, '') + request('/none', 'expect: 100-continue\r\n') + request(put, ''),
    )
    t.same(statusesIn(raw), [200, 404])
    t.match(raw, /connection: close\r\n/i, 'the last one that is answered says so')
    t.match(raw, /content-length: \d+\r\n[^{]*\r\n\r\n\{"type"/i, 'the body follows its headers')
    t.equal(dynamodb.requests.length - earlier, 1, 'what is not answered is not done')
  })

  t.test('a valid x-request-id is kept, and an invalid one is replaced', async (t) => {
    const sane = await service.post(put, { item }, { 'x-request-id': 'trace-1/a:b.c_d=+@' })
    t.equal(sane.headers.get('x-request-id'), 'trace-1/a:b.c_d=+@')
    for (const id of ['', 'with space', 'x'.repeat(129), '"quoted"', '<script>']) {
      const { headers } = await service.post(put, { item }, { 'x-request-id': id })
      t.match(headers.get('x-request-id'), /^[0-9a-f-]{36}$/)
    }
    const problem = await service.post(put, {}, { 'x-request-id': 'mine' })
    t.equal(problem.body['requestId'], 'mine')
    t.match(
      service.log.filter(({ requestId }) => requestId === 'mine'),
      [{ status: 400, code: 'InvalidRequest', method: 'POST', table: 'T', durationMs: Number }],
    )
  })
})

const GOOD =
  'POST /v1/tables/T/put HTTP/1.1\r\nhost: localhost\r\ncontent-length: 19\r\n\r\n{"item":{"id":"a"}}'

t.test('answers that are owed are sent before the connection closes', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    setTimeout(() => {
      answer(response, {})
    }, 150)
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const final = (text: string) => statusesIn(text).filter((status) => status >= 200)

  t.test('after garbage, which gets 400', async (t) => {
    const text = await speak(t, service, `${GOOD}${GOOD}NONSENSE\r\n\r\n`)
    t.same(statusesIn(text), [200, 200, 400])
    t.equal(text.match(/^connection: close/gim)?.length, 1)
  })
  t.test('after a half-close (nc -N)', async (t) => {
    const text = await speak(t, service, GOOD + GOOD, true)
    t.same(final(text), [200, 200])
    t.match(text, /connection: close/i)
  })
  t.test('after a half-close over HTTP/1.0, which has no interim responses', async (t) => {
    t.same(statusesIn(await speak(t, service, GOOD.replace('1.1', '1.0'), true)), [200])
  })
  t.test('after a half-close in the middle of the next body, which gets 400', async (t) => {
    t.same(final(await speak(t, service, GOOD + GOOD.slice(0, -1), true)), [200, 400])
  })
  t.test('after a broken chunk in the next request, which gets 400', async (t) => {
    const chunked = GOOD.replace('content-length: 19', 'transfer-encoding: chunked')
    t.same(final(await speak(t, service, GOOD + chunked)), [200, 400])
  })
  t.test('after CONNECT, which gets 405', async (t) => {
    const text = await speak(t, service, `${GOOD}CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n`)
    t.same(final(text), [200, 405])
  })
  t.test('and nothing is done after a request that closes the connection', async (t) => {
    dynamodb.requests.length = 0
    t.same(final(await speak(t, service, GOOD.replace('\r\n', '\r\nconnection: close\r\n') + GOOD)), [200])
    t.same(final(await speak(t, service, GOOD.replace('\r\n', '\r\nexpect: x\r\n') + GOOD)), [417])
    t.equal(dynamodb.requests.length, 1)
  })
})

t.test('a caller that hangs up cancels its requests, also if it looks like a half-close', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  const socket = await openSocket(t, service)
  socket.write(GOOD)
  await within(5000, () => dynamodb.requests.length === 1)
  socket.destroy()
  t.ok(await within(5000, () => dynamodb.requests[0]?.ended !== undefined))
  t.ok(await within(5000, () => service.log.some(({ msg }) => msg === 'the caller disconnected')))
})

t.test('requests that arrive too slowly get 408', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { requestTimeoutMs: 600 }, dynamodb.endpoint)
  const drip = async (start: string, drop: string) => {
    const socket = await openSocket(t, service)
    socket.write(start)
    const dripping = setInterval(() => socket.write(drop), 50)
    const text = await readAll(socket)
    clearInterval(dripping)
    return text
  }
  const head = GOOD.slice(0, GOOD.indexOf('\r\n\r\n') + 2)
  const [headers, body, none, afterGood] = await Promise.all([
    drip(head, 'x: y\r\n'),
    drip(`${head.replace('19', '100000')}\r\n`, ' '),
    drip('', ''),
    drip(GOOD + head, 'x: y\r\n'),
  ])
  for (const text of [headers, body, none]) {
    t.match(text, /^HTTP\/1\.1 408 .*content-type: application\/problem\+json.*"code":"RequestTimeout"/s)
    t.match(text, /^connection: close\r\n/im)
  }
  t.match(body, /REQUEST_TIMEOUT_MS/)
  t.same(statusesIn(afterGood), [200, 408])
})

t.test('a body below MIN_BODY_BYTES_PER_SECOND gets 408 after 5 seconds', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { minBodyBytesPerSecond: 1000 }, dynamodb.endpoint)
  const socket = await openSocket(t, service)
  socket.write(`${GOOD.slice(0, GOOD.indexOf('\r\n\r\n') + 4).replace('19', '1000000')}{`)
  const dripping = setInterval(() => socket.write(' '), 100)
  const text = await readAll(socket)
  clearInterval(dripping)
  t.match(text, /^HTTP\/1\.1 408 .*MIN_BODY_BYTES_PER_SECOND/s)
  t.equal(dynamodb.requests.length, 0)
})
