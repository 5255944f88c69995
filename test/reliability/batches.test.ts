/** Large batches while DynamoDB leaves a third of the entries unprocessed and requests fail. */
import t from 'tap'
import { type FaultName, type FaultyProxy, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { createTable, needsDynamoDB, type Service, startService } from '../helpers/service.js'
import { answer, type ReceivedRequest, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

const WRITES = 10_000
const GETS = 5000

const rates: Readonly<Partial<Record<FaultName, number>>> = {
  'answers 500': 0.01,
  throttles: 0.01,
  'resets, not applied': 0.01,
  'applies, then resets': 0.01,
  'applies, then cuts the response short': 0.01,
  'leaves all unprocessed': 0.05,
  'leaves some unprocessed': 0.9,
}

interface Put {
  putRequest: { item: { id: string; n: number } }
}
interface Keys {
  keys: { id: string }[]
}
const put = (n: number): Put => ({ putRequest: { item: { id: `id-${n}`, n } } })
const range = (length: number) => Array.from({ length }, (_, n) => n)

/** Scans a table; resolves to the ids of all its items. */
async function idsIn(service: Service, table: string): Promise<Set<string>> {
  const ids = new Set<string>()
  let exclusiveStartKey: unknown
  do {
    const { body } = await service.post(`/v1/tables/${table}/scan`, {
      consistentRead: true,
      exclusiveStartKey,
    })
    for (const { id } of body['items'] as { id: string }[]) ids.add(id)
    exclusiveStartKey = body['lastEvaluatedKey']
  } while (exclusiveStartKey !== undefined)
  return ids
}

/** The maximum number of requests that were in flight at one time. */
function maxInFlight({ requests }: FaultyProxy): number {
  const events = requests.flatMap(({ at, ended }) => [
    { at, change: 1 },
    { at: ended ?? Infinity, change: -1 },
  ])
  let now = 0
  let most = 0
  for (const { change } of events.sort((a, b) => a.at - b.at || a.change - b.change)) {
    now += change
    most = Math.max(most, now)
  }
  return most
}

t.test('every entry of a large batch is done, or listed in the response', needsDynamoDB, async (t) => {
  const direct = await startService(t)
  const table = await createTable(t, direct, { tableName: 'Batches' })
  const faulty = await startFaultyProxy(t, { seed: 30, rates })
  const service = await startService(t, { requestTimeoutMs: 120_000 }, faulty.endpoint)

  await t.test(`${WRITES} writes`, async (t) => {
    let writes = range(WRITES).map(put)
    for (let calls = 1; writes.length > 0; calls++) {
      const { status, body } = await service.post('/v1/batch/write', { requestItems: { [table]: writes } })
      const left = status === 200 ? [] : (body['unprocessedItems'] as Record<string, Put[]>)[table]
      if (left === undefined) throw new Error(JSON.stringify(body))
      if (status !== 200) t.match(body, { status: 503, code: 'BatchIncomplete', retryable: true })
      const listed = new Set(left.map(({ putRequest }) => putRequest.item.id))
      const asked = new Set(writes.map(({ putRequest }) => putRequest.item.id))
      t.equal(listed.size, left.length, 'nothing is listed twice')
      t.ok(
        [...listed].every((id) => asked.has(id)),
        'only requested entries are listed',
      )
      const stored = await idsIn(direct, table)
      t.ok(
        [...asked].every((id) => stored.has(id) || listed.has(id)),
        'every entry that is not listed is stored',
      )
      t.comment(`call ${calls}: ${asked.size - listed.size} written, ${listed.size} listed`)
      writes = left
      if (calls === 50) throw new Error('no end')
    }
    t.equal((await idsIn(direct, table)).size, WRITES)
  })

  await t.test(`${GETS} gets`, async (t) => {
    let keys = range(GETS).map((n) => ({ id: `id-${n}` }))
    const found = new Map<string, number>()
    for (let calls = 1; keys.length > 0; calls++) {
      const { status, body } = await service.post('/v1/batch/get', { requestItems: { [table]: { keys } } })
      const responses = (body['responses'] as Record<string, { id: string; n: number }[]>)[table] ?? []
      for (const { id, n } of responses) {
        if (found.has(id)) t.fail(`${id} came twice`)
        found.set(id, n)
      }
      const left =
        status === 200 ? [] : ((body['unprocessedKeys'] as Record<string, Keys>)[table]?.keys ?? [])
      t.equal(responses.length + left.length, keys.length, 'each key is found or listed')
      t.comment(`call ${calls}: ${responses.length} found, ${left.length} listed`)
      keys = left
      if (calls === 50) throw new Error('no end')
    }
    t.equal(found.size, GETS)
    t.ok([...found].every(([id, n]) => id === `id-${n}`))
  })

  await t.test(
    'a write that DynamoDB refuses stops the batch, and every unconfirmed write is listed',
    async (t) => {
      const writes = range(4000).map((n) => put(WRITES + n))
      const wrong = { putRequest: { item: { name: 'without a key' } } }
      const { status, body } = await service.post('/v1/batch/write', {
        requestItems: { [table]: [...writes.slice(0, 2000), wrong, ...writes.slice(2000)] },
      })
      t.equal(status, 400)
      t.match(body, { code: 'ValidationException', retryable: false })
      const left = (body['unprocessedItems'] as Record<string, Put[]>)[table] ?? []
      const listed = new Set(left.map(({ putRequest }) => putRequest.item.id))
      const stored = await idsIn(direct, table)
      t.ok(writes.every(({ putRequest: { item } }) => stored.has(item.id) || listed.has(item.id)))
      t.ok(listed.size >= 1000 && listed.size < 4000, `${listed.size} are listed`)
    },
  )

  t.ok(maxInFlight(faulty) <= 8, 'at most 8 requests are in flight')
  t.equal(faulty.injected.size, Object.keys(rates).length, 'every fault was injected')
})

t.test(
  'a batch get stops before its response becomes too long, and lists the rest of the keys',
  async (t) => {
    const idsOf = ({ body }: ReceivedRequest) =>
      (body['RequestItems'] as { T: { Keys: { id: { S: string } }[] } }).T.Keys.map(({ id }) => id.S)
    const long = 'x'.repeat(40_000)
    const dynamodb = await startFakeDynamoDB(t, (received, response) => {
      answer(response, {
        Responses: { T: idsOf(received).map((id) => ({ id: { S: id }, long: { S: long } })) },
      })
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    let keys = range(GETS).map((n) => ({ id: `id-${n}` }))
    const found = new Set<string>()
    let calls = 0
    while (keys.length > 0) {
      const { status, text, body } = await service.post('/v1/batch/get', { requestItems: { T: { keys } } })
      calls++
      t.ok(text.length < 80_000_000, 'the response is bounded')
      for (const { id } of (body['responses'] as { T: { id: string }[] }).T) found.add(id)
      if (status !== 200)
        t.match(body, { status: 503, code: 'BatchIncomplete', retryable: true, maybeApplied: false })
      keys = status === 200 ? [] : (body['unprocessedKeys'] as { T: Keys }).T.keys
    }
    t.equal(found.size, GETS)
    t.ok(calls > 2)
  },
)
