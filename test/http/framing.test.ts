/** Requests that two servers could read differently (request smuggling): every one is refused, and nothing after it is done. */
import { once } from 'node:events'
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll, speak, statusesIn } from '../helpers/raw-http.js'
import { startService } from '../helpers/service.js'

const PATH = '/v1/tables/T/put'
const BODY = '{"item":{"id":"a"}}'
const CHUNKED = `13\r\n${BODY}\r\n0\r\n\r\n`
const JSON_TYPE = 'content-type: application/json\r\n'
const LENGTH = `content-length: ${BODY.length}\r\n`
const GOOD = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\n${JSON_TYPE}${LENGTH}\r\n${BODY}`

/** A put with these header lines. */
const put = (headers: string, body = BODY, start = `POST ${PATH} HTTP/1.1`) =>
  `${start}\r\n${headers}${JSON_TYPE}\r\n${body}`
const H = 'host: localhost\r\n'

const refused: Readonly<Record<string, string>> = {
  // RFC 9112, section 6.1
  'Transfer-Encoding: gzip, chunked': put(`${H}transfer-encoding: gzip, chunked\r\n`, CHUNKED),
  'Transfer-Encoding: chunked, gzip': put(`${H}transfer-encoding: chunked, gzip\r\n`, CHUNKED),
  'Transfer-Encoding: gzip': put(`${H}transfer-encoding: gzip\r\n`, CHUNKED),
  'Transfer-Encoding: chunked, chunked': put(`${H}transfer-encoding: chunked, chunked\r\n`, CHUNKED),
  'Transfer-Encoding: identity': put(`${H}transfer-encoding: identity\r\n${LENGTH}`),
  'Transfer-Encoding: xchunked': put(`${H}transfer-encoding: xchunked\r\n`, CHUNKED),
  'two Transfer-Encoding headers': put(
    `${H}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n`,
    CHUNKED,
  ),
  'Transfer-Encoding in HTTP/1.0': put(
    `${H}transfer-encoding: chunked\r\n`,
    CHUNKED,
    `POST ${PATH} HTTP/1.0`,
  ),
  'Content-Length and Transfer-Encoding (CL.TE)': put(`${H}${LENGTH}transfer-encoding: chunked\r\n`, CHUNKED),
  'Transfer-Encoding and Content-Length (TE.CL)': put(`${H}transfer-encoding: chunked\r\n${LENGTH}`, CHUNKED),
  'a space before the colon (TE.TE)': put(`${H}transfer-encoding : chunked\r\n${LENGTH}`),
  'a control character in the coding': put(`${H}transfer-encoding: \u000bchunked\r\n`, CHUNKED),
  // RFC 9112, section 6.3
  'two Content-Length headers': put(`${H}${LENGTH}content-length: 3\r\n`),
  'two equal Content-Length headers': put(`${H}${LENGTH}${LENGTH}`),
  'Content-Length: +19': put(`${H}content-length: +19\r\n`),
  'Content-Length: -1': put(`${H}content-length: -1\r\n`),
  'Content-Length: 19, 19': put(`${H}content-length: 19, 19\r\n`),
  'Content-Length: 0x13': put(`${H}content-length: 0x13\r\n`),
  'Content-Length: 1 9': put(`${H}content-length: 1 9\r\n`),
  'Content-Length without a value': put(`${H}content-length:\r\n`),
  'Content-Length of 2^64 + 19': put(`${H}content-length: 18446744073709551635\r\n`),
  // RFC 9112, section 7.1
  'a negative chunk size': put(`${H}transfer-encoding: chunked\r\n`, `-1\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk size of 0x13': put(`${H}transfer-encoding: chunked\r\n`, `0x13\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk size larger than 2^64': put(
    `${H}transfer-encoding: chunked\r\n`,
    `10000000000000013\r\n${BODY}\r\n`,
  ),
  'a chunk that is longer than its size': put(
    `${H}transfer-encoding: chunked\r\n`,
    `3\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'a chunk size that ends with a bare LF': put(
    `${H}transfer-encoding: chunked\r\n`,
    `13\n${BODY}\r\n0\r\n\r\n`,
  ),
  'a chunk extension with a bare LF': put(
    `${H}transfer-encoding: chunked\r\n`,
    `13;a\nb\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  'a Content-Length in the trailer': put(
    `${H}transfer-encoding: chunked\r\n`,
    `13\r\n${BODY}\r\n0\r\ncontent-length: 3\r\n\r\n`,
  ),
  // RFC 9112, sections 2.2 and 5
  'a bare LF after the request line': `POST ${PATH} HTTP/1.1\n${H}${JSON_TYPE}${LENGTH}\r\n${BODY}`,
  'a bare LF in the headers': put(`host: localhost\n${LENGTH}`),
  'a bare CR in a header': put(`${H}x: a\rb\r\n${LENGTH}`),
  'a NUL in a header': put(`${H}x: a\0b\r\n${LENGTH}`),
  'a folded header (obs-fold)': put(`${H}x: a\r\n b\r\n${LENGTH}`),
  'a folded Transfer-Encoding': put(`${H}transfer-encoding:\r\n chunked\r\n${LENGTH}`),
  'a header line without a colon': put(`${H}nonsense\r\n${LENGTH}`),
  'a space at the start of the headers': put(` x: y\r\n${H}${LENGTH}`),
  // RFC 9112, section 3.2
  'two Host headers': put(`${H}host: example.com\r\n${LENGTH}`),
  'two equal Host headers': put(`${H}Host: localhost\r\n${LENGTH}`),
  'no Host': put(LENGTH),
  'a Host with a path': put(`host: localhost/x\r\n${LENGTH}`),
  'a Host with user information': put(`host: a@localhost\r\n${LENGTH}`),
  'two hosts in one Host': put(`host: localhost, example.com\r\n${LENGTH}`),
  'another authority in the target': put(`${H}${LENGTH}`, BODY, `POST http://example.com${PATH} HTTP/1.1`),
  'user information in the target': put(`${H}${LENGTH}`, BODY, `POST http://a@localhost${PATH} HTTP/1.1`),
  'a target with another scheme': put(`${H}${LENGTH}`, BODY, `POST ftp://localhost${PATH} HTTP/1.1`),
  'a target that is no path': put(`${H}${LENGTH}`, BODY, 'POST v1/tables/T/put HTTP/1.1'),
  'two Authorization headers': put(`${H}authorization: Bearer a\r\nauthorization: Bearer b\r\n${LENGTH}`),
  'two Content-Type headers': put(`${H}content-type: text/plain\r\n${LENGTH}`),
  // Other protocols
  'an unknown method': put(`${H}${LENGTH}`, BODY, `FETCH ${PATH} HTTP/1.1`),
  'a lower-case method': put(`${H}${LENGTH}`, BODY, `post ${PATH} HTTP/1.1`),
  'HTTP/1.2': put(`${H}${LENGTH}`, BODY, `POST ${PATH} HTTP/1.2`),
  'HTTP/2.0': put(`${H}${LENGTH}`, BODY, `POST ${PATH} HTTP/2.0`),
  'HTTP/0.9': put(`${H}${LENGTH}`, BODY, `POST ${PATH} HTTP/0.9`),
  'no version': `GET ${PATH}\r\n\r\n`,
  'HTTP/2 with prior knowledge': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS handshake': '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000',
}

t.test('every request with ambiguous framing gets 400, and nothing after it is done', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  for (const [name, bytes] of Object.entries(refused)) {
    await t.test(name, async (t) => {
      const text = await speak(t, service, bytes + GOOD, true)
      t.same(statusesIn(text), [400], text)
      t.match(text, /^content-type: application\/problem\+json\r\n/m)
      t.match(text, /^x-request-id: \S+\r\n/m)
      t.match(text, /^connection: close\r\n/im)
      t.match(text, /"code":"InvalidRequest"/)
      t.equal(dynamodb.requests.length, 0)
      dynamodb.requests.length = 0
    })
  }
})

t.test('a request that is only unusual is served', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const close = 'connection: close\r\n'
  const served: Readonly<Record<string, string>> = {
    'Transfer-Encoding: Chunked': put(`${H}${close}Transfer-Encoding: Chunked\r\n`, CHUNKED),
    'a chunk extension': put(
      `${H}${close}transfer-encoding: chunked\r\n`,
      `13;a="b"\r\n${BODY}\r\n0\r\n\r\n`,
    ),
    'a trailer': put(`${H}${close}transfer-encoding: chunked\r\n`, `13\r\n${BODY}\r\n0\r\nx: y\r\n\r\n`),
    'an empty line before the request': `\r\n${put(`${H}${close}${LENGTH}`)}`,
    'a Host with the port 80 and an absolute target': put(
      `host: LOCALHOST:80\r\n${close}${LENGTH}`,
      BODY,
      `POST http://localhost${PATH} HTTP/1.1`,
    ),
    'an IPv6 address': put(`host: [::1]:3000\r\n${close}${LENGTH}`),
    'HTTP/1.0 without Host': put(LENGTH, BODY, `POST ${PATH} HTTP/1.0`),
  }
  for (const [name, bytes] of Object.entries(served)) {
    t.same(statusesIn(await speak(t, service, bytes)), [200], name)
  }
})

t.test('the answer to a malformed request keeps its x-request-id, and the log has it', async (t) => {
  const service = await startService(t, {}, 'http://127.0.0.1:1')
  const text = await speak(t, service, 'GET /health/live HTTP/1.1\r\nx-request-id: mine\r\n\r\n')
  t.match(text, /^x-request-id: mine\r\n/m)
  t.match(text, /"instance":"\/health\/live"/)
  t.match(
    service.log.filter(({ requestId }) => requestId === 'mine'),
    [{ msg: 'malformed request', code: 'InvalidRequest' }],
  )
})

t.test('the problem says what to do about an unknown method, TLS and CONNECT', async (t) => {
  const service = await startService(t, {}, 'http://127.0.0.1:1')
  t.match(await speak(t, service, 'FETCH / HTTP/1.1\r\n\r\n'), /Use GET, POST, PUT or DELETE/)
  t.match(await speak(t, service, '\u0016\u0003\u0001\u0000'), /does not use TLS/)
  const connect = await speak(t, service, `CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n`)
  t.match(connect, /^HTTP\/1\.1 405 .*"code":"MethodNotAllowed"/s)
  t.equal((await service.get('/health/live')).status, 200)
})

t.test('a request to upgrade the connection is served without the upgrade', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  // As Java's HttpClient sends it with every request.
  const upgrade =
    'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n'
  const good = put(`${H}${upgrade}${LENGTH}`)
  const last = put(`${H}connection: close\r\n${LENGTH}`)
  const socket = await openSocket(t, service)
  const all = readAll(socket)
  socket.write(good)
  await once(socket, 'data')
  socket.write(last)
  t.same(statusesIn(await all), [200, 200], 'on one connection')

  // Node.js would not read on after a long body that the answer did not wait for.
  const long = 'x'.repeat(80_000)
  for (let attempt = 0; attempt < 3; attempt++) {
    const refused = `POST /none HTTP/1.1\r\n${H}${upgrade}content-length: ${long.length}\r\n\r\n${long}`
    const text = await speak(t, service, refused)
    t.match(text, /^connection: close\r\n/im)
    t.same(statusesIn(text), [404])
  }
})
