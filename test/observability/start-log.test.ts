/** The log of a process at its start. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createLogger } from '../../src/observability/log.js'
import { logStart } from '../../src/observability/start-log.js'
import { connectionTo, testConfig } from '../helpers/service.js'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { sourceProcess } from '../helpers/process.js'
import { within } from '../helpers/within.js'

const PATIENCE_MS = 60_000
const [major = 0] = process.versions.node.split('.').map(Number)

t.test('one line tells with what the service runs, without secrets', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => t.fail('no request is sent to DynamoDB'))
  const { exited, listening, log, output, server } = sourceProcess(t, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'top-secret-id',
    AWS_SECRET_ACCESS_KEY: 'top-secret',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    RATE_LIMIT_REDIS_URL: 'redis://:top-secret@127.0.0.1:1',
    TABLE_ADMINS: 'top-secret',
    TABLE_ADMIN: 'true',
  })
  const url = await listening()
  await within(PATIENCE_MS, () => log().some(({ msg }) => msg === 'started'))
  server.kill('SIGTERM')
  t.same(await exited, [0, null])
  const lines = log()
  const started = lines.filter(({ msg }) => msg === 'started')
  t.equal(started.length, 1)
  t.match(started[0], {
    level: 30,
    version: /^\d+\.\d+\.\d+/,
    node: process.version,
    address: url,
    region: 'eu-central-1',
    endpoint: dynamodb.endpoint,
    credentials: 'environment',
    auth: 'none',
    tableAdmin: true,
    translation: 'WebAssembly',
    settings: {
      PORT: 0,
      AWS_SECRET_ACCESS_KEY: '***',
      RATE_LIMIT_REDIS_URL: 'redis://***@127.0.0.1:1',
      AUTH: null,
    },
  })
  t.notMatch(output(), /top-secret/)
  t.match(
    lines.filter(({ variable }) => variable === 'TABLE_ADMINS'),
    [{ level: 40, nearest: 'TABLE_ADMIN', msg: /^TABLE_ADMINS is not a setting .* TABLE_ADMIN\.$/ }],
  )
  const old = lines.filter(({ msg }) => String(msg).includes('past its end of life'))
  t.equal(old.length, major < 22 ? 1 : 0)
})

t.test('missing credentials and an unknown host are one warning each', async (t) => {
  const { log } = sourceProcess(t, {
    AWS_REGION: 'eu-cental-1',
    AWS_ENDPOINT_URL: 'https://dynamodb.invalid',
  })
  await within(PATIENCE_MS, () => log().some(({ msg }) => String(msg).includes('cannot be reached')))
  await within(PATIENCE_MS, () => log().some(({ msg }) => String(msg).includes('no AWS credentials')))
  t.match(
    log().find(({ msg }) => msg === 'started'),
    { credentials: 'none', region: 'eu-cental-1' },
  )
  t.match(
    log()
      .filter(({ msg }) => /cannot be reached|no AWS credentials/.test(String(msg)))
      .map(({ msg }) => msg)
      .sort(),
    [
      /DynamoDB cannot be reached: the host dynamodb\.invalid does not resolve \(\w+\)\. Check AWS_REGION/,
      /there are no AWS credentials: .* Set AWS_ACCESS_KEY_ID/,
    ],
  )
})

t.test('stdout has nothing but JSON, whatever packages and Node.js print', async (t) => {
  const noise =
    'process.emitWarning("noise 1"); console.log("noise", 2); console.warn("noise", 3); console.error(new Error("noise"))'
  const { log, listening, output, server, exited } = sourceProcess(
    t,
    { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' },
    ['--import', `data:text/javascript,process.once('SIGWINCH',()=>{${encodeURIComponent(noise)}})`],
  )
  await listening()
  server.kill('SIGWINCH')
  await within(PATIENCE_MS, () => log().some(({ msg }) => msg === 'noise 3'))
  server.kill('SIGTERM')
  await exited
  t.match(
    log().find(({ msg }) => msg === 'Node.js warning'),
    { level: 40, err: { message: 'noise 1' } },
  )
  t.match(
    log().find(({ msg }) => msg === 'noise 2'),
    { level: 30 },
  )
  t.match(
    log().find(({ msg }) => msg === 'noise 3'),
    { level: 40 },
  )
  t.notMatch(output(), /NodeVersionSupportWarning|AWS SDK/)
})

t.test('the line of the start does not wait for slow credentials', async (t) => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger('info', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  })
  const { endpoint } = await startFakeDynamoDB(t, () => undefined)
  const findCredentials = async () => {
    while (!lines.some(({ msg }) => msg === 'started')) await delay(20)
    return 'instance metadata' as const
  }
  await logStart(logger, {
    config: testConfig(),
    env: {},
    connection: await connectionTo(endpoint),
    storage: { findCredentials },
    address: 'http://127.0.0.1:3000',
  })
  t.match(lines, [
    { msg: 'started', credentials: 'pending' },
    { msg: 'found AWS credentials', credentials: 'instance metadata' },
  ])
})
