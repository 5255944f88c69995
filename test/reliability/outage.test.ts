/** Outages: DynamoDB stops and returns, or the service is killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { localEnvironment, startDynamoDBLocal } from '../../src/local/dynamodb-local.js'
import { freePort } from '../../src/local/free-port.js'
import { sourceProcess } from '../helpers/process.js'
import { createTable, dynamodbEndpoint, needsDynamoDB, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { PATIENCE, within } from '../helpers/within.js'

const REQUEST_TIMEOUT_MS = 3000

/** The promise of 2 s. */
const SOON_MS = 2000
/** How long after its timeout a response may arrive. */
const LATE_MS = 2000

t.test(
  'an outage of DynamoDB is reported by /health/ready and by every call, and ends with it',
  needsDynamoDB,
  async (t) => {
    const port = await freePort()
    const folder = t.testdir()
    let dynamodb = await startDynamoDBLocal({ path: folder, port })
    t.teardown(() => dynamodb.stop())
    const table = await createTable(t, await startService(t, {}, dynamodb.endpoint))
    const service = await startService(t, { requestTimeoutMs: REQUEST_TIMEOUT_MS }, dynamodb.endpoint)

    const answers: { status: number; retryAfter: string | null; ms: number }[] = []
    const stop = new AbortController()
    const put = async (n: number) => {
      const began = performance.now()
      const { status, headers } = await service.post(`/v1/tables/${table}/put`, { item: { id: `id-${n}` } })
      answers.push({ status, retryAfter: headers.get('retry-after'), ms: performance.now() - began })
    }
    const load = (async () => {
      const puts: Promise<void>[] = []
      for (let n = 0; !stop.signal.aborted; n++) {
        puts.push(put(n))
        await sleep(50 * PATIENCE)
      }
      await Promise.all(puts)
    })()
    const ready = async () => (await service.get('/health/ready')).status === 200

    t.ok(await within(SOON_MS, ready))
    await sleep(500)
    await dynamodb.kill()
    t.ok(await within(SOON_MS, async () => !(await ready())), 'it is not ready soon after')
    t.equal((await service.get('/health/live')).status, 200)
    await sleep(1000)
    dynamodb = await startDynamoDBLocal({ path: folder, port })
    t.ok(await within(SOON_MS, ready), 'it is ready again soon after')
    const { length } = answers
    t.ok(await within(5000, () => answers.slice(length).some(({ status }) => status === 200)))
    stop.abort()
    await load

    const failed = answers.filter(({ status }) => status !== 200)
    t.ok(failed.length > 0, `${failed.length} of ${answers.length} failed`)
    t.same(
      [...new Set(failed.map(({ status }) => status))].filter((status) => status !== 503 && status !== 504),
      [],
    )
    t.ok(
      failed.every(({ retryAfter }) => retryAfter !== null),
      'each response has Retry-After',
    )
    t.ok(
      answers.every(({ ms }) => ms < REQUEST_TIMEOUT_MS + scaled(LATE_MS)),
      'no call hung',
    )
  },
)

t.test(
  'the service is not ready while DynamoDB accepts connections without responding',
  needsDynamoDB,
  async (t) => {
    const dynamodb = await startDynamoDBLocal()
    t.teardown(() => dynamodb.stop())
    // Waiting calls occupy all sockets; the health check has its own.
    const service = await startService(t, { maxConnections: 4 }, dynamodb.endpoint)
    const table = await createTable(t, service)
    const ready = async () => (await service.get('/health/ready')).status === 200
    t.ok(await ready())
    dynamodb.pause()
    const puts = Array.from({ length: 20 }, (_, n) =>
      service.post(`/v1/tables/${table}/put`, { item: { id: `id-${n}` } }),
    )
    t.ok(await within(SOON_MS, async () => !(await ready())), 'it is not ready soon after')
    dynamodb.resume()
    t.ok(await within(SOON_MS, ready), 'it is ready again soon after')
    for (const { status } of await Promise.all(puts)) t.equal(status, 200, 'the waiting calls succeed')
  },
)

t.test('kill -9 of the service loses no acknowledged write', needsDynamoDB, async (t) => {
  const direct = await startService(t)
  const table = await createTable(t, direct)
  const env = { ...localEnvironment, AWS_ENDPOINT_URL_DYNAMODB: dynamodbEndpoint ?? '' }
  const acknowledged = new Set<string>()
  let n = 0
  for (const round of [1, 2]) {
    const { server, listening, exited } = sourceProcess(t, env)
    const url = await listening()
    const before = acknowledged.size
    const write = async () => {
      for (;;) {
        const id = `id-${n++}`
        const response = await fetch(`${url}/v1/tables/${table}/put`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ item: { id } }),
        })
        if (response.status === 200) acknowledged.add(id)
      }
    }
    const writers = Array.from({ length: 20 }, () => write().catch(() => undefined))
    await within(10_000, () => acknowledged.size > before + 200)
    server.kill('SIGKILL')
    await exited
    await Promise.all(writers)
    t.ok(acknowledged.size > before + 200, `${acknowledged.size} acknowledged after round ${round}`)
  }
  const ids = [...acknowledged].map((id) => ({ id }))
  const { status, body } = await direct.post('/v1/batch/get', {
    requestItems: { [table]: { keys: ids, consistentRead: true } },
  })
  t.equal(status, 200)
  t.equal((body['responses'] as Record<string, unknown[]>)[table]?.length, ids.length)
})
