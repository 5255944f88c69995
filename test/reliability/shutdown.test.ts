/** Graceful shutdown after SIGTERM: in-flight requests finish, connections drain, and the process exits with 0. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sourceProcess } from '../helpers/process.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { openSocket, readAll } from '../helpers/raw-http.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'top-secret' }

t.test('SIGTERM lets in-flight requests finish, refuses new connections, and exits with 0', async (t) => {
  const finish: (() => void)[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    finish.push(() => {
      answer(response, { Attributes: { id: { S: 'a' } } })
    })
  })
  const { server, exited, listening, output } = sourceProcess(t, {
    ...aws,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
  })
  const url = await listening()
  const call = fetch(`${url}/v1/tables/T/put`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'in-flight' },
    body: '{"item":{"id":"a"}}',
  })
  while (finish.length === 0) await sleep(10)
  server.kill('SIGTERM')
  while (!output().includes('stopping')) await sleep(10)
  await t.rejects(fetch(`${url}/health/live`), 'no new connection')
  finish[0]?.()
  const answered = await call
  t.equal(answered.status, 200)
  t.same(await answered.json(), { attributes: { id: 'a' } })
  t.same(await exited, [0, null])
  t.match(output(), /"requestId":"in-flight".*"status":200/)
  t.notMatch(output(), /top-secret/)
})

t.test('SIGTERM lets pipelined requests finish', async (t) => {
  const finish: (() => void)[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    finish.push(() => {
      answer(response, {})
    })
  })
  const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint }
  const { server, exited, listening, output } = sourceProcess(t, env)
  const socket = await openSocket(t, { url: await listening() })
  const reading = readAll(socket)
  const put =
    'POST /v1/tables/T/put HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n' +
    '{"item":{"id":"a"}}'
  socket.write(put.repeat(3))
  while (finish.length < 3) await sleep(10)
  server.kill('SIGTERM')
  while (!output().includes('stopping')) await sleep(10)
  for (const one of finish) one()
  const answered = await reading
  t.equal(answered.match(/HTTP\/1\.1 200 OK/g)?.length, 3)
  t.equal(answered.match(/connection: close/gi)?.length, 1)
  t.same(await exited, [0, null])
})

t.test('SIGTERM under load drops no request that has arrived', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    setTimeout(() => {
      answer(response, {})
    }, 20)
  })
  const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint }
  const { server, exited, listening } = sourceProcess(t, env)
  const url = await listening()
  const agent = new Agent({ keepAlive: true, maxSockets: 30 })
  t.teardown(() => {
    agent.destroy()
  })

  /** Sends a put; resolves to its status, or to the code of its error. */
  const put = (id: string) =>
    new Promise<number | string>((resolve) => {
      const call = request(`${url}/v1/tables/T/put`, {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      })
      call.once('response', (response) => {
        response.resume()
        response.once('end', () => {
          resolve(response.statusCode ?? 0)
        })
        response.once('error', ({ message }) => {
          resolve(message)
        })
      })
      call.once('error', (error) => {
        resolve('code' in error ? String(error.code) : error.message)
      })
      call.end(JSON.stringify({ item: { id } }))
    })

  const outcomes = new Map<string, number | string>()
  const caller = async (number: number) => {
    for (let n = 0; ; n++) {
      const id = `${number}-${n}`
      const outcome = await put(id)
      outcomes.set(id, outcome)
      if (typeof outcome === 'string') return
    }
  }
  const callers = Array.from({ length: 30 }, (_, number) => caller(number))
  await within(10_000, () => outcomes.size > 500)
  const began = performance.now()
  server.kill('SIGTERM')
  const [code] = await exited
  t.equal(code, 0)
  t.ok(performance.now() - began < scaled(10_000), 'within SHUTDOWN_GRACE_MS')
  await Promise.all(callers)

  const received = dynamodb.requests.map(({ body }) => (body['Item'] as { id: { S: string } }).id.S)
  for (const id of received) if (outcomes.get(id) !== 200) t.fail(`${id}: ${outcomes.get(id) ?? 'no answer'}`)
  const errors = [...outcomes.values()].filter((outcome) => outcome !== 200)
  // Their connections were open when the port closed.
  const refused = new Set(errors.filter((error) => error !== 503))
  t.same([...refused], ['ECONNREFUSED'], 'all others were refused with 503, or a connection')
})

t.test(
  'during a graceful shutdown an open connection gets one more response, with Connection: close, and is told not ready',
  async (t) => {
    const finish: (() => void)[] = []
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      finish.push(() => {
        answer(response, {})
      })
    })
    const { server, exited, listening, output } = sourceProcess(t, {
      ...aws,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    })
    const url = await listening()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const get = (path: string) =>
      new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
        const call = request(url + path, { agent }, (response) => {
          response.resume()
          response.once('end', () => {
            resolve({ status: response.statusCode, connection: response.headers.connection })
          })
        })
        call.once('error', reject)
        call.end()
      })
    const inFlight = fetch(`${url}/v1/tables`)
    t.same(await get('/health/live'), { status: 200, connection: 'keep-alive' })
    while (finish.length === 0) await sleep(10)
    server.kill('SIGTERM')
    while (!output().includes('stopping')) await sleep(5)
    t.same(await get('/health/ready'), { status: 503, connection: 'close' })
    finish[0]?.()
    t.equal((await inFlight).status, 200)
    t.same(await exited, [0, null])
  },
)

t.test(
  'requests that cannot finish within SHUTDOWN_GRACE_MS are canceled with a response that says so',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, () => undefined)
    const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint, SHUTDOWN_GRACE_MS: '4000' }
    const { server, exited, listening, output } = sourceProcess(t, env)
    const url = await listening()
    const call = fetch(`${url}/v1/tables/T/put`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"item":{"id":"a"}}',
    })
    // A request that never completes gets no response.
    const half = request(`${url}/v1/tables/T/put`, { method: 'POST', headers: { 'content-length': '100' } })
    half.once('error', () => undefined)
    half.write('{"item":')
    while (dynamodb.requests.length === 0) await sleep(10)
    server.kill('SIGTERM')
    const answered = await call
    t.equal(answered.status, 503)
    t.match(await answered.json(), {
      code: 'ServiceUnavailable',
      retryable: true,
      maybeApplied: true,
      detail: /was abandoned.*unknown whether the write was applied/,
    })
    t.same(await exited, [0, null])
    t.match(output(), /"requests":2.*SHUTDOWN_GRACE_MS/)
  },
)

t.test('connections that wait to be accepted when the port closes are served', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  // The event loop stands still, while clients connect and SIGTERM arrives.
  const block = 'process.once("SIGWINCH", () => { const end = Date.now() + 1500; while (Date.now() < end); })'
  const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint }
  const { server, exited, listening } = sourceProcess(t, env, [
    '--import',
    `data:text/javascript,${encodeURIComponent(block)}`,
  ])
  const url = await listening()
  server.kill('SIGWINCH')
  await sleep(300)
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(t, { url })))
  const answers = sockets.map((socket) => {
    socket.write(
      'POST /v1/tables/T/put HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n' +
        '{"item":{"id":"a"}}',
    )
    return readAll(socket)
  })
  server.kill('SIGTERM')
  for (const answered of await Promise.all(answers)) t.match(answered, /^HTTP\/1\.1 200 /)
  t.same(await exited, [0, null])
})

t.test('a connection without any request does not delay the end of the process', async (t) => {
  const { server, exited, listening } = sourceProcess(t, {
    ...aws,
    REQUEST_TIMEOUT_MS: '600000',
    SHUTDOWN_GRACE_MS: '600000',
  })
  const socket = await openSocket(t, { url: await listening() })
  const closed = readAll(socket)
  server.kill('SIGTERM')
  t.equal(await closed, '')
  t.same(await exited, [0, null])
})
