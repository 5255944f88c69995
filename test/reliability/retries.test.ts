/**
 * Many calls at once while DynamoDB fails: jitter, retry budget, deadlines and leaks. Time limits are extended by the delay
 * of this process's own event loop, and on a shared machine.
 */
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import type { Config } from '../../src/config.js'
import { RequestObserver } from '../../src/observability/events.js'
import type { CallLimits } from '../../src/storage/call/limits.js'
import { Retry } from '../../src/storage/call/retry.js'
import { Storage } from '../../src/storage/client.js'
import { signedAt, isSigned } from '../helpers/faulty-proxy.js'
import { connectionTo, testConfig } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { PATIENCE, within } from '../helpers/within.js'
import {
  answer,
  type ReceivedRequest,
  type Behavior,
  refuse,
  startFakeDynamoDB,
} from '../helpers/fake-dynamodb.js'

const range = (length: number) => Array.from({ length }, (_, n) => n)
const requestOf = (id: number) => ({ TableName: 'T', Key: { id: { N: String(id) } } })
const soon = (ms = scaled(60_000)) => ({ deadline: performance.now() + ms })

async function start(t: Test, behave: Behavior, settings: Partial<Config> = {}) {
  const dynamodb = await startFakeDynamoDB(t, behave)
  const storage = new Storage(await connectionTo(dynamodb.endpoint), testConfig(settings))
  t.teardown(() => storage.close())
  /** Makes a call; resolves to false if it fails. */
  const call = (id: number, limits: CallLimits = soon()) =>
    storage.send('GetItem', requestOf(id), limits).then(
      () => true,
      () => false,
    )
  return { dynamodb, storage, call }
}

const fail: Behavior = (_received, response) => {
  refuse(response, 500, 'InternalServerError')
}

/** The longest delay of this process's event loop while `work` ran, in ms. */
async function delayOf(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await work()
  // A delay is recorded when it is over.
  await sleep(20)
  delay.disable()
  return delay.max / 1e6
}

t.test(
  'full jitter: waits are spread evenly between 0 and a bound that doubles up to RETRY_MAX_DELAY_MS',
  async (t) => {
    const bounds = [200, 400, 800, 800]
    const delays = { baseDelayMs: 200, maxDelayMs: 800 }
    const { call, dynamodb } = await start(t, fail, delays)
    /** Of each call, the waits that were chosen. */
    const chosen = await Promise.all(
      range(240).map(async (id) => {
        await sleep(id * 20)
        const waits: number[] = []
        const observer = new RequestObserver((_name, event) => {
          if ('delayMs' in event) waits.push(event.delayMs)
        })
        await call(id, { ...soon(), observer })
        return waits
      }),
    )
    for (const [retry, bound] of bounds.entries()) {
      for (const quarter of [1, 2, 3]) {
        const below = chosen.filter((waits) => (waits[retry] ?? NaN) < (quarter * bound) / 4).length
        const share = below / chosen.length
        t.ok(
          Math.abs(share - quarter / 4) < 0.15,
          `${share.toFixed(2)} are below ${quarter}/4 of ${bound} ms`,
        )
      }
    }

    // As long as was chosen is waited, and not much longer.
    const attempts = new Map<string, ReceivedRequest[]>()
    for (const received of dynamodb.requests) {
      const { N } = (received.body['Key'] as { id: { N: string } }).id
      attempts.set(N, [...(attempts.get(N) ?? []), received])
    }
    const extra = chosen.map((waits, id) => {
      const made = attempts.get(String(id)) ?? []
      if (made.length !== 5 || waits.length !== 4) t.fail(`${made.length} attempts, ${waits.length} waits`)
      return waits.map((ms, retry) => (made[retry + 1]?.at ?? 0) - (made[retry]?.ended ?? 0) - ms)
    })
    t.equal(extra.flat().filter((ms) => !(ms > -5)).length, 0, 'none is shorter')
    for (const retry of bounds.keys()) {
      const late = extra.filter((ms) => (ms[retry] ?? NaN) > scaled(300)).length
      t.ok(late < extra.length / 20, `${late} took longer`)
    }

    // The same distribution, without the time that sending takes.
    const retry = new Retry({ maxAttempts: 5, ...delays })
    for (const [number, bound] of bounds.entries()) {
      const tenths = range(10).map(() => 0)
      for (let draws = 0; draws < 100_000; draws++) {
        const tenth = Math.floor((retry.jitter(number) / bound) * 10)
        tenths[tenth] = (tenths[tenth] ?? 0) + 1
      }
      t.equal(tenths.length, 10)
      t.ok(
        tenths.every((count) => Math.abs(count - 10_000) < 600),
        tenths.join(' '),
      )
    }
  },
)

t.test('1,000 calls that fail together do not retry together', async (t) => {
  const CALLS = 1000
  const LONGEST_MS = 4000 * PATIENCE
  const failed = new Set<string>()
  const { call, dynamodb } = await start(
    t,
    (received, response, number) => {
      if (failed.has(received.text)) {
        answer(response, {})
      } else {
        failed.add(received.text)
        fail(received, response, number)
      }
    },
    { baseDelayMs: LONGEST_MS, maxDelayMs: LONGEST_MS },
  )
  const done = await Promise.all(range(CALLS).map((id) => call(id)))
  t.ok(done.every(Boolean), 'all succeed in the end')
  // On a busy machine, the first retries arrive before the last calls.
  const first = new Map<string, ReceivedRequest>()
  const waits: number[] = []
  for (const received of dynamodb.requests) {
    const before = first.get(received.text)
    if (before === undefined) first.set(received.text, received)
    else waits.push(received.at - (before.ended ?? 0))
  }
  t.equal(waits.length, CALLS)
  const quarters = [0, 0, 0, 0]
  for (const ms of waits) {
    const quarter = Math.min(3, Math.floor((ms / LONGEST_MS) * 4))
    quarters[quarter] = (quarters[quarter] ?? 0) + 1
  }
  t.ok(
    Math.min(...quarters) > CALLS / 10,
    `retries in each quarter of the longest wait: ${quarters.join(' ')}`,
  )
})

t.test('the retry budget limits a dead upstream to 1.2 requests per call', async (t) => {
  let dead = true
  const { call, dynamodb } = await start(
    t,
    (received, response, number) => {
      if (dead) fail(received, response, number)
      else answer(response, {})
    },
    { baseDelayMs: 0 },
  )
  // These calls exhaust the budget.
  for (const round of range(5)) await Promise.all(range(100).map((id) => call(round * 100 + id)))
  const before = dynamodb.requests.length
  const CALLS = 3000
  for (const round of range(30))
    await Promise.all(range(CALLS / 30).map((id) => call(1000 + round * 100 + id)))
  const ratio = (dynamodb.requests.length - before) / CALLS
  t.ok(ratio <= 1.2, `${ratio.toFixed(2)} requests per call`)
  t.comment(`${ratio.toFixed(2)} requests per call of a dead upstream`)

  dead = false
  await Promise.all(range(100).map((id) => call(10_000 + id)))
  const recovered = dynamodb.requests.length
  dead = true
  await call(20_000)
  t.equal(dynamodb.requests.length - recovered, 5, 'after a recovery, calls are retried again')
})

t.test('only failed retries consume the retry budget', async (t) => {
  const tried = new Set<string>()
  const { call, dynamodb } = await start(
    t,
    (received, response) => {
      if (tried.has(received.text)) refuse(response, 400, 'ConditionalCheckFailedException')
      else refuse(response, 400, 'ThrottlingException')
      tried.add(received.text)
    },
    { baseDelayMs: 1 },
  )
  for (const round of range(12)) await Promise.all(range(100).map((id) => call(round * 100 + id)))
  t.equal(dynamodb.requests.length, 2400)
  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'ThrottlingException')
  }
  await call(0)
  t.equal(dynamodb.requests.length, 2405)
})

t.test('each attempt is signed with its own time', async (t) => {
  const { call, dynamodb } = await start(t, fail, { baseDelayMs: 1200, maxAttempts: 4 })
  await Promise.all(range(20).map((id) => call(id)))
  t.equal(dynamodb.requests.length, 80)
  t.ok(dynamodb.requests.every(isSigned))
  const began = performance.timeOrigin
  t.ok(dynamodb.requests.every((received) => Math.abs(signedAt(received) - began - received.at) < 2500))
})

t.test('no call outlives its deadline by more than 50 ms', async (t) => {
  const DEADLINE_MS = 700
  const faults: Behavior[] = [
    () => undefined,
    fail,
    (_received, response) => response.socket?.destroy(),
    (_received, response) => {
      response.writeHead(200, { 'content-length': '100' })
      const trickle = setInterval(() => response.write(' '), 50)
      response.once('close', () => {
        clearInterval(trickle)
      })
    },
    (_received, response) => {
      refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { 'x-amz-retry-after': '300' } })
    },
    (_received, response) =>
      setTimeout(() => {
        fail(_received, response, 0)
      }, 250),
  ]
  const { call, storage } = await start(
    t,
    (received, response, number) => {
      const { N } = (received.body['Key'] as { id: { N: string } } | undefined)?.id ?? { N: '0' }
      faults[Number(N) % faults.length]?.(received, response, number)
    },
    { attemptTimeoutMs: 400, baseDelayMs: 200, maxConnections: 50 },
  )
  await call(1)
  const durations: number[] = []
  const heldUp = await delayOf(async () => {
    for (const round of range(5)) {
      await Promise.all(
        range(120).map(async (id) => {
          const limits = soon(DEADLINE_MS)
          const began = performance.now()
          if (id % 12 === 0) {
            const Keys = range(300).map((n) => ({ id: { N: String(n) } }))
            await storage.batchGet({ RequestItems: { T: { Keys } } }, limits).catch(() => undefined)
          } else {
            await call(round * 120 + id, limits)
          }
          durations.push(performance.now() - began)
        }),
      )
    }
  })
  const longest = Math.max(...durations)
  t.ok(
    longest < DEADLINE_MS + scaled(50 + heldUp),
    `the longest took ${longest.toFixed()} ms, ${heldUp.toFixed()} ms held up`,
  )
})

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

t.test('a caller that hangs up frees its socket and its timer within 100 ms', async (t) => {
  const { dynamodb, storage } = await start(
    t,
    (received, response, number) => {
      if (received.operation === 'PutItem') fail(received, response, number)
    },
    { baseDelayMs: 20_000 },
  )
  const gone = new AbortController()
  const calls = range(100).map((id) =>
    storage
      .send(id % 2 === 0 ? 'GetItem' : 'PutItem', requestOf(id), { ...soon(), signal: gone.signal })
      .catch((error: unknown) => (error as Error).name),
  )
  while (dynamodb.requests.length < 100) await sleep(10)
  await sleep(100)
  const open = () => dynamodb.requests.filter(({ ended }) => ended === undefined).length
  t.equal(open(), 50)
  t.ok(timers() >= 100)
  let took = 0
  const heldUp = await delayOf(async () => {
    const began = performance.now()
    gone.abort()
    t.ok((await Promise.all(calls)).every((name) => name === 'Canceled'))
    while (open() > 0) await sleep(5)
    took = performance.now() - began
  })
  t.ok(took < scaled(100 + heldUp), `it took ${took.toFixed()} ms, ${heldUp.toFixed()} ms held up`)
  t.ok(timers() < 20, 'their timers are gone')
})

t.test('a dead upstream leaks no file descriptors, timers or memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const silent = await start(t, () => undefined, { attemptTimeoutMs: 50, maxAttempts: 2, maxConnections: 8 })
  const gone = new Storage(await connectionTo('http://127.0.0.1:1'), testConfig({ maxConnections: 8 }))
  t.teardown(() => gone.close())
  const look = () => {
    gc()
    const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
    return { descriptors, timers: timers(), heap: process.memoryUsage().heapUsed }
  }
  const round = async () => {
    await Promise.all(
      range(300).flatMap((id) => [
        silent.call(id, soon(400)),
        gone.send('PutItem', requestOf(id), soon(400)).catch(() => undefined),
      ]),
    )
    // Destroyed sockets take a moment to close.
    await sleep(1000)
    silent.dynamodb.requests.length = 0
    silent.dynamodb.sockets.clear()
    return look()
  }
  for (let rounds = 0; rounds < 2; rounds++) await round()
  const before = await round()
  for (let rounds = 0; rounds < 4; rounds++) await round()
  const after = await round()
  // 3,000 calls that leaked one each would never come back to this. On a busy machine, sockets take longer to close.
  const left = () => look().descriptors - before.descriptors
  t.ok(await within(20_000, () => left() <= 4 * 8), `${left()} file descriptors more than before`)
  t.ok(after.timers <= before.timers + 10, `timers: ${before.timers}, ${after.timers}`)
  const grown = (after.heap - before.heap) / 1e6
  t.ok(grown < 3, `after 3,000 more calls the heap has grown by ${grown.toFixed(1)} MB`)
})
