import { createHash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Redis, RedisOptions } from 'ioredis'
import { type Allowance, allowanceOf, type Bucket, ROUNDING } from './rate.js'

/** Redis is on the way of each request, and a request must not fail or hang because of it. In ms. */
const MAX_WAIT_MS = 50
/** After a failure, requests are counted here for this time, in ms, so that only few have to wait. */
const PAUSE_MS = 1000

/**
 * One request of a caller. It runs in Redis as a whole, by the clock of Redis, so that replicas with different clocks
 * agree. The key has the backlog in ms and its time, and it expires when the bucket is full again. Numbers are returned
 * as text, because Redis would cut off the fraction.
 */
const SCRIPT = `
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local backlog = 0
local before, at = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if before then
  backlog = math.max(0, math.min(tonumber(before), capacity) - math.max(0, now - tonumber(at)))
end
local allowed = backlog + interval <= capacity + interval * ${ROUNDING}
if allowed then
  backlog = backlog + interval
  redis.call('SET', KEYS[1], string.format('%.17g %.3f', backlog, now), 'PX', math.ceil(backlog))
end
return { allowed and 1 or 0, string.format('%.17g', backlog) }
`
const SCRIPT_SHA1 = createHash('sha1').update(SCRIPT).digest('hex')

const options = {
  connectionName: 'dynamodb-storage-service',
  // A request that cannot be sent at once is counted here, not later. Sent again, it would be counted twice.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2000,
  // A connection on which Redis no longer responds is replaced.
  socketTimeout: 1000,
  retryStrategy: (attempt: number) => Math.min(100 * attempt, 2000),
  // After a failover: the server has become a replica.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions

/** The rate limits that replicas share in Redis or Valkey. */
export class SharedRateLimits {
  readonly #logger: FastifyBaseLogger
  readonly #maxWaitMs: number
  #redis: Redis | undefined
  #isAvailable = true
  /** By `performance.now()`. */
  #pausedUntil = 0
  #isClosed = false

  /** @param maxWaitMs the longest that a request waits for Redis */
  constructor(url: string, logger: FastifyBaseLogger, maxWaitMs = MAX_WAIT_MS) {
    this.#logger = logger
    this.#maxWaitMs = maxWaitMs
    this.#connect(url).catch(this.#unavailable)
  }

  /** Undefined, or resolves to it, if Redis is not available. */
  take(principal: string, bucket: Bucket): Promise<Allowance | undefined> | undefined {
    const redis = this.#redis
    if (redis?.status !== 'ready' || performance.now() < this.#pausedUntil) return undefined
    return this.#take(redis, principal, bucket)
  }

  close(): void {
    this.#isClosed = true
    this.#redis?.disconnect()
  }

  /** The client is loaded only if it is used: loading takes 50 ms and 10 MB. */
  async #connect(url: string): Promise<void> {
    const { Redis } = await import('./redis-client.js')
    if (this.#isClosed) return
    this.#redis = new Redis(url, options)
    this.#redis.on('error', this.#unavailable)
  }

  async #take(redis: Redis, principal: string, bucket: Bucket): Promise<Allowance | undefined> {
    try {
      const reply = await this.#inTime(run(redis, `dss:rate:${principal}`, bucket))
      const allowance = readReply(reply, bucket)
      this.#available()
      return allowance
    } catch (error) {
      this.#pausedUntil = performance.now() + PAUSE_MS
      this.#unavailable(error)
      return undefined
    }
  }

  #inTime(reply: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(new Error(`no reply within ${this.#maxWaitMs} ms`))
      }
      // If this process was busy for that long, a reply that has arrived is read first.
      const timer = setTimeout(() => setImmediate(giveUp), this.#maxWaitMs)
      void reply.then(resolve, reject).finally(() => {
        clearTimeout(timer)
      })
    })
  }

  #available(): void {
    if (this.#isAvailable) return
    this.#isAvailable = true
    this.#logger.info('rate limits are shared again')
  }

  /** Logs the first of many errors, and only its message: the error itself has the password. */
  readonly #unavailable = (error: unknown): void => {
    if (!this.#isAvailable || this.#isClosed) return
    this.#isAvailable = false
    const reason = error instanceof Error ? error.message : String(error)
    this.#logger.error({ reason }, 'rate limits are counted in this process only: Redis is not available')
  }
}

async function run(redis: Redis, key: string, { intervalMs, capacityMs }: Bucket): Promise<unknown> {
  try {
    return await redis.evalsha(SCRIPT_SHA1, 1, key, intervalMs, capacityMs)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return redis.eval(SCRIPT, 1, key, intervalMs, capacityMs)
  }
}

function readReply(reply: unknown, bucket: Bucket): Allowance {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : []
  const [allowed, text] = parts
  const backlogMs = Number(text)
  if (!Number.isFinite(backlogMs)) throw new Error('unexpected reply')
  return allowanceOf(bucket, allowed === 1, backlogMs)
}
