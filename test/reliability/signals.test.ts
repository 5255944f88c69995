/** Signals: which of them drain, which stop, and what a signal that is delivered twice does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { packageRoot } from '../../src/package-root.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { SERVER, sourceProcess } from '../helpers/process.js'
import { openSocket, readAll } from '../helpers/raw-http.js'
import { PATIENCE, within } from '../helpers/within.js'

const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'top-secret' }
const IN_FLIGHT = 12
/** Longer than the time within which two signals are one. */
const LATER_MS = 1200

/** A fake DynamoDB that does not respond to a call until `finish` is called. */
async function startHolding(t: Test) {
  const held: (() => void)[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    held.push(() => {
      answer(response, {})
    })
  })
  return {
    env: { ...aws, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint },
    held,
    finish: () => {
      for (const one of held.splice(0)) one()
    },
  }
}

/** Sends a put; resolves to the status of its answer, or to the message of its error. */
const put = (url: string) =>
  fetch(`${url}/v1/tables/T/put`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"item":{"id":"a"}}',
  }).then(
    ({ status }) => status,
    (error: unknown) => String(error),
  )

const puts = (url: string) => Promise.all(Array.from({ length: IN_FLIGHT }, () => put(url)))
const allAnswered = Array.from({ length: IN_FLIGHT }, () => 200)

/** A client with one connection, which it keeps as long as the service does. */
function keepAliveClient(t: Test, url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
  })
  return (path: string, body?: string) =>
    new Promise<{ status: number | undefined; connection: string | undefined; body: string }>(
      (resolve, reject) => {
        const headers = { 'content-type': 'application/json' }
        const call = request(url + path, { agent, headers, method: body === undefined ? 'GET' : 'POST' })
        call.once('error', reject)
        call.once('response', (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.once('end', () => {
            resolve({ status: response.statusCode, connection: response.headers.connection, body: text })
          })
        })
        call.end(body)
      },
    )
}

const PUT = ['/v1/tables/T/put', '{"item":{"id":"a"}}'] as const

t.test('a SIGTERM that reaches the service twice cuts off no in-flight request', async (t) => {
  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    const { env, held, finish } = await startHolding(t)
    const { server, exited, listening, output } = sourceProcess(t, env)
    const answered = puts(await listening())
    await within(30_000, () => held.length === IN_FLIGHT)
    server.kill('SIGTERM')
    await within(30_000, () => output().includes('"stopping"'))
    server.kill(second)
    await sleep(200)
    finish()
    t.same(await answered, allAnswered, `SIGTERM, then ${second}`)
    t.same(await exited, [0, null])
  }
})

t.test('a signal to the process group of npm start cuts off no in-flight request', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: { start: string }
  }
  // The service as compiled for the tests, in place of the build.
  const start = scripts.start.replace('exec node dist/server.js', 'exec node server.js')
  t.match(start, /exec node server\.js$/)
  const cwd = t.testdir({
    'package.json': JSON.stringify({ type: 'module', scripts: { start } }),
    'server.js': `await import(${JSON.stringify(SERVER)})`,
    node_modules: t.fixture('symlink', join(packageRoot, 'node_modules')),
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { env, held, finish } = await startHolding(t)
    // A supervisor that signals the whole group, as systemd does by default. npm passes the signal on as well.
    const npm = spawn('npm', ['start'], {
      cwd,
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: cwd,
        PORT: '0',
        AWS_EC2_METADATA_DISABLED: 'true',
        npm_config_update_notifier: 'false',
        ...env,
      },
    })
    const group = -(npm.pid ?? NaN)
    t.teardown(() => {
      if (npm.exitCode === null && npm.signalCode === null) process.kill(group, 'SIGKILL')
    })
    let output = ''
    npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    npm.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const closed = once(npm, 'close')
    const urlOf = () => /Server listening at (http:\/\/[\d.:]+)/.exec(output)?.[1]
    if (!(await within(60_000, () => urlOf() !== undefined))) t.fail(output)
    const answered = puts(urlOf() ?? '')
    await within(30_000, () => held.length === IN_FLIGHT)
    process.kill(group, signal)
    await within(30_000, () => output.includes('"stopping"'))
    await sleep(500)
    finish()
    t.same(await answered, allAnswered, signal)
    await closed
    t.match(output, /"stopped"/)
  }
})

t.test('SIGUSR2 drains: not ready, Connection: close, everything is served, and nothing ends', async (t) => {
  const { env, held, finish } = await startHolding(t)
  const { server, exited, listening, output } = sourceProcess(t, env)
  const url = await listening()
  const inFlight = keepAliveClient(t, url)(...PUT)
  const idle = keepAliveClient(t, url)
  t.same(await idle('/health/live'), { status: 200, connection: 'keep-alive', body: '{"status":"live"}' })
  await within(30_000, () => held.length === 1)

  server.kill('SIGUSR2')
  await within(30_000, () => output().includes('"draining"'))
  finish()
  t.match(await inFlight, { status: 200, connection: 'close' }, 'an in-flight request')
  const onOpen = idle(...PUT)
  const onNew = keepAliveClient(t, url)(...PUT)
  await within(30_000, () => held.length === 2)
  finish()
  t.match(await onOpen, { status: 200, connection: 'close' }, 'a request on an open connection')
  t.match(await onNew, { status: 200, connection: 'close' }, 'a request on a new connection')
  t.match(await idle('/health/ready'), { status: 503, connection: 'close', body: /The service is draining/ })
  t.match(await idle('/health/live'), { status: 200 })
  server.kill('SIGUSR2')
  t.match(await idle('/health/live'), { status: 200 })

  server.kill('SIGTERM')
  t.same(await exited, [0, null])
})

t.test('SIGTERM drains for SHUTDOWN_DELAY_MS before the port closes', async (t) => {
  const delayMs = 2000 * PATIENCE
  const { env, held, finish } = await startHolding(t)
  const { server, exited, listening, output } = sourceProcess(t, {
    ...env,
    SHUTDOWN_DELAY_MS: String(delayMs),
  })
  const url = await listening()
  const signaledAt = performance.now()
  server.kill('SIGTERM')
  await within(30_000, () => output().includes('"delayMs"'))
  const answered = keepAliveClient(t, url)(...PUT)
  await within(30_000, () => held.length === 1)
  finish()
  t.match(await answered, { status: 200, connection: 'close' })
  t.match(await keepAliveClient(t, url)('/health/ready'), { status: 503, connection: 'close' })
  t.notMatch(output(), /"stopping"/)
  t.same(await exited, [0, null])
  t.ok(performance.now() - signaledAt > delayMs - 100)
  t.match(output(), /"stopped"/)
})

t.test('after the port has closed, a request on an open connection is refused with 503', async (t) => {
  const { env, held, finish } = await startHolding(t)
  const { server, exited, listening, output } = sourceProcess(t, env)
  const url = await listening()
  const inFlight = put(url)
  await within(30_000, () => held.length === 1)
  // A connection without any request would be closed soon after the port.
  const socket = await openSocket(t, { url })
  socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\nPOST /v1/tables/T/put HTTP/1.1\r\n')
  await once(socket, 'readable')
  t.match(String(socket.read()), /^HTTP\/1\.1 200 /)
  server.kill('SIGTERM')
  await within(30_000, () => output().includes('"stopping"'))
  const answered = readAll(socket)
  socket.write(`host: localhost\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n${PUT[1]}`)
  const [head, body = ''] = (await answered).split('\r\n\r\n')
  t.match(head, /^HTTP\/1\.1 503 /)
  t.match(head, /\r\nconnection: close\r\n/)
  t.match(head, /\r\nretry-after: 1\r\n/)
  t.match(JSON.parse(body), {
    code: 'ServiceUnavailable',
    retryable: true,
    maybeApplied: false,
    detail: 'The service is shutting down. The request was not processed.',
  })
  t.equal(held.length, 1, 'DynamoDB was not called')
  finish()
  t.equal(await inFlight, 200)
  t.same(await exited, [0, null])
  t.match(output(), /"code":"ServiceUnavailable".*"msg":"refused while shutting down"/)
})

t.test('a later SIGTERM changes nothing, and a later SIGINT ends at once', async (t) => {
  const { env, held, finish } = await startHolding(t)
  const { server, exited, listening } = sourceProcess(t, env)
  const answered = puts(await listening())
  await within(30_000, () => held.length === IN_FLIGHT)
  server.kill('SIGTERM')
  await sleep(LATER_MS)
  server.kill('SIGTERM')
  await sleep(200)
  finish()
  t.same(await answered, allAnswered)
  t.same(await exited, [0, null])

  const other = await startHolding(t)
  const interrupted = sourceProcess(t, other.env)
  const cutOff = put(await interrupted.listening())
  await within(30_000, () => other.held.length === 1)
  interrupted.server.kill('SIGTERM')
  await within(30_000, () => interrupted.output().includes('"stopping"'))
  await sleep(LATER_MS)
  interrupted.server.kill('SIGINT')
  t.same(await interrupted.exited, [1, null])
  t.match(await cutOff, /fetch failed/)
  t.match(interrupted.output(), /ending at once/)
})

t.test('an uncaught error ends the process with 1, after its in-flight requests', async (t) => {
  const { env, held, finish } = await startHolding(t)
  const fault = 'process.once("SIGWINCH", () => { throw new Error("a bug") })'
  const { server, exited, listening, output } = sourceProcess(t, { ...env, SHUTDOWN_DELAY_MS: '600000' }, [
    '--import',
    `data:text/javascript,${encodeURIComponent(fault)}`,
  ])
  const answered = puts(await listening())
  await within(30_000, () => held.length === IN_FLIGHT)
  server.kill('SIGWINCH')
  await within(30_000, () => output().includes('uncaught error'))
  finish()
  t.same(await answered, allAnswered)
  t.same(await exited, [1, null], 'without SHUTDOWN_DELAY_MS')
})
