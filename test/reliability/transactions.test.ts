/** Transactions while every fault is injected: each is applied once or not at all. */
import t from 'tap'
import { type FaultName, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { type Answer, createTable, needsDynamoDB, startService } from '../helpers/service.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { PATIENCE } from '../helpers/within.js'

const TRANSACTIONS = 250
const COUNTERS = 20
const CALLERS = 20

const rates: Readonly<Partial<Record<FaultName, number>>> = {
  'answers 500': 0.05,
  throttles: 0.05,
  'resets, not applied': 0.05,
  conflicts: 0.1,
  'applies, then answers 500': 0.08,
  'applies, then resets': 0.08,
  'applies, then cuts the response short': 0.05,
  'applies, then sends a wrong checksum': 0.05,
  'applies, then sends HTML': 0.03,
  'applies, then never answers': 0.02,
}

t.test('a transaction is applied once, however often its response was lost', needsDynamoDB, async (t) => {
  const direct = await startService(t)
  const tableName = await createTable(t, direct, { tableName: 'Transactions' })
  const faulty = await startFaultyProxy(t, { seed: 4711, rates })
  const timeouts = { attemptTimeoutMs: 3000 * PATIENCE, requestTimeoutMs: 15_000 * PATIENCE }
  const service = await startService(t, timeouts, faulty.endpoint)

  const add = (counter: number) => ({
    update: {
      tableName,
      key: { id: `counter-${counter % COUNTERS}` },
      updateExpression: 'ADD n :one',
      expressionAttributeValues: { ':one': 1 },
    },
  })
  const impossible = {
    conditionCheck: { tableName, key: { id: 'nobody' }, conditionExpression: 'attribute_exists(id)' },
  }
  const isImpossible = (number: number) => number % 10 === 9
  const send = (number: number) =>
    service.post(
      '/v1/transact/write',
      {
        transactItems: [
          { put: { tableName, item: { id: `transaction-${number}` } } },
          add(number),
          add(number + 7),
          ...(isImpossible(number) ? [impossible] : []),
        ],
      },
      { 'idempotency-key': `token-${number}` },
    )

  /** Sends a transaction until its outcome is known. */
  const untilKnown = async (number: number): Promise<{ last: Answer; calls: number }> => {
    let unknown = false
    for (let calls = 1; ; calls++) {
      const last = await send(number)
      t.equal(last.headers.get('idempotency-key'), `token-${number}`)
      unknown ||= last.body['maybeApplied'] === true
      const { code, retryable } = last.body
      const canceledForGood = code === 'TransactionCanceledException' && retryable === false
      if (last.status === 200 || canceledForGood || (!unknown && retryable === false)) return { last, calls }
      if (calls === 50) throw new Error(`no end of ${last.text}`)
    }
  }

  const outcomes = new Map<number, { last: Answer; calls: number }>()
  let next = 0
  const work = async () => {
    for (let number = next++; number < TRANSACTIONS; number = next++)
      outcomes.set(number, await untilKnown(number))
  }
  await Promise.all(Array.from({ length: CALLERS }, work))

  let applied = 0
  for (const [number, { last }] of outcomes) {
    const { status } = await direct.post(`/v1/tables/${tableName}/get`, {
      key: { id: `transaction-${number}` },
    })
    if (last.status === 200) applied++
    if ((status === 200) !== (last.status === 200)) t.fail(`transaction ${number}: ${last.text}`)
    if (isImpossible(number)) {
      t.match(last.body, {
        code: 'TransactionCanceledException',
        retryable: false,
        cancellationReasons: [
          { code: 'None' },
          { code: 'None' },
          { code: 'None' },
          { code: 'ConditionalCheckFailed' },
        ],
      })
    }
  }
  t.equal(applied, TRANSACTIONS * 0.9)
  let counted = 0
  for (let counter = 0; counter < COUNTERS; counter++) {
    const { body } = await direct.post(`/v1/tables/${tableName}/get`, { key: { id: `counter-${counter}` } })
    counted += (body['item'] as { n: number }).n
  }
  t.equal(counted, 2 * applied, 'no counter counted a transaction twice')
  t.equal(faulty.injected.size, Object.keys(rates).length, 'every fault was injected')
  const again = [...outcomes.values()].filter(({ calls }) => calls > 1).length
  t.ok(again > 0, `${again} were retried by their callers`)
})

t.test(
  'a caller without a token learns the Idempotency-Key with which it can safely retry a transaction',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
      if (number <= 2) response.socket?.destroy()
      else answer(response, {})
    })
    const service = await startService(t, { maxAttempts: 2 }, dynamodb.endpoint)
    const body = { transactItems: [{ delete: { tableName: 'T', key: { id: 'a' } } }] }
    const lost = await service.post('/v1/transact/write', body)
    t.match(lost.body, { status: 503, retryable: true, maybeApplied: true })
    const token = lost.headers.get('idempotency-key') ?? ''
    t.match(token, /^[\w-]{36}$/)
    const again = await service.post('/v1/transact/write', body, { 'idempotency-key': token })
    t.equal(again.status, 200)
    t.same(
      dynamodb.requests.map((received) => received.body['ClientRequestToken']),
      [token, token, token],
    )
  },
)
