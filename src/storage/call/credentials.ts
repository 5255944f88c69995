import type { Connection, Credentials } from './connection.js'

/**
 * The SDK starts to renew credentials this long before they expire, in ms. From then on, the provider is asked before
 * every attempt.
 */
const RENEW_MS = 5 * 60 * 1000
/** After the provider returned expired credentials once more, it is not asked again for this time, in ms. */
const REMEMBERED_MS = 30_000

/** The provider has no credentials. `cause` is the provider's error. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
}

/**
 * The current credentials. They are kept, because asking the SDK costs each call promises and a turn of the event loop
 * even if the SDK has them at hand.
 */
export class KeptCredentials {
  readonly #provide: Connection['credentials']
  #kept: Credentials | undefined
  #keptUntil = 0
  /** DynamoDB has refused the kept ones as expired, whatever their own date says. */
  #expired = false
  /** Until then, on the clock of `performance.now()`, the provider is known to have no others than the expired ones. */
  #noOthersUntil = -Infinity
  #renewal: Promise<Credentials> | undefined

  constructor(provide: Connection['credentials']) {
    this.#provide = provide
  }

  /** The credentials to sign with; undefined if the provider has to be asked by {@link renew}. */
  get current(): Credentials | undefined {
    if (this.#hasNoOthers()) return this.#kept
    return this.#expired || Date.now() >= this.#keptUntil ? undefined : this.#kept
  }

  /**
   * Asks the provider, once for all who ask at the same time.
   * @throws CredentialsError
   */
  renew(): Promise<Credentials> {
    this.#renewal ??= this.#ask().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /**
   * DynamoDB has refused these credentials as expired: if they are still in use, {@link renew} asks for others, unless
   * the provider has only just been asked and had no others.
   */
  expire(credentials: Credentials): void {
    if (!this.#hasNoOthers() && isSame(credentials, this.#kept)) this.#expired = true
  }

  /**
   * Replaces credentials that DynamoDB has refused as expired.
   * @returns whether there are others now
   * @throws CredentialsError
   */
  async replace(credentials: Credentials): Promise<boolean> {
    this.expire(credentials)
    const found = this.current ?? (await this.renew())
    if (!isSame(credentials, found)) return true
    // The renewal that was joined may have been started before this refusal, without force.
    return this.#expired && !isSame(credentials, await this.renew())
  }

  async #ask(): Promise<Credentials> {
    const forced = this.#expired
    const before = this.#kept
    let credentials: Credentials
    try {
      credentials = await this.#provide(forced ? { forceRefresh: true } : undefined)
    } catch (cause) {
      throw new CredentialsError('the provider has no credentials', { cause })
    }
    const isOther = !isSame(credentials, before)
    if (forced && !isOther) this.#noOthersUntil = performance.now() + REMEMBERED_MS
    if (isOther) this.#noOthersUntil = -Infinity
    // An answer without force does not take back that these credentials were refused in the meantime.
    if (forced || isOther) this.#expired = false
    this.#kept = credentials
    this.#keptUntil = (credentials.expiration?.getTime() ?? Infinity) - RENEW_MS
    return credentials
  }

  #hasNoOthers(): boolean {
    return performance.now() < this.#noOthersUntil
  }
}

function isSame(a: Credentials, b: Credentials | undefined): boolean {
  return (
    a.accessKeyId === b?.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  )
}
