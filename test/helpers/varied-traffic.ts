/** Requests of every kind, so that each metric has something to count: successes, errors, refusals and streams. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sequence } from './sequence.js'
import { DOCUMENT, NDJSON } from './service.js'
import { within } from './within.js'

/** The tables, each with the partition key `id` (S). */
const TABLES = ['Carts', 'Sessions', 'Invoices'] as const

interface Sent {
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What each kind of request is, and how often it is sent; `n` is a number below 200. */
const kinds: readonly (readonly [weight: number, kind: (table: string, n: number) => Sent])[] = [
  [40, (table, n) => ({ path: `/v1/tables/${table}/get`, body: { key: { id: `i${n}` } } })],
  [
    15,
    (table, n) => ({
      path: `/v1/tables/${table}/put`,
      body: { item: { id: `i${n}`, n, note: 'x'.repeat(n) } },
    }),
  ],
  [
    8,
    (table, n) => ({
      path: `/v1/tables/${table}/update`,
      // A counter, which must not be counted twice: its outcome can be unknown.
      body: {
        key: { id: `i${n}` },
        updateExpression: 'ADD hits :one',
        expressionAttributeValues: { ':one': 1 },
      },
    }),
  ],
  [4, (table, n) => ({ path: `/v1/tables/${table}/delete`, body: { key: { id: `i${n}` } } })],
  [6, (table, n) => ({ method: 'GET', path: `/v1/tables/${table}/items/i${n}` })],
  [3, (table, n) => ({ method: 'PUT', path: `/v1/tables/${table}/items/i${n}`, body: { n } })],
  [
    6,
    (table, n) => ({
      path: `/v1/tables/${table}/query`,
      body: { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': `i${n}` } },
    }),
  ],
  [1, (table) => ({ path: `/v1/tables/${table}/scan`, body: {}, headers: { accept: NDJSON } })],
  [
    2,
    (table, n) => ({
      path: `/v1/tables/${table}/import`,
      body: lines(n),
      headers: { 'content-type': NDJSON },
    }),
  ],
  [2, (table, n) => ({ path: '/v1/batch/get', body: { requestItems: { [table]: { keys: some(n) } } } })],
  [
    2,
    (table, n) => ({
      path: '/v1/batch/write',
      body: { requestItems: { [table]: some(n).map((item) => ({ putRequest: { item } })) } },
    }),
  ],
  [
    2,
    (table, n) => ({
      path: '/v1/transact/write',
      body: {
        transactItems: some(n)
          .slice(0, 3)
          .map((item) => ({ put: { tableName: table, item } })),
      },
    }),
  ],
  [
    1,
    (table, n) => ({
      path: '/v1/transact/get',
      body: { transactItems: [{ get: { tableName: table, key: { id: `i${n}` } } }] },
    }),
  ],
  [1, () => ({ method: 'GET', path: '/v1/tables' })],
  [1, (table) => ({ path: `/v1/tables/${table}/put`, body: { items: {} } })],
  [1, (_table, n) => ({ path: `/v1/tables/NoSuchTable${n}/get`, body: { key: { id: 'a' } } })],
  [
    1,
    (table, n) => ({
      path: `/v1/tables/${table}/get`,
      body: { key: { id: `i${n}` } },
      headers: { 'x-api-key': 'wrong' },
    }),
  ],
]

const some = (n: number) =>
  Array.from({ length: 1 + (n % 60) }, (_, index) => ({ id: `i${(n + index) % 200}` }))
const lines = (n: number) =>
  some(n)
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('')

/** Creates the tables; returns a function that deletes them. */
export async function createTrafficTables(url: string, headers: Readonly<Record<string, string>>) {
  const create = async (tableName: string) => {
    const response = await fetch(`${url}/v1/tables`, {
      method: 'POST',
      headers: { 'content-type': DOCUMENT, ...headers },
      body: JSON.stringify({
        tableName,
        keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
        attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
        billingMode: 'PAY_PER_REQUEST',
        streamSpecification: { streamEnabled: true, streamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    })
    await response.arrayBuffer()
    // 409: an attempt whose answer was lost has created it.
    return response.status === 201 || response.status === 409
  }
  for (const table of TABLES) {
    if (!(await within(120_000, () => create(table)))) throw new Error(`${table} could not be created`)
  }
  return async () => {
    await Promise.all(
      TABLES.map((table) => fetch(`${url}/v1/tables/${table}`, { method: 'DELETE', headers })),
    )
  }
}

/**
 * Sends requests until the time is up, a few at a time, in an order that is the same each time.
 * @param requestsPerSecond about, as far as the machine can
 * @returns how many answers had each status
 */
export async function sendVariedTraffic(
  url: string,
  headers: Readonly<Record<string, string>>,
  { seconds, requestsPerSecond }: { readonly seconds: number; readonly requestsPerSecond: number },
): Promise<ReadonlyMap<number, number>> {
  const following = new AbortController()
  const followed = TABLES.map((table) =>
    fetch(`${url}/v1/tables/${table}/changes`, { headers, signal: following.signal })
      .then((answer) => answer.text())
      .catch(() => undefined),
  )
  const random = sequence('varied traffic')
  const statuses = new Map<number, number>()
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0)
  const choose = (): Sent => {
    const table = TABLES[Math.floor(random() ** 2 * TABLES.length)] ?? TABLES[0]
    const n = Math.floor(random() * 200)
    let left = random() * total
    for (const [weight, kind] of kinds) {
      left -= weight
      if (left < 0) return kind(table, n)
    }
    throw new Error('the weights do not add up')
  }
  const send = async ({ method = 'POST', path, body, headers: own }: Sent) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': DOCUMENT }), ...headers, ...own },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    await response.arrayBuffer()
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
  }

  const start = performance.now()
  const CLIENTS = 8
  const client = async () => {
    for (;;) {
      const elapsed = (performance.now() - start) / 1000
      if (elapsed > seconds) return
      // Waves, so that a drawing shows more than lines.
      const wave = 1 + 0.5 * Math.sin(elapsed / 8)
      const due = performance.now() + (1000 * CLIENTS) / (requestsPerSecond * wave)
      await send(choose())
      await sleep(Math.max(0, due - performance.now()))
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  following.abort()
  await Promise.all(followed)
  return statuses
}
