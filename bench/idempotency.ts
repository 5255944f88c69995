/**
 * What an `Idempotency-Key` costs: an update with one, beside the same update as the only entry of a transaction with the
 * same key, in alternating turns on one process.
 */
import { all200, median, type Plan } from './compare.js'
import type { Process } from './process.js'
import { SERVICE, startBefore, toGateway } from './subjects.js'
import { document } from './items.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 5
const ROUNDS = 5
const TURNS = 4
const CONNECTIONS = 16
/** The most that the update may cost, as a multiple of the transaction. */
const MOST = 1.1

const update = {
  key: { id: 'order-000001' },
  updateExpression: 'ADD visits :one SET #s = :open',
  conditionExpression: 'attribute_exists(id)',
  expressionAttributeNames: { '#s': 'status' },
  expressionAttributeValues: { ':one': 1, ':open': 'open' },
}

const cases = {
  'a transaction of one update': {
    path: '/v1/transact/write',
    body: () => ({ transactItems: [{ update: { tableName: 'counters', ...update } }] }),
  },
  'an update with an Idempotency-Key': { path: '/v1/tables/counters/update', body: () => update },
}

/** Prints the CPU time of the update, divided by that of the transaction. */
export async function compareIdempotency(
  upstream: Process,
  generator: Process,
  { warmUp, roundSeconds }: Plan,
  say: (line: string) => void,
): Promise<void> {
  const ratios: number[] = []
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const service = await startBefore(upstream, [SERVICE])
    await service.listening()
    const [transaction, single] = Object.values(cases).map((one) => {
      const target = toGateway(service.port, one, document)
      const headers = { ...target.headers, 'idempotency-key': '8e03978e-40d5-43dd-bc93-6894a57f9324' }
      return { target: { ...target, headers }, cpuMs: 0, requests: 0 }
    })
    if (transaction === undefined || single === undefined) throw new Error('there are two cases')
    for (const { target } of [transaction, single]) {
      all200(await generator.load(target, { connections: CONNECTIONS, ...warmUp.first }))
    }
    for (let round = 1; round <= ROUNDS; round++) {
      for (const one of [transaction, single]) Object.assign(one, { cpuMs: 0, requests: 0 })
      for (let turn = 0; turn < TURNS; turn++) {
        for (const one of turn % 2 === 0 ? [transaction, single] : [single, transaction]) {
          const before = service.cpuMs()
          const load = { connections: CONNECTIONS, seconds: roundSeconds / TURNS }
          const { served } = all200(await generator.load(one.target, load))
          one.cpuMs += service.cpuMs() - before
          one.requests += served.length
        }
      }
      ratios.push(single.cpuMs / single.requests / (transaction.cpuMs / transaction.requests))
    }
    await service.stop()
  }
  const ratio = median(ratios)
  const [before, now] = Object.keys(cases)
  say(`\nCPU of ${String(now)}, divided by that of ${String(before)}: ${ratio.toFixed(3)}`)
  if (ratio > MOST) say(`more than ${MOST}`)
}
