/** An issuer of tokens with its key set, on loopback. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'
import type { Test } from 'tap'
import type { JwtEntry } from '../../src/access/jwt-entry.js'

export const AUDIENCE = 'orders-storage'

export interface SigningKey {
  readonly privateKey: CryptoKey
  /** The public key, as it stands in a key set. */
  readonly jwk: JWK
}

/** A new pair of keys. */
export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Now plus some seconds, as tokens have times. */
export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

/** Signs any claims and header, also wrong ones. */
export function sign(
  { privateKey, jwk }: SigningKey,
  claims: Record<string, unknown>,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: jwk.alg ?? '', ...(jwk.kid !== undefined && { kid: jwk.kid }), ...header })
    .sign(privateKey)
}

export interface Issuer {
  /** Its URL, which is its name, too. */
  readonly url: string
  /** What its key set contains. */
  readonly keys: JWK[]
  /** How often its key set was fetched. */
  readonly fetches: () => number
  /** Responds to a request for the key set in place of the server; undefined for the usual response. */
  respond: ((response: ServerResponse) => void) | undefined
  /** Refuses connections. */
  readonly stop: () => Promise<void>
  /** Listens on the same port again. */
  readonly start: () => Promise<void>
  /** Its entry in the policy file. */
  readonly entry: (overrides?: Partial<JwtEntry>) => JwtEntry
  /** Claims that are accepted. */
  readonly claims: (overrides?: Record<string, unknown>) => Record<string, unknown>
}

/** Starts an issuer with these keys; it stops with the test. */
export async function startIssuer(t: Test, ...keys: readonly SigningKey[]): Promise<Issuer> {
  let fetches = 0
  let port = 0
  const send = (response: ServerResponse, body: unknown) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    if (request.url === '/.well-known/openid-configuration') {
      send(response, { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks.json` })
      return
    }
    fetches++
    if (issuer.respond !== undefined) issuer.respond(response)
    else send(response, { keys: issuer.keys })
  })
  const start = async () => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await start()
  t.teardown(stop)
  const url = `http://127.0.0.1:${port}`
  const issuer: Issuer = {
    url,
    keys: keys.map(({ jwk }) => jwk),
    fetches: () => fetches,
    respond: undefined,
    start,
    stop,
    entry: (overrides = {}) => ({
      issuer: url,
      audience: AUDIENCE,
      jwks: `${url}/jwks.json`,
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      roles: 'roles',
      defaultRoles: [],
      ...overrides,
    }),
    claims: (overrides = {}) => ({
      iss: url,
      sub: 'u1',
      aud: AUDIENCE,
      exp: inSeconds(600),
      roles: ['checkout'],
      ...overrides,
    }),
  }
  return issuer
}
