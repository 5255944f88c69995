import type { FastifyBaseLogger } from 'fastify'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { isRecord } from '../json/is-record.js'
import { ProblemError } from '../problem/problem-error.js'
import type { KeySource } from './jwks-source.js'

/** Durations in ms. */
export interface KeySetTimes {
  /** The time between two refreshes. */
  readonly refresh: number
  /** The least time between two reads because of unknown keys. */
  readonly unknownKey: number
  /** The least time between two reads while no keys are known. */
  readonly noKeys: number
  /** The longest that a read may take. */
  readonly read: number
}

const USUAL_TIMES: KeySetTimes = { refresh: 600_000, unknownKey: 30_000, noKeys: 1000, read: 5000 }

/** `jose` has the same with keys that expire: tokens would be refused while their issuer is away. */
export class KeySet {
  readonly #source: KeySource
  readonly #logger: FastifyBaseLogger
  readonly #times: KeySetTimes
  readonly #closing = new AbortController()
  readonly #refresh: NodeJS.Timeout
  readonly #unwatch: (() => void) | undefined
  #keys: JWTVerifyGetKey | undefined
  #reading: Promise<void> | undefined
  #isFailing = false
  /** By `performance.now()`. The first read does not count. */
  #readForUnknownKeyAt = -Infinity
  #failedAt = -Infinity

  constructor(source: KeySource, logger: FastifyBaseLogger, times: Partial<KeySetTimes> = {}) {
    this.#source = source
    this.#logger = logger
    this.#times = { ...USUAL_TIMES, ...times }
    this.#refresh = setInterval(() => void this.#read(), this.#times.refresh).unref()
    this.#unwatch = source.watch?.(() => {
      // A read that has begun may have missed the change.
      void Promise.resolve(this.#reading).then(() => this.#read())
    })
    // Tokens of the first requests then need not wait for it.
    void this.#read()
  }

  /**
   * Finds the key of a token, as `jwtVerify` asks for it. Only the keys of this set count, never those that the header
   * of the token contains or points to.
   * @throws ProblemError `ServiceUnavailable` if no keys could be read so far
   * @throws JOSEError if none of the keys fits
   */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    const keys = this.#keys ?? (await this.#firstKeys())
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayReadForUnknownKey()) throw error
      await this.#read()
      return (this.#keys ?? keys)(header, token)
    }
  }

  /** Ends reads and refreshes. The keys that are known go on working. */
  close(): void {
    clearInterval(this.#refresh)
    this.#unwatch?.()
    this.#closing.abort()
  }

  async #firstKeys(): Promise<JWTVerifyGetKey> {
    if (this.#reading !== undefined || performance.now() - this.#failedAt >= this.#times.noKeys) {
      await this.#read()
    }
    if (this.#keys !== undefined) return this.#keys
    throw new ProblemError('ServiceUnavailable', 'The keys of the issuer of the token are not available.', {
      retryAfterMs: this.#times.noKeys,
    })
  }

  #mayReadForUnknownKey(): boolean {
    if (this.#reading !== undefined) return true
    const now = performance.now()
    if (now - this.#readForUnknownKeyAt < this.#times.unknownKey) return false
    this.#readForUnknownKeyAt = now
    return true
  }

  /** Reads the keys, or waits for the read in progress. Never fails: the keys that are known stay. */
  #read(): Promise<void> {
    return (this.#reading ??= this.#tryToRead().finally(() => {
      this.#reading = undefined
    }))
  }

  async #tryToRead(): Promise<void> {
    const { name } = this.#source
    const { signal } = this.#closing
    try {
      const timeout = AbortSignal.timeout(this.#times.read)
      const keys = await this.#source.read(AbortSignal.any([signal, timeout]))
      if (!isKeySet(keys)) throw new Error(`${name} is not a JSON Web Key Set`)
      this.#keys = createLocalJWKSet(keys)
      if (!this.#isFailing) return
      this.#isFailing = false
      this.#logger.info({ source: name }, 'the keys of a token issuer are available again')
    } catch (error) {
      this.#failedAt = performance.now()
      if (signal.aborted || this.#isFailing) return
      this.#isFailing = true
      const reason = error instanceof Error ? error.message : String(error)
      this.#logger.error({ source: name, reason }, 'cannot read the keys of a token issuer')
    }
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isRecord(value) && Array.isArray(value['keys']) && value['keys'].every(isRecord)
}
