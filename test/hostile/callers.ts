/** Callers with good, bad and broken credentials, and the policy file that knows some of them. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { keyHolder } from '../helpers/access.js'
import { inSeconds, sign, signingKey, startIssuer } from '../helpers/jwks-server.js'
import { writePolicy } from '../helpers/service.js'
import { minefield } from './minefield.js'

export interface Callers {
  readonly policyFile: string
  /** The header of a caller who may do everything. */
  readonly operator: string
  /** The headers with which a request is sent. */
  readonly credentials: fc.Arbitrary<readonly string[]>
}

/** Without credentials. */
export const nobody: fc.Arbitrary<readonly string[]> = fc.constant([])

/** Writes the policy file, and starts the issuer of its tokens; both end with the test. */
export async function startCallers(t: Test): Promise<Callers> {
  const key = await signingKey('one')
  const issuer = await startIssuer(t, key)
  const attributes = { customer: 'ada' }
  const holders = {
    operator: keyHolder('operator', ['operator']),
    tenant: keyHolder('tenant', ['tenant'], { attributes }),
    prefixed: keyHolder('prefixed', ['prefixed'], { attributes }),
    limited: keyHolder('limited', ['operator'], { rate: { requests: 100, per: 'second' } }),
    expired: keyHolder('expired', ['operator'], { expires: '2020-01-01T00:00:00Z' }),
    powerless: keyHolder('powerless', []),
  }
  const policyFile = writePolicy(t, {
    roles: {
      operator: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'changes', 'admin'] }],
      tenant: [{ tables: ['Orders', 'Cust*'], actions: ['read', 'write'], partitionKey: '{customer}' }],
      prefixed: [{ tables: ['*'], actions: ['GetItem', 'Query', 'PutItem'], partitionKey: 'X{customer}#*' }],
    },
    keys: Object.values(holders).map(({ entry }) => entry),
    jwt: [issuer.entry()],
  })
  const token = await sign(key, issuer.claims({ roles: ['operator'] }))
  const stale = await sign(key, issuer.claims({ exp: inSeconds(-3600) }))
  const lineOf = ({ headers }: (typeof holders)['operator']) => `x-api-key: ${headers['x-api-key'] ?? ''}`
  const operator = lineOf(holders.operator)
  const others = [
    ...Object.values(holders).map(lineOf),
    operator.replace('x-api-key:', 'authorization: Bearer'),
    `${operator}a`,
    `authorization: bearer ${token}`,
    `authorization: Bearer ${stale}`,
    `authorization: Bearer ${token.slice(0, -1)}`,
    `authorization: Bearer ${token.replace('.', '..')}`,
  ]
  return {
    policyFile,
    operator,
    credentials: fc.oneof(
      { weight: 5, arbitrary: fc.constant([operator]) },
      { weight: 2, arbitrary: fc.constant([`authorization: Bearer ${token}`]) },
      { weight: 3, arbitrary: fc.constantFrom(...others).map((line) => [line]) },
      { weight: 1, arbitrary: brokenToken.map((text) => [`authorization: Bearer ${text}`]) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
  }
}

/** Header and claims of tokens in which everything may be wrong. A header of an HTTP request has no room for more. */
const part = fc.oneof(
  fc.constantFrom(...minefield.filter((text) => text.length < 2000)),
  fc
    .record(
      {
        alg: fc.constantFrom('none', 'HS256', 'ES256', 'RS256', '', '__proto__', null, 1, []),
        kid: fc.constantFrom('one', '../../dev/null', 'a'.repeat(1000), null, {}),
        jku: fc.constantFrom('http://169.254.169.254/', 'file:///etc/passwd'),
        crit: fc.constantFrom(['exp'], [], 'exp'),
        iss: fc.constantFrom('http://127.0.0.1/', '__proto__', null),
        exp: fc.constantFrom(1e308, -1, '1', null),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
)
const brokenToken = fc
  .tuple(part, part, fc.constantFrom('', 'AA', 'A'.repeat(86), '!'))
  .map(([header, claims, signature]) => `${base64url(header)}.${base64url(claims)}.${signature}`)

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
