import type { Connection, Credentials } from './connection.js'
import { StorageError } from '../errors.js'

/** The SDK begins to renew credentials this long before they expire, in ms; from then on it is asked each time. */
const RENEW_MS = 5 * 60 * 1000

/** The credentials at hand: to ask the SDK for them, even if it has them, costs each call promises and a wait. */
export class KeptCredentials {
  readonly #provide: Connection['credentials']
  #kept: Credentials | undefined
  #keptUntil = 0
  /** DynamoDB has said so, whatever their own date says. */
  #expired = false
  #renewal: Promise<Credentials> | undefined

  constructor(provide: Connection['credentials']) {
    this.#provide = provide
  }

  /** Those of now; undefined if they have to be asked for with {@link renew}. */
  get current(): Credentials | undefined {
    return this.#expired || Date.now() >= this.#keptUntil ? undefined : this.#kept
  }

  /**
   * Asks for those of now, once for all who ask at a time.
   * @throws StorageError `CredentialsError`
   */
  renew(): Promise<Credentials> {
    this.#renewal ??= this.#ask().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /** DynamoDB finds that these have expired: if they are still in use, {@link renew} gets others. */
  expire(credentials: Credentials | undefined): void {
    if (credentials === this.#kept) this.#expired = true
  }

  async #ask(): Promise<Credentials> {
    const forced = this.#expired
    const before = this.#kept
    try {
      this.#kept = await this.#provide(forced ? { forceRefresh: true } : undefined)
    } catch (cause) {
      throw new StorageError('CredentialsError', 'no credentials to call DynamoDB with', { cause })
    }
    // Unless DynamoDB has said so only meanwhile, and of just these.
    if (forced || this.#kept !== before) this.#expired = false
    this.#keptUntil = (this.#kept.expiration?.getTime() ?? Infinity) - RENEW_MS
    return this.#kept
  }
}
