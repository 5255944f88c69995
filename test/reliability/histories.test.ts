/**
 * Single items while every fault is injected. Each response is checked against a history: the set of values that an item
 * may have after the responses to all its writes. Each item has one writer, so the set stays small.
 */
import t, { type Test } from 'tap'
import { type Answer, createTable, needsDynamoDB, type Service, startService } from '../helpers/service.js'
import { type FaultName, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { sequence } from '../helpers/sequence.js'
import { PATIENCE } from '../helpers/within.js'

const SEED = 20_261_123
/** The calls of all callers together. */
const CALLS = 2400

interface Item {
  readonly id: string
  readonly v?: number
  readonly n?: number
}
type State = Item | undefined

/** A call, with its effect on an item. */
interface Operation {
  readonly path: string
  readonly body: object
  readonly condition?: (state: State) => boolean
  /** The state after the call; a read does not change it. */
  readonly apply?: (state: State) => State
  /** The item in a successful response, for a given state before the call. */
  readonly answers?: (state: State) => State
  /** Not idempotent: it must not be retried if it may have been applied. */
  readonly onlyOnce?: boolean
}

const operations: readonly ((id: string, v: number) => Operation)[] = [
  (id, v) => ({ path: 'put', body: { item: { id, v } }, apply: () => ({ id, v }) }),
  (id, v) => ({
    path: 'put',
    body: { item: { id, v }, conditionExpression: 'attribute_not_exists(id)' },
    condition: (state) => state === undefined,
    apply: () => ({ id, v }),
  }),
  (id, v) => ({
    path: 'put',
    body: { item: { id, v }, returnValues: 'ALL_OLD' },
    apply: () => ({ id, v }),
    answers: (state) => state,
    onlyOnce: true,
  }),
  (id, v) => ({
    path: 'update',
    body: {
      key: { id },
      updateExpression: 'SET v = :v',
      expressionAttributeValues: { ':v': v },
      returnValues: 'ALL_NEW',
    },
    apply: (state) => ({ ...state, id, v }),
    answers: (state) => ({ ...state, id, v }),
  }),
  (id) => ({
    path: 'update',
    body: { key: { id }, updateExpression: 'ADD n :one', expressionAttributeValues: { ':one': 1 } },
    apply: (state) => ({ ...state, id, n: (state?.n ?? 0) + 1 }),
    onlyOnce: true,
  }),
  (id) => ({
    path: 'update',
    body: {
      key: { id },
      updateExpression: 'SET n = n + :one',
      conditionExpression: 'attribute_exists(n)',
      expressionAttributeValues: { ':one': 1 },
    },
    condition: (state) => state?.n !== undefined,
    apply: (state) => ({ ...state, id, n: (state?.n ?? 0) + 1 }),
    onlyOnce: true,
  }),
  (id) => ({ path: 'delete', body: { key: { id } }, apply: () => undefined }),
  (id) => ({
    path: 'delete',
    body: { key: { id }, returnValues: 'ALL_OLD' },
    apply: () => undefined,
    answers: (state) => state,
    onlyOnce: true,
  }),
]

const rates: Readonly<Partial<Record<FaultName, number>>> = {
  'answers 500': 0.05,
  'answers 503': 0.03,
  throttles: 0.04,
  'resets, not applied': 0.03,
  'never answers, not applied': 0.003,
  'says ExpiredToken': 0.01,
  conflicts: 0.02,
  'applies, then answers 500': 0.04,
  'applies, then resets': 0.04,
  'applies, then never answers': 0.003,
  'applies, then cuts the response short': 0.03,
  'applies, then sends a wrong checksum': 0.03,
  'applies, then sends HTML': 0.02,
  'answers, then resets': 0.03,
}

t.test('every item ends in a state that the responses to its writes allow', needsDynamoDB, async (t) => {
  await check(t, 'Items', 40, false)
})

const MERGED = process.env['TEST_SOAK'] === 'true' ? [1, 8, 32, 128, 512] : [32]

t.test('reads that share a call see every write before them, under all faults', needsDynamoDB, async (t) => {
  for (const callers of MERGED) {
    t.comment(`${callers} callers`)
    await check(t, `Items-${callers}`, callers, true)
  }
})

/** Lets callers write and read, each an item of its own, and checks every response. */
async function check(t: Test, name: string, callers: number, mergeReads: boolean): Promise<void> {
  const tableName = await createTable(t, await startService(t), { tableName: name })
  const clockAheadMs = 20 * 60_000
  const unprocessed = { 'leaves some unprocessed': 0.05, 'leaves all unprocessed': 0.02 }
  const injectedRates = { ...rates, ...(mergeReads && unprocessed) }
  const faulty = await startFaultyProxy(t, { seed: SEED, rates: injectedRates, clockAheadMs })
  const service = await startService(
    t,
    {
      maxAttempts: 2,
      attemptTimeoutMs: 3000 * PATIENCE,
      requestTimeoutMs: 15_000 * PATIENCE,
      mergeReads,
      // Nearly every second call fails, and the next one has to be shared all the same.
      mergeReadsPauseMs: 0,
    },
    faulty.endpoint,
  )
  const outcomes = new Map<string, number>()
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)

  const histories = await Promise.all(
    Array.from({ length: callers }, async (_, item) => {
      const id = `item-${item}`
      const history = new History()
      const random = sequence(`${SEED} ${id}`)
      for (let call = 1; call <= CALLS / callers; call++) {
        const chosen = operations[Math.floor(random() * operations.length)]?.(id, call)
        if (chosen === undefined) throw new Error('no operation')
        const answer = await service.post(`/v1/tables/${tableName}/${chosen.path}`, chosen.body)
        const outcome = history.learn(chosen, answer)
        count(outcome)
        if (random() < 0.3) {
          // Two at once: they can share an entry of a shared call.
          const seen = await Promise.all([1, 2].map(() => get(service, tableName, id)))
          for (const one of seen) history.see(one)
        }
        if (history.states.length === 0) {
          t.fail(`${id} is in an impossible state after call ${call}`, {
            answer: answer.text,
            before: history.before,
          })
          break
        }
      }
      return { id, history }
    }),
  )

  faulty.heal()
  for (const { id, history } of histories) {
    history.see(await get(service, tableName, id))
    t.equal(history.states.length, 1, `${id} is in an allowed state`)
  }
  const shared = faulty.requests.filter(({ operation }) => operation === 'BatchGetItem')
  t.comment(
    Object.fromEntries(outcomes),
    Object.fromEntries(faulty.injected),
    `${shared.length} shared calls`,
  )
  for (const outcome of [
    'done',
    'refused',
    'refused, maybe done before',
    'not done',
    'unknown',
    'unknown, only once',
  ]) {
    t.ok((outcomes.get(outcome) ?? 0) > 0, `some calls were: ${outcome}`)
  }
  t.equal(faulty.injected.size, Object.keys(injectedRates).length, 'every fault was injected')
  if (mergeReads) t.ok(shared.length > 50, 'reads have shared calls')
  else t.equal(shared.length, 0)
}

function get(service: Service, table: string, id: string): Promise<Answer> {
  return service.post(`/v1/tables/${table}/get`, { key: { id }, consistentRead: true })
}

/** The states that an item may be in, according to all responses so far. */
class History {
  states: readonly State[] = [undefined]
  before: readonly State[] = []

  /** Learns from the response to a write; returns the outcome in a word. */
  learn(operation: Operation, { status, body }: Answer): string {
    const { condition = () => true, apply = (state: State) => state, answers, onlyOnce = false } = operation
    const applied = this.states.filter(condition).map(apply)
    const refused = this.states.filter((state) => !condition(state))
    this.before = this.states
    if (status === 200) {
      const told = (state: State) => answers === undefined || isSame(answers(state), body['attributes'])
      this.states = distinct(this.states.filter((state) => condition(state) && told(state)).map(apply))
      return 'done'
    }
    const { code, maybeApplied, retryable, detail } = body
    if (typeof maybeApplied !== 'boolean')
      throw new Error(`an error that does not say whether the write was applied: ${String(detail)}`)
    if (maybeApplied !== /unknown whether|may have been applied/.test(String(detail))) {
      throw new Error(`the detail contradicts maybeApplied: ${String(detail)}`)
    }
    if (code === 'ConditionalCheckFailedException') {
      this.states = maybeApplied ? distinct([...refused, ...applied]) : refused
      return maybeApplied ? 'refused, maybe done before' : 'refused'
    }
    if (!maybeApplied) return 'not done'
    this.states = distinct([...this.states, ...applied])
    if (onlyOnce && retryable !== false) throw new Error('a caller that retries this would apply it twice')
    return onlyOnce ? 'unknown, only once' : 'unknown'
  }

  /** Learns from the response to a read. */
  see({ status, body }: Answer): void {
    this.before = this.states
    if (status === 200) this.states = this.states.filter((state) => isSame(state, body['item']))
    if (status === 404) this.states = this.states.filter((state) => state === undefined)
  }
}

function keyOf(state: unknown): string {
  return JSON.stringify(Object.entries(state ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function isSame(a: unknown, b: unknown): boolean {
  return keyOf(a) === keyOf(b)
}

function distinct(states: readonly State[]): State[] {
  return [...new Map(states.map((state) => [keyOf(state), state])).values()]
}
