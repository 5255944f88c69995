/** Verifies tokens: JWTs (RFC 7519) that are signed with a key of their issuer, after the best practices of RFC 8725. */
import type { FastifyBaseLogger } from 'fastify'
import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose'
import { KeySet, type KeySetTimes } from './jwks.js'
import { keySourceOf } from './jwks-source.js'
import type { JwtEntry } from './jwt-entry.js'
import { type Claims, unverifiedClaims } from './token-parts.js'
import { TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_NO_SUBJECT, tokenProblem } from './token-problems.js'
import { rolesOf } from './token-roles.js'

/** The same object for each request with the token, as long as it is remembered. */
export interface VerifiedToken {
  /** `<sub>@<issuer>`; `@<issuer>` for a token without `sub`. */
  readonly principal: string
  readonly roles: readonly string[]
  readonly claims: Claims
  /** By `Date.now()`, in ms. The token is accepted for 30 s more. */
  readonly expiresAt: number
}

export interface TokenVerifierOptions {
  readonly logger: FastifyBaseLogger
  /** The verifier that this one replaces. It hands over its keys and is to be closed afterwards. */
  readonly previous?: TokenVerifier | undefined
  readonly times?: Partial<KeySetTimes>
}

/** The tokens of one entry of the policy file. */
interface Issuer {
  readonly entry: JwtEntry
  readonly keys: KeySet
  readonly options: JWTVerifyOptions
}

interface Remembered {
  readonly text: string
  readonly token: VerifiedToken
  /** By `performance.now()`. */
  readonly until: number
}

/** How far the clocks of issuers may be off, in s. */
const CLOCK_SKEW_S = 30
/** So long after its verification, in ms, a token whose key its issuer has withdrawn may still be accepted. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 4096
/**
 * Tokens are found by the end of their signature, 256 bits, and then compared as a whole. Node.js 20 would need 1 µs for
 * the hash of a token of 1 KB.
 */
const LOOKUP_LENGTH = 43
/** If a token does not name its key, so many are tried. Each costs a signature. */
const MAX_KEYS_TRIED = 8

export class TokenVerifier {
  readonly #issuers: readonly Issuer[]
  readonly #keySets = new Map<string, KeySet>()
  /** By the end of the token, the oldest first. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #pending = new Map<string, Promise<VerifiedToken>>()

  constructor(entries: readonly JwtEntry[], { logger, previous, times }: TokenVerifierOptions) {
    const keySetOf = (entry: JwtEntry) => {
      const source = keySourceOf(entry)
      const known = this.#keySets.get(source.name)
      if (known !== undefined) return known
      const keys =
        (previous === undefined ? undefined : previous.#handOver(source.name)) ??
        new KeySet(source, logger, times)
      this.#keySets.set(source.name, keys)
      return keys
    }
    this.#issuers = entries.map((entry) => ({ entry, keys: keySetOf(entry), options: optionsOf(entry) }))
  }

  /**
   * Returns at once what is remembered of a token that was verified before.
   * @throws ProblemError `Unauthenticated`, or `ServiceUnavailable` if the keys of the issuer could not be read so far;
   * the promise rejects with it
   */
  verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    const remembered = this.#remembered.get(token.slice(-LOOKUP_LENGTH))
    if (remembered?.text === token && performance.now() < remembered.until) return remembered.token
    let pending = this.#pending.get(token)
    if (pending === undefined) {
      pending = this.#verify(token).finally(() => this.#pending.delete(token))
      this.#pending.set(token, pending)
    }
    return pending
  }

  /** Ends everything that runs in the background, except for the keys that another verifier has taken over. */
  close(): void {
    for (const keys of this.#keySets.values()) keys.close()
  }

  #handOver(source: string): KeySet | undefined {
    const keys = this.#keySets.get(source)
    this.#keySets.delete(source)
    return keys
  }

  async #verify(text: string): Promise<VerifiedToken> {
    try {
      const issuer = this.#issuerOf(unverifiedClaims(text))
      const token = verifiedToken(await verifiedClaims(text, issuer), issuer)
      this.#remember(text, token)
      return token
    } catch (error) {
      throw tokenProblem(error)
    }
  }

  #issuerOf({ iss, aud }: Claims): Issuer {
    const issuers = this.#issuers.filter(({ entry }) => entry.issuer === iss)
    if (issuers.length === 0) throw TOKEN_ISSUER
    const issuer = issuers.find(({ entry }) =>
      Array.isArray(aud) ? aud.includes(entry.audience) : aud === entry.audience,
    )
    if (issuer === undefined) throw TOKEN_AUDIENCE
    return issuer
  }

  #remember(text: string, token: VerifiedToken): void {
    const end = text.slice(-LOOKUP_LENGTH)
    this.#remembered.delete(end)
    const until = performance.now() + Math.min(REMEMBER_MS, token.expiresAt - Date.now())
    this.#remembered.set(end, { text, token, until })
    if (this.#remembered.size <= MAX_REMEMBERED) return
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined) this.#remembered.delete(oldest)
  }
}

function optionsOf({ issuer, audience, algorithms }: JwtEntry): JWTVerifyOptions {
  return {
    issuer,
    audience,
    algorithms: [...algorithms],
    clockTolerance: CLOCK_SKEW_S,
    requiredClaims: ['exp'],
  }
}

async function verifiedClaims(text: string, { keys, options }: Issuer): Promise<JWTPayload> {
  try {
    return (await jwtVerify(text, keys.keyOf, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    return tryEach(error, text, options)
  }
}

/** For a token that does not name its key, or an issuer whose keys have no names. */
async function tryEach(
  keys: errors.JWKSMultipleMatchingKeys,
  text: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0
  for await (const key of keys) {
    try {
      return (await jwtVerify(text, key, options)).payload
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      if (++tried === MAX_KEYS_TRIED) break
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

function verifiedToken(claims: JWTPayload, { entry }: Issuer): VerifiedToken {
  // A token without a subject is one of the issuer itself (RFC 7519, section 4.1.2).
  const { sub = '', exp = 0 } = claims
  if (typeof sub !== 'string' || claims.sub === '') throw TOKEN_NO_SUBJECT
  return {
    principal: `${sub}@${entry.issuer}`,
    roles: rolesOf(claims, entry),
    claims,
    expiresAt: exp * 1000,
  }
}
