/** Refusals without the HTTP parser: only of what the parser would accept, and with the same bytes as its refusals. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { wholeRequest } from '../../src/http/early-refusal.js'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll, statusesIn } from '../helpers/raw-http.js'
import { type Service, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'
import { setTimeout as sleep } from 'node:timers/promises'

const body = '{"key":{"id":"a"}}'
const path = '/v1/tables/T/get'
const head = (fields: string, line = `POST ${path} HTTP/1.1`) => `${line}\r\nhost: localhost\r\n${fields}\r\n`
const whole = `${head(`content-type: application/json\r\ncontent-length: ${body.length}\r\n`)}${body}`

/** Chunks that a client sends one after the other, before it closes its side. */
const conversations: Record<string, readonly string[]> = {
  'a request with a body': [whole],
  'a request without a body': [head('', 'GET /v1/tables/T?x=1 HTTP/1.1')],
  'one after the other': [whole, head('', 'DELETE /v1/tables/T HTTP/1.1'), whole],
  'pipelined requests': [whole + whole + whole],
  'a request and a half': [whole + whole.slice(0, 40), whole.slice(40)],
  'a split head': [whole.slice(0, 30), whole.slice(30)],
  'a split body': [whole.slice(0, -5), whole.slice(-5)],
  'a request inside the field of another one': [`POST ${path} HTTP/1.1\r\nx: `, whole],
  'a request inside the body of another one': [
    head(`content-type: application/json\r\ncontent-length: ${whole.length}\r\n`),
    whole,
  ],
  'more than Content-Length': [`${whole}NONSENSE\r\n\r\n`],
  chunked: [`${head('transfer-encoding: chunked\r\n')}2\r\n{}\r\n0\r\n\r\n`],
  'Content-Length and chunked': [
    `${head('content-length: 2\r\ntransfer-encoding: chunked\r\n')}2\r\n{}\r\n0\r\n\r\n`,
  ],
  'Content-Length twice': [`${head('content-length: 2\r\ncontent-length: 2\r\n')}{}`],
  'a signed Content-Length': [`${head('content-length: +2\r\n')}{}`],
  'Content-Length without a value': [head('content-length:\r\n')],
  'Expect: 100-continue': [`${head('content-length: 2\r\nexpect: 100-continue\r\n')}{}`],
  'another expectation': [`${head('content-length: 2\r\nexpect: magic\r\n')}{}`],
  Upgrade: [head('connection: upgrade\r\nupgrade: h2c\r\n')],
  'Connection: close': [head('connection: close\r\n')],
  'Connection: keep-alive': [head('Connection: Keep-Alive\r\n')],
  'Proxy-Connection: close': [head('proxy-connection: close\r\n')],
  'HTTP/1.0': [head('', `GET ${path} HTTP/1.0`)],
  'HTTP/2.0': [head('', `GET ${path} HTTP/2.0`)],
  HEAD: [head('', `HEAD ${path} HTTP/1.1`)],
  OPTIONS: [head('', `OPTIONS ${path} HTTP/1.1`)],
  CONNECT: [head('', 'CONNECT localhost:1 HTTP/1.1'), whole],
  'an unknown method': [head('', `FETCH ${path} HTTP/1.1`)],
  'an absolute target': [head('', `GET http://localhost${path} HTTP/1.1`)],
  'the target of another host': [head('', `GET http://example.com${path} HTTP/1.1`)],
  'the target *': [head('', 'OPTIONS * HTTP/1.1')],
  'a quote in the target': [head('', 'GET /v1/"\\ HTTP/1.1')],
  'no Host': [`GET ${path} HTTP/1.1\r\naccept: */*\r\n\r\n`],
  'two Hosts': [head('host: localhost\r\n')],
  'an invalid Host': [`GET ${path} HTTP/1.1\r\nhost: a b\r\n\r\n`],
  'Authorization twice': [head('authorization: a\r\nauthorization: b\r\n')],
  'Content-Type twice': [head('content-type: a/b\r\ncontent-type: a/b\r\n')],
  'a space before a colon': [`${head('content-length : 2\r\n')}{}`],
  'a folded field': [head('x: a\r\n b\r\n')],
  'line feeds only': [whole.replaceAll('\r\n', '\n')],
  'a NUL in a field': [head('x: a\0b\r\n')],
  'a carriage return in a field': [head('x: a\rcontent-length: 2\r\n')],
  'bytes beyond ASCII in a field': [head('x: ä\r\n')],
  'a long head': [head(`x: ${'x'.repeat(5000)}\r\n`)],
  'too long a head': [head(`x: ${'x'.repeat(20_000)}\r\n`)],
  'a request id': [head('x-request-id: mine-1\r\n')],
  'an unsafe request id': [head('x-request-id: a b\r\n')],
  'two request ids': [head('x-request-id: a\r\nx-request-id: b\r\n')],
  'an Origin': [head('origin: https://example.com\r\n')],
  'health checks': [
    head('', 'GET /health/live HTTP/1.1') + head('', 'GET /health/live HTTP/1.1'),
    head('', 'GET /health/live HTTP/1.1'),
  ],
  'DynamoDB’s own protocol': [
    head('x-amz-target: DynamoDB_20120810.GetItem\r\n', 'POST / HTTP/1.1'),
    head('x-amz-target: DynamoDB_20120810.GetItem\r\nx-request-id: mine-2\r\n', 'POST /?x HTTP/1.1'),
    head('', 'POST / HTTP/1.1'),
  ],
}

/** A service whose only slot is taken, and connections to it that its parser reads. */
async function startFull(t: Parameters<typeof startService>[0], connections: number) {
  const held: ServerResponse[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    held.push(response)
  })
  const settings = {
    maxConcurrentRequests: 1,
    maxAttempts: 1,
    wireProtocol: true,
    requestTimeoutMs: 600_000,
    attemptTimeoutMs: 600_000,
  }
  const service = await startService(t, settings, dynamodb.endpoint)
  const sockets: Socket[] = []
  for (let n = 0; n < connections; n++) {
    const socket = await openSocket(t, service)
    await ask(socket, head('', 'GET /health/live HTTP/1.1'))
    sockets.push(socket)
  }
  const call = service.post(path, body).catch(() => undefined)
  await within(10_000, () => held.length === 1)
  t.teardown(async () => {
    held[0]?.destroy()
    await call
  })
  return { service, sockets }
}

/** Sends a request and waits for the first part of the answer. */
async function ask(socket: Socket, request: string): Promise<string> {
  socket.write(request)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

/** The answers to a conversation, without what differs from time to time. */
async function converse(socket: Socket, chunks: readonly string[]): Promise<string> {
  const answers = Promise.race([readAll(socket), sleep(scaled(20_000), 'no end', { ref: false })])
  for (const chunk of chunks) {
    socket.write(chunk, 'latin1')
    await sleep(30)
  }
  socket.end()
  return (await answers)
    .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}/g, 'ID')
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE')
}

t.test(
  'an early refusal has the bytes that the parser’s has, and anything unusual is left to the parser',
  async (t) => {
    const names = Object.keys(conversations)
    const { service, sockets } = await startFull(t, names.length)
    await Promise.all(
      names.map(async (name, n) => {
        const chunks = conversations[name] ?? []
        const [parsed] = sockets.slice(n)
        if (parsed === undefined) throw new Error('a connection is missing')
        const readFirst = await openSocket(t, service)
        await ask(readFirst, whole)
        await ask(readFirst, whole)
        const [expected, found] = await Promise.all([converse(parsed, chunks), converse(readFirst, chunks)])
        t.equal(found, expected, name)
      }),
    )
  },
)

t.test('each refusal has its own request id and is counted', async (t) => {
  const { service } = await startFull(t, 0)
  const socket = await openSocket(t, service)
  const ids = new Set<string | undefined>()
  for (let n = 0; n < 20; n++) {
    const text = await ask(socket, whole)
    t.same(statusesIn(text), [503])
    t.match(text, /\r\nretry-after: 1\r\n/)
    ids.add(/\r\nx-request-id: (\S+)\r\n/.exec(text)?.[1])
  }
  t.equal(ids.size, 20)
  t.ok(await within(10_000, () => refusedIn(service) === 20), 'all of them are in the log')
})

t.test('refusals to a client that does not read take no memory without limit', async (t) => {
  const { service } = await startFull(t, 0)
  const socket = await openSocket(t, service)
  await ask(socket, whole)
  socket.pause()
  const before = refusedIn(service)
  // The service reads no more of them when the socket's buffers are full.
  for (let n = 0; n < 100; n++) {
    socket.write(whole.repeat(200))
    await sleep(5)
  }
  await sleep(1500)
  t.ok(refusedIn(service) - before < 20_000, 'not all of them are answered')
  t.equal((await service.get('/health/live')).status, 200)
})

function refusedIn({ log }: Pick<Service, 'log'>): number {
  return log.reduce((sum, { refused }) => sum + (typeof refused === 'number' ? refused : 0), 0)
}

t.test('only a request that is surely whole is read', async (t) => {
  const read = (text: string) => wholeRequest(Buffer.from(text, 'latin1'))
  t.match(read(whole), { method: 'POST', url: path })
  t.match(read(head('X-Request-Id: mine\r\n')), { id: 'mine' })
  t.match(read(head('x-amz-target: T\r\n')), { headers: { 'x-amz-target': 'T' } })
  for (const end of [1, 30, whole.length - 1]) t.equal(read(whole.slice(0, end)), undefined)
  t.equal(read(whole + whole), undefined)
})
