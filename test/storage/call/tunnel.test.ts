/** Calls through an HTTP proxy. */
import t, { type Test } from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'
import { Storage } from '../../../src/storage/client.js'
import { StorageError } from '../../../src/storage/errors.js'
import { startConnectProxy } from '../../helpers/connect-proxy.js'
import { answer, type Behavior, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'
import { sourceProcess } from '../../helpers/process.js'
import { connectionTo, startService, testConfig } from '../../helpers/service.js'
import { within } from '../../helpers/within.js'

const PATIENCE_MS = 60_000
const REQUEST = { TableName: 'T', Key: { id: { S: 'a' } } }
const found: Behavior = (_received, response) => {
  answer(response, { Item: { id: { S: 'a' } } })
}

async function storageWith(t: Test, endpoint: string, settings: Parameters<typeof testConfig>[0]) {
  const storage = new Storage(await connectionTo(endpoint), testConfig(settings))
  t.teardown(() => storage.close())
  return storage
}

const soon = () => ({ deadline: performance.now() + PATIENCE_MS })

async function failure(call: Promise<unknown>): Promise<StorageError> {
  try {
    await call
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
  throw new Error('the call succeeded')
}

t.test('tunnels are kept open, as connections without a proxy are', async (t) => {
  const [direct, proxied] = [await startFakeDynamoDB(t, found), await startFakeDynamoDB(t, found)]
  const proxy = await startConnectProxy(t)
  const without = await storageWith(t, direct.endpoint, {})
  const storage = await storageWith(t, proxied.endpoint, { httpProxy: `http://${proxy.host}` })
  for (let call = 0; call < 10; call++) {
    await without.send('GetItem', REQUEST, soon())
    await storage.send('GetItem', REQUEST, soon())
  }
  t.equal(proxied.requests.length, 10)
  t.equal(proxied.sockets.size, direct.sockets.size)
  const target = new URL(proxied.endpoint).host
  t.same(proxy.connects, Array(direct.sockets.size).fill({ target, authorization: undefined }))
})

t.test('MAX_CONNECTIONS limits the tunnels', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    setTimeout(() => {
      answer(response, {})
    }, 20)
  })
  const proxy = await startConnectProxy(t)
  const settings = { httpProxy: `http://${proxy.host}`, maxConnections: 3 }
  const storage = await storageWith(t, dynamodb.endpoint, settings)
  await Promise.all(Array.from({ length: 30 }, () => storage.send('GetItem', REQUEST, soon())))
  t.equal(dynamodb.requests.length, 30)
  t.equal(proxy.mostOpen(), 3)
})

t.test('NO_PROXY connects directly', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, found)
  const proxy = await startConnectProxy(t)
  const settings = { httpProxy: `http://${proxy.host}`, noProxy: 'example.com, 127.0.0.1' }
  const storage = await storageWith(t, dynamodb.endpoint, settings)
  await storage.send('GetItem', REQUEST, soon())
  t.equal(proxy.connects.length, 0)
})

t.test('a proxy that refuses is named, without its password, and the write was not applied', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, found)
  const { host, connects } = await startConnectProxy(t, () => 407)
  const settings = { httpProxy: `http://user:top-secret@${host}`, maxAttempts: 2 }
  const storage = await storageWith(t, dynamodb.endpoint, settings)
  const error = await failure(storage.send('PutItem', { ...REQUEST }, soon()))
  t.match(error, {
    kind: 'network',
    message: `the proxy ${host} failed: it answered CONNECT ${new URL(dynamodb.endpoint).host} with status 407`,
    attempts: 2,
    maybeApplied: false,
  })
  const authorization = `Basic ${Buffer.from('user:top-secret').toString('base64')}`
  t.same(
    connects.map((one) => one.authorization),
    [authorization, authorization],
  )
  t.notMatch(`${error.message} ${String(error.cause)}`, /top-secret/)
  t.equal(dynamodb.requests.length, 0)
})

t.test('a dead proxy is named by readiness and in the log', async (t) => {
  const settings = { httpProxy: 'http://user:top-secret@127.0.0.1:1' }
  const service = await startService(t, settings, 'http://dynamodb.invalid')
  const { body } = await service.get('/health/ready')
  const reason = /the proxy 127\.0\.0\.1:1 failed: 127\.0\.0\.1:1 refused the connection \(ECONNREFUSED\)/
  t.match(body, { detail: reason })
  const lines = service.log.map((line) => JSON.stringify(line)).join('\n')
  t.match(lines, reason)
  t.notMatch(lines, /top-secret/)
})

t.test('a proxy that does not answer ends with the attempt timeout, or when the caller leaves', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, found)
  const proxy = await startConnectProxy(t, () => undefined)
  const settings = { httpProxy: `http://${proxy.host}`, attemptTimeoutMs: 500, maxAttempts: 1 }
  const storage = await storageWith(t, dynamodb.endpoint, settings)
  const error = await failure(storage.send('PutItem', REQUEST, soon()))
  t.match(error, { kind: 'network', message: /^the proxy .* failed/, maybeApplied: false })

  const signal = new Cancellation()
  const call = failure(storage.send('PutItem', REQUEST, { ...soon(), signal }))
  t.ok(await within(PATIENCE_MS, () => proxy.connects.length === 2))
  signal.abort()
  t.match(await call, { kind: 'canceled', maybeApplied: false })
})

t.test('a connection that a proxy cuts fails the call, whose outcome is then unknown', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => response.socket?.destroy())
  const proxy = await startConnectProxy(t)
  const settings = { httpProxy: `http://${proxy.host}`, maxAttempts: 1 }
  const storage = await storageWith(t, dynamodb.endpoint, settings)
  t.match(await failure(storage.send('PutItem', REQUEST, soon())), { kind: 'network', maybeApplied: true })
})

t.test('a proxy in the environment is used once, also by a Node.js that uses it for itself', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { TableNames: [] })
  })
  const proxy = await startConnectProxy(t)
  const { listening, log, output } = sourceProcess(t, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    HTTP_PROXY: 'http://127.0.0.1:1',
    http_proxy: `http://user:top-secret@${proxy.host}`,
    NODE_USE_ENV_PROXY: '1',
  })
  const url = await listening()
  t.equal((await fetch(`${url}/health/ready`)).status, 200)
  t.ok(await within(PATIENCE_MS, () => log().some(({ msg }) => msg === 'started')))
  t.match(
    log().find(({ msg }) => msg === 'started'),
    { proxy: `http://${proxy.host}`, settings: { HTTP_PROXY: `http://***@${proxy.host}/` } },
  )
  t.same([...new Set(proxy.connects.map(({ target }) => target))], [new URL(dynamodb.endpoint).host])
  t.notMatch(output(), /top-secret/)
})
