/**
 * What an `Idempotency-Key` costs: an update with one, beside the same update as the only entry of a transaction with the
 * same key.
 */
import type { Case } from './cases.js'
import type { Plan } from './compare.js'
import { document } from './items.js'
import type { Process } from './process.js'
import { toGateway } from './subjects.js'
import { cpuRatios } from './turns.js'

/** The most that the update may cost, as a multiple of the transaction. */
const MOST = 1.1

const update = {
  key: { id: 'order-000001' },
  updateExpression: 'ADD visits :one SET #s = :open',
  conditionExpression: 'attribute_exists(id)',
  expressionAttributeNames: { '#s': 'status' },
  expressionAttributeValues: { ':one': 1, ':open': 'open' },
}

const single = { path: '/v1/tables/counters/update', body: () => update }
const transaction = {
  path: '/v1/transact/write',
  body: () => ({ transactItems: [{ update: { tableName: 'counters', ...update } }] }),
}

/** Prints the CPU time of the update, divided by that of the transaction. */
export async function compareIdempotency(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const targetOf = (port: number, one: Pick<Case, 'path' | 'body'>) => {
    const target = toGateway(port, one, document)
    const headers = { ...target.headers, 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }
    return { ...target, headers }
  }
  const [ratio = NaN] = await cpuRatios(
    upstream,
    generator,
    (port) => [targetOf(port, transaction), targetOf(port, single)],
    plan,
    say,
  )
  say(
    `\nCPU of an update with an Idempotency-Key, divided by that of a transaction of one update: ${ratio.toFixed(3)}`,
  )
  if (ratio > MOST) say(`more than ${MOST}`)
}
