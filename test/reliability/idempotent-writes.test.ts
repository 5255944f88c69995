/** Increments with an `Idempotency-Key` while every fault is injected: each counts once. */
import t from 'tap'
import { type FaultName, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'
import { PATIENCE } from '../helpers/within.js'

const INCREMENTS = process.env['TEST_SOAK'] === 'true' ? 10_000 : 200
const COUNTERS = 50
const CALLERS = 50

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
  'applies, then never answers': 0.005,
}

t.test('increments that are sent until they are acknowledged add up exactly', needsDynamoDB, async (t) => {
  const direct = await startService(t)
  const tableName = await createTable(t, direct, { tableName: 'IdempotentWrites' })
  const faulty = await startFaultyProxy(t, { seed: 1913, rates })
  // Two attempts, so that callers have to send many of them again.
  const settings = { maxAttempts: 2, attemptTimeoutMs: 500 * PATIENCE, requestTimeoutMs: 15_000 * PATIENCE }
  const service = await startService(t, settings, faulty.endpoint)

  let sent = 0
  const untilAcknowledged = async (number: number) => {
    for (let tries = 1; tries <= 100; tries++) {
      sent++
      const { status, text } = await service.post(
        `/v1/tables/${tableName}/update`,
        {
          key: { id: `counter-${number % COUNTERS}` },
          updateExpression: 'ADD n :one',
          expressionAttributeValues: { ':one': 1 },
        },
        { 'idempotency-key': `increment-${number}` },
      )
      if (status === 200) return
      if (status < 409) throw new Error(text)
    }
    throw new Error(`increment ${number} was never acknowledged`)
  }
  let next = 0
  const work = async () => {
    for (let number = next++; number < INCREMENTS; number = next++) await untilAcknowledged(number)
  }
  await Promise.all(Array.from({ length: CALLERS }, work))

  let counted = 0
  for (let counter = 0; counter < COUNTERS; counter++) {
    const { body } = await direct.get(`/v1/tables/${tableName}/items/counter-${counter}?consistentRead=true`)
    counted += Number(body['n'])
  }
  t.equal(counted, INCREMENTS)
  t.ok(sent > INCREMENTS, `${sent} requests for ${INCREMENTS} increments`)
  t.comment(`${sent} requests for ${INCREMENTS} increments, ${faulty.requests.length} attempts`)
  t.equal(faulty.injected.size, Object.keys(rates).length, 'every fault was injected')
})
