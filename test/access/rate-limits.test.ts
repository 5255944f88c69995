import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Allowance, type Rate, rateLimitHeaders } from '../../src/access/rate.js'
import { RateLimits } from '../../src/access/rate-limits.js'
import { freePort } from '../../src/local/free-port.js'
import { needsRedis, startRedis } from '../helpers/redis.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

/** So slow that the duration of a test does not matter. */
const FIVE_AN_HOUR: Rate = { requests: 5, per: 'hour' }
/** For tests in which Redis is there: it may be slow on a busy machine. */
const PATIENT_MS = 10_000

interface Started {
  readonly limits: RateLimits
  readonly log: Record<string, unknown>[]
  /** How many of `count` requests are allowed. */
  readonly allowed: (count: number, rate?: Rate, principal?: string) => Promise<number>
}

function start(t: Test, redisUrl?: string, maxWaitMs = PATIENT_MS): Started {
  const log: Record<string, unknown>[] = []
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
  const limits = new RateLimits({ redisUrl, logger: pino({}, { write }), maxWaitMs })
  t.teardown(() => limits.close())
  const allowed = async (count: number, rate = FIVE_AN_HOUR, principal = 'checkout') => {
    const requests = Array.from({ length: count }, async () => limits.take(principal, rate))
    return (await Promise.all(requests)).filter((allowance) => allowance.allowed).length
  }
  return { limits, log, allowed }
}

/** Waits until counts are shared: with Redis, the allowance is a promise. */
async function shared({ limits }: Started, probe = 'probe'): Promise<boolean> {
  return within(20_000, () => limits.take(probe, { requests: 1000, per: 'second' }) instanceof Promise)
}

/** A clock that only the test moves. */
function setClock(t: Test): { now: number } {
  const clock = { now: 1000 }
  // t.intercept would take the stack trace of each call.
  Object.defineProperty(performance, 'now', { value: () => clock.now, configurable: true })
  t.teardown(() => Reflect.deleteProperty(performance, 'now'))
  return clock
}

t.test('a caller may send a burst, and then as many as its rate', async (t) => {
  const clock = setClock(t)
  const { limits, allowed } = start(t)
  const rate: Rate = { requests: 3, per: 'second', burst: 7 }
  t.equal(await allowed(20, rate), 7)
  t.equal(await allowed(20, rate, 'another'), 7, 'each caller for itself')
  for (let second = 0; second < 5; second++) {
    clock.now += 1000
    t.equal(await allowed(20, rate), 3)
  }
  clock.now += 333
  t.same(await limits.take('checkout', rate), {
    allowed: false,
    remaining: 0,
    retryAfterMs: 1000 / 3 - 333,
    resetS: 1,
  })
  clock.now += 1
  t.match(await limits.take('checkout', rate), { allowed: true, remaining: 0, retryAfterMs: 0 })
  clock.now += 3_600_000
  t.equal(await allowed(20, rate), 7, 'it saves up no more than a burst')
})

t.test('no rate allows one request too many or too few', async (t) => {
  const clock = setClock(t)
  const { allowed } = start(t)
  for (const per of ['second', 'minute', 'hour'] as const) {
    for (const requests of [1, 2, 3, 7, 11, 60, 97, 1000, 3601]) {
      for (const burst of new Set([1, 3, requests, 10 * requests])) {
        const name = `${requests}/${per} ${burst}`
        t.equal(await allowed(burst + 5, { requests, per, burst }, name), burst, name)
      }
    }
  }
  clock.now += 3_600_000
  const rate: Rate = { requests: 100, per: 'second' }
  let total = 0
  for (let i = 0; i < 10_000; i++) {
    total += await allowed(1, rate)
    clock.now += 3
  }
  t.ok(Math.abs(total - 3100) <= 1, `${total} in 30 s`)
})

t.test('the headers have what is left, and the seconds until more is', async (t) => {
  const clock = setClock(t)
  const { limits } = start(t)
  const headers = async (rate: Rate, principal = 'checkout') =>
    Object.values(rateLimitHeaders(rate, await limits.take(principal, rate)))

  const rate: Rate = { requests: 2, per: 'minute', burst: 3 }
  t.same(await headers(rate), ['"default";r=2;t=30', '"default";q=3;w=90'])
  t.same(await headers(rate), ['"default";r=1;t=30', '"default";q=3;w=90'])
  clock.now += 10_000
  t.same(await headers(rate), ['"default";r=0;t=20', '"default";q=3;w=90'])
  t.same(await headers(rate), ['"default";r=0;t=20', '"default";q=3;w=90'])

  t.comment('the policy is what a full bucket allows, and the time until it is full again')
  const policy = async (rate: Rate) => (await headers(rate, JSON.stringify(rate)))[1]
  t.equal(await policy({ requests: 5, per: 'minute' }), '"default";q=5;w=60')
  t.equal(await policy({ requests: 200, per: 'second', burst: 400 }), '"default";q=400;w=2')
  t.equal(await policy({ requests: 3, per: 'second' }), '"default";q=3;w=1')
  t.equal(await policy({ requests: 97, per: 'hour' }), '"default";q=97;w=3600')
  t.equal(await policy({ requests: 200, per: 'second', burst: 1 }), '"default";q=1;w=1')
})

t.test('a new rate applies at once', async (t) => {
  setClock(t)
  const { allowed } = start(t)
  t.equal(await allowed(9, { requests: 5, per: 'hour' }), 5)
  t.equal(await allowed(9, { requests: 5, per: 'second' }), 0)
  t.equal(
    await allowed(9, { requests: 5, per: 'second', burst: 8 }),
    3,
    'the backlog is that of the new rate',
  )
})

t.test('full buckets of any number of callers are forgotten', async (t) => {
  const clock = setClock(t)
  const { limits, allowed } = start(t)
  t.equal(await allowed(9), 5)
  for (let i = 0; i < 50_000; i++) {
    clock.now += 1
    await limits.take(`caller ${i}`, { requests: 1000, per: 'second' })
  }
  t.equal(await allowed(9), 0, 'others are kept')
})

t.test('replicas share the rate limits', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = [start(t, redis.url), start(t, redis.url)]
  t.ok((await shared(one)) && (await shared(other)))
  const counts = await Promise.all([one.allowed(20), other.allowed(20), one.allowed(20), other.allowed(20)])
  t.equal(
    counts.reduce((sum, count) => sum + count),
    5,
  )
  t.equal(await other.allowed(1, FIVE_AN_HOUR, 'u1@https://login.example.com/ ü'), 1)
  t.match(await other.limits.take('checkout', FIVE_AN_HOUR), { allowed: false, remaining: 0 })
  const { retryAfterMs, resetS } = await other.limits.take('checkout', FIVE_AN_HOUR)
  t.ok(retryAfterMs > 600_000 && retryAfterMs <= 720_000, String(retryAfterMs))
  t.equal(resetS, Math.ceil(retryAfterMs / 1000))
  t.same([...one.log, ...other.log], [])
})

t.test('the shared count is the same as the local one', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const replica = start(t, redis.url)
  t.ok(await shared(replica))
  for (const requests of [1, 3, 7, 60, 97, 1000]) {
    for (const burst of new Set([1, 3, requests])) {
      const name = `${requests} ${burst}`
      t.equal(await replica.allowed(burst + 5, { requests, per: 'hour', burst }, name), burst, name)
    }
  }
  t.comment('it fills again')
  const rate: Rate = { requests: 20, per: 'second', burst: 2 }
  await replica.allowed(10, rate)
  t.ok(await within(5000, async () => (await replica.limits.take('checkout', rate)).allowed))

  t.comment('and a new rate applies at once')
  t.equal(await replica.allowed(9, { requests: 5, per: 'hour' }, 'u1'), 5)
  t.equal(await replica.allowed(9, { requests: 5, per: 'hour', burst: 8 }, 'u1'), 3)
  t.ok(
    await within(5000, async () => (await replica.allowed(1, { requests: 1000, per: 'second' }, 'u1')) === 1),
  )
})

t.test('full buckets are forgotten by Redis', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const replica = start(t, redis.url)
  t.ok(await shared(replica))
  await replica.allowed(1, { requests: 10, per: 'second' }, 'short')
  await replica.allowed(1, FIVE_AN_HOUR, 'long')
  const { Redis } = await import('ioredis')
  const client = new Redis(redis.url)
  t.teardown(() => {
    client.disconnect()
  })
  t.ok(await within(5000, async () => (await client.keys('*')).join() === 'dss:rate:long'))
  const ttl = await client.pttl('dss:rate:long')
  t.ok(ttl > 600_000 && ttl <= 720_000)
})

t.test('while Redis is away, each replica counts for itself', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const replica = start(t, redis.url)
  t.ok(await shared(replica))
  t.equal(await replica.allowed(20), 5)

  await redis.stop()
  t.ok(await within(5000, () => replica.log.length > 0))
  t.equal(await replica.allowed(20), 5)
  t.equal(await replica.allowed(20), 0)
  t.match(replica.log, [{ level: 50, msg: /Redis is not available/ }])
  t.equal(replica.log.length, 1, 'it is logged once, not for each request')

  await redis.start()
  t.ok(await shared(replica))
  t.equal(await replica.allowed(20), 5, 'Redis has forgotten the count')
  t.equal(await replica.allowed(20), 0)
  t.match(replica.log[1], { level: 30, msg: 'rate limits are shared again' })
  t.equal(replica.log.length, 2)
})

t.test('requests in flight are counted when Redis dies', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const replica = start(t, redis.url)
  t.ok(await shared(replica))
  redis.pause()
  const inFlight = replica.allowed(20)
  await redis.stop()
  t.equal(await inFlight, 5)
})

t.test('no request waits for a Redis that does not reply', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const replica = start(t, redis.url, 50)
  t.ok(await shared(replica))
  redis.pause()
  const begun = performance.now()
  t.equal(await replica.allowed(20, FIVE_AN_HOUR, 'paused'), 5)
  t.ok(performance.now() - begun < scaled(500))

  t.comment('its connection is given up, so that nothing waits at all')
  t.ok(await within(10_000, () => !(replica.limits.take('paused', FIVE_AN_HOUR) instanceof Promise)))
  t.equal(replica.log.length, 1)
  redis.resume()
  t.ok(await shared(replica))
  t.ok(
    await within(10_000, async () => {
      await replica.limits.take('resumed', FIVE_AN_HOUR)
      return replica.log.at(-1)?.['msg'] === 'rate limits are shared again'
    }),
  )
})

t.test('starts and stops without Redis', async (t) => {
  const replica = start(t, `redis://user:secret@127.0.0.1:${await freePort()}`)
  t.equal(await replica.allowed(20), 5)
  t.ok(await within(10_000, () => replica.log.length > 0))
  await sleep(300)
  t.match(replica.log, [{ reason: /ECONNREFUSED/ }])
  t.equal(replica.log.length, 1)
  t.equal(await replica.allowed(20), 0)
  await replica.limits.close()
  const early = start(t, `redis://127.0.0.1:${await freePort()}`)
  await early.limits.close()
})

t.test(
  'a Redis that refuses the password counts as away, and the password is not logged',
  needsRedis,
  async (t) => {
    const redis = await startRedis(t, '--requirepass', 'right')
    const wrong = start(t, redis.url.replace('//', '//:wrong-password@'))
    t.ok(await within(10_000, () => wrong.log.length > 0))
    t.equal(await wrong.allowed(20), 5)
    t.match(wrong.log, [{ reason: /WRONGPASS/ }])
    t.notMatch(JSON.stringify(wrong.log), 'wrong-password')
    const none = start(t, redis.url)
    t.ok(
      await within(
        10_000,
        async () => (await none.allowed(1, FIVE_AN_HOUR, 'x')) === 1 && none.log.length > 0,
      ),
    )
    t.match(none.log, [{ reason: /NOAUTH/ }])
    const right = start(t, redis.url.replace('//', '//:right@'))
    t.ok(await shared(right))
    t.equal(await right.allowed(20), 5)
  },
)

t.test('anything else in its key counts as away', needsRedis, async (t) => {
  const redis = await startRedis(t)
  const { Redis } = await import('ioredis')
  const client = new Redis(redis.url)
  t.teardown(() => {
    client.disconnect()
  })
  await client.lpush('dss:rate:list', 'x')
  await client.set('dss:rate:text', 'something else')
  const replica = start(t, redis.url)
  t.ok(await shared(replica))
  t.equal(await replica.allowed(20, FIVE_AN_HOUR, 'list'), 5)
  const took: Allowance = await replica.limits.take('text', FIVE_AN_HOUR)
  t.equal(took.allowed, true)
})
