import { createHmac } from 'node:crypto'
import { pino } from 'pino'
import { exportSPKI, importJWK } from 'jose'
import t, { type Test } from 'tap'
import type { JwtEntry } from '../../src/access/jwt-entry.js'
import { TokenVerifier } from '../../src/access/tokens.js'
import { ProblemError } from '../../src/problem/problem-error.js'
import { inSeconds, sign, signingKey, startIssuer } from '../helpers/jwks-server.js'

const logger = pino({ level: 'silent' })
const key = await signingKey('k1')
const rsaKey = await signingKey('k2', 'RS256')
const edKey = await signingKey('k3', 'EdDSA')
const unknownKey = await signingKey('k1')

function verifierOf(t: Test, ...entries: readonly JwtEntry[]): TokenVerifier {
  const verifier = new TokenVerifier(entries, { logger })
  t.teardown(() => {
    verifier.close()
  })
  return verifier
}

/** The detail with which a token is refused. */
async function refusal(t: Test, verifier: TokenVerifier, token: string): Promise<string> {
  const problem = await Promise.resolve(verifier.verify(token)).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(problem instanceof ProblemError)) throw new Error('the token was not refused', { cause: problem })
  t.equal(problem.code, 'Unauthenticated')
  const challenge = `Bearer realm="dynamodb-storage-service", error="invalid_token", error_description="${problem.message}"`
  t.equal(problem.headers?.['www-authenticate'], challenge)
  return problem.message
}

const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

t.test('accepts tokens of the algorithms in the policy file', async (t) => {
  const issuer = await startIssuer(t, key, rsaKey, edKey)
  const verifier = verifierOf(t, issuer.entry())
  for (const each of [key, rsaKey, edKey]) {
    const exp = inSeconds(600)
    const token = await sign(each, issuer.claims({ exp, customer: 42 }))
    const verified = await verifier.verify(token)
    t.match(verified, { principal: `u1@${issuer.url}`, roles: ['checkout'], expiresAt: exp * 1000 })
    t.equal(verified.claims['customer'], 42)
  }
  t.equal(issuer.fetches(), 1)
  const anyone = await verifier.verify(await sign(key, issuer.claims({ sub: undefined })))
  t.equal(anyone.principal, `@${issuer.url}`, 'sub is optional (RFC 7519)')
})

t.test('refuses tokens whose claims do not fit', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  const refused = async (claims: Record<string, unknown>) =>
    refusal(t, verifier, await sign(key, issuer.claims(claims)))

  t.equal(await refused({ iss: 'https://elsewhere.example' }), 'The issuer of the token is unknown')
  t.equal(await refused({ iss: `${issuer.url}/` }), 'The issuer of the token is unknown')
  t.equal(await refused({ iss: [issuer.url] }), 'The issuer of the token is unknown')
  t.equal(await refused({ iss: undefined }), 'The issuer of the token is unknown')
  t.equal(await refused({ aud: 'payments' }), 'The token is for another audience')
  t.equal(await refused({ aud: ['payments', 'mail'] }), 'The token is for another audience')
  t.equal(await refused({ aud: undefined }), 'The token is for another audience')
  t.equal(await refused({ aud: { 0: 'orders-storage' } }), 'The token is for another audience')
  t.equal(await refused({ exp: undefined }), 'The token has no valid exp claim')
  t.equal(await refused({ exp: String(inSeconds(600)) }), 'The token has no valid exp claim')
  t.equal(await refused({ exp: inSeconds(-40) }), 'The token has expired')
  t.equal(await refused({ nbf: inSeconds(60) }), 'The token is not valid yet')
  t.equal(await refused({ sub: '' }), 'The token has no valid sub claim')
  t.equal(await refused({ sub: 7 }), 'The token has no valid sub claim')
})

t.test('allows clocks to differ by 30 s', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  await t.resolves(Promise.resolve(verifier.verify(await sign(key, issuer.claims({ exp: inSeconds(-5) })))))
  await t.resolves(Promise.resolve(verifier.verify(await sign(key, issuer.claims({ nbf: inSeconds(20) })))))
})

t.test('accepts one of several audiences, and chooses the entry by issuer and audience', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(
    t,
    issuer.entry({ defaultRoles: ['orders'] }),
    issuer.entry({ audience: 'reports', defaultRoles: ['reporting'] }),
  )
  const token = await sign(key, issuer.claims({ aud: ['mail', 'reports'], roles: undefined }))
  t.match(await verifier.verify(token), { roles: ['reporting'] })
})

t.test('refuses tokens that are signed otherwise', async (t) => {
  const issuer = await startIssuer(t, key, rsaKey)
  const other = await startIssuer(t, edKey)
  const verifier = verifierOf(
    t,
    issuer.entry(),
    // The schema of the policy file refuses these. The verifier does not depend on it.
    other.entry({ algorithms: ['none', 'HS256', 'HS384', 'HS512', 'EdDSA'] }),
  )
  const refused = async (token: string | Promise<string>) => refusal(t, verifier, await token)
  const token = await sign(key, issuer.claims())
  const [header = '', payload = '', signature = ''] = token.split('.')

  t.equal(await refused(sign(unknownKey, issuer.claims())), 'The signature of the token is wrong')
  t.equal(
    await refused(`${header}.${base64url(issuer.claims({ roles: ['operator'] }))}.${signature}`),
    'The signature of the token is wrong',
  )
  t.equal(await refused(`${header}.${payload}.`), 'The signature of the token is wrong')
  t.equal(
    await refused(sign(rsaKey, issuer.claims(), { kid: 'k1' })),
    'The issuer has no key that fits the token',
  )
  t.equal(
    await refused(sign(key, issuer.claims(), { kid: 'k9' })),
    'The issuer has no key that fits the token',
  )
  t.equal(
    await refused(sign(await signingKey('k2', 'PS256'), issuer.claims())),
    'The algorithm of the token is not allowed',
  )

  t.comment('none')
  for (const alg of ['none', 'None', 'NONE', '']) {
    for (const { claims } of [issuer, other]) {
      const unsigned = `${base64url({ alg, kid: 'k3' })}.${base64url(claims())}.`
      t.match(await refused(unsigned), /algorithm of the token is not allowed|malformed/)
    }
  }

  t.comment('a public key as the secret of an HMAC')
  const publicKey = await importJWK({ ...rsaKey.jwk }, 'RS256')
  if (publicKey instanceof Uint8Array) throw new Error('not a public key')
  const secrets = [
    await exportSPKI(publicKey),
    JSON.stringify(rsaKey.jwk),
    JSON.stringify(edKey.jwk),
    rsaKey.jwk.n ?? '',
  ]
  for (const secret of secrets) {
    for (const { claims } of [issuer, other]) {
      for (const kid of ['k1', 'k2', 'k3', undefined]) {
        const input = `${base64url({ alg: 'HS256', kid })}.${base64url(claims())}`
        const mac = createHmac('sha256', secret).update(input).digest('base64url')
        t.equal(await refused(`${input}.${mac}`), 'The algorithm of the token is not allowed')
      }
    }
  }
})

t.test('ignores keys that the token brings or names', async (t) => {
  const issuer = await startIssuer(t, key)
  const attacker = await startIssuer(t, unknownKey)
  const verifier = verifierOf(t, issuer.entry())
  const jku = `${attacker.url}/jwks.json`
  for (const header of [{ jwk: unknownKey.jwk }, { jku }, { x5u: jku }, { x5c: ['MIIB'] }]) {
    t.equal(
      await refusal(t, verifier, await sign(unknownKey, issuer.claims(), header)),
      'The signature of the token is wrong',
    )
  }
  t.equal(attacker.fetches(), 0)
  await t.resolves(
    Promise.resolve(verifier.verify(await sign(key, issuer.claims(), { jku, jwk: unknownKey.jwk }))),
  )
})

t.test('refuses critical headers and tokens of other types', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  const raw = async (header: object) => {
    const [, payload = '', signature = ''] = (await sign(key, issuer.claims())).split('.')
    return `${base64url({ alg: 'ES256', kid: 'k1', ...header })}.${payload}.${signature}`
  }
  for (const crit of [['b64'], ['exp'], [], 'b64']) {
    t.match(await refusal(t, verifier, await raw({ crit, b64: false })), /critical header parameters/)
  }
  for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', '', 7]) {
    t.match(await refusal(t, verifier, await raw({ typ })), /type of the token/)
  }
  for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined]) {
    const token = await sign(key, issuer.claims(), typ === undefined ? {} : { typ })
    await t.resolves(Promise.resolve(verifier.verify(token)), String(typ))
  }
})

t.test('refuses names that occur twice, even with a good signature', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  const signed = async (header: string, payload: string) => {
    const input = `${base64url(header)}.${base64url(payload)}`
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await crypto.subtle.sign(algorithm, key.privateKey, Buffer.from(input))
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }
  const header = '{"alg":"ES256","kid":"k1"}'
  const claims = JSON.stringify(issuer.claims({ realm: { roles: ['a'] } }))
  await t.resolves(Promise.resolve(verifier.verify(await signed(header, claims))))
  const twice = [
    [header, claims.replace('{', '{"sub":"admin",')],
    [header, claims.replace('{', '{"s\\u0075b":"admin",')],
    [header, claims.replace('"realm":{', '"realm":{"roles":["b"],')],
    [header, claims.replace('{', '{"list":[{"a":1,"a":2}],')],
    ['{"alg":"ES256","alg":"ES256","kid":"k1"}', claims],
  ] as const
  for (const [header, claims] of twice) {
    t.match(await refusal(t, verifier, await signed(header, claims)), /same name twice/)
  }
})

t.test('refuses what is not a token', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  const token = await sign(key, issuer.claims())
  const [header = '', payload = '', signature = ''] = token.split('.')
  const notTokens = [
    '',
    'abc',
    '..',
    `${token}.${token}`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature}.`,
    `${header}.${payload}.%`,
    `%.${payload}.${signature}`,
    `${header}.${base64url('null')}.${signature}`,
    `${header}.${base64url('[]')}.${signature}`,
    `${base64url('"x"')}.${payload}.${signature}`,
    `${header}.${base64url('{"iss":')}.${signature}`,
    `${header}.${base64url('{} {}')}.${signature}`,
    `${header}.${base64url('['.repeat(5000))}.${signature}`,
    `${header}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.${signature}`,
  ]
  for (const text of notTokens)
    t.match(await refusal(t, verifier, text), /malformed|issuer/, text.slice(0, 99))
  t.match(await refusal(t, verifier, 'x'.repeat(8193)), /too long/)
  t.match(await refusal(t, verifier, await sign(key, issuer.claims({ more: 'x'.repeat(8000) }))), /too long/)
})

t.test('remembers a token for 60 s, but not longer than it is valid', async (t) => {
  const issuer = await startIssuer(t, key)
  const verifier = verifierOf(t, issuer.entry())
  let ahead = 0
  const clock = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => clock() + ahead })
  const token = await sign(key, issuer.claims())
  const short = await sign(key, issuer.claims({ exp: inSeconds(30) }))

  const [first, second] = [verifier.verify(token), verifier.verify(token)]
  t.ok(first instanceof Promise)
  t.equal(first, second, 'two requests at the same time share one verification')
  const verified = await first
  await verifier.verify(short)
  t.equal(verifier.verify(token), verified)
  ahead = 31_000
  t.equal(verifier.verify(token), verified)
  t.ok(verifier.verify(short) instanceof Promise)
  ahead = 60_001
  t.ok(verifier.verify(token) instanceof Promise)

  const replaced = new TokenVerifier([issuer.entry()], { logger, previous: verifier })
  t.teardown(() => {
    replaced.close()
  })
  t.ok(replaced.verify(token) instanceof Promise, 'a new policy file forgets tokens')
})

t.test('remembers a bounded number of tokens, and no failures', async (t) => {
  const issuer = await startIssuer(t, edKey)
  const verifier = verifierOf(t, issuer.entry())
  const tokens = await Promise.all(
    Array.from({ length: 4097 }, (_, i) => sign(edKey, issuer.claims({ sub: `u${i}` }))),
  )
  for (const token of tokens) await verifier.verify(token)
  const isRemembered = (index: number) => !(verifier.verify(tokens[index] ?? '') instanceof Promise)
  t.ok(isRemembered(1))
  t.ok(isRemembered(4096))
  t.notOk(isRemembered(0))
  const bad = `${tokens[0]}x`
  await t.rejects(Promise.resolve(verifier.verify(bad)))
  await t.rejects(Promise.resolve(verifier.verify(bad)))
})

t.test('roles', async (t) => {
  const issuer = await startIssuer(t, key)
  const rolesIn = async (place: JwtEntry['roles'], claims: Record<string, unknown>) => {
    const verifier = verifierOf(t, issuer.entry({ roles: place, defaultRoles: ['guest'] }))
    const token = await sign(key, issuer.claims({ roles: undefined, ...claims }))
    return (await verifier.verify(token)).roles
  }
  const cases: readonly (readonly [JwtEntry['roles'], Record<string, unknown>, readonly string[]])[] = [
    ['roles', { roles: ['a', 'b c'] }, ['a', 'b c']],
    ['scope', { scope: 'a b  c ' }, ['a', 'b', 'c']],
    ['roles', {}, ['guest']],
    ['roles', { roles: [] }, []],
    ['roles', { roles: '' }, []],
    ['roles', { roles: null }, []],
    ['roles', { roles: 7 }, []],
    ['roles', { roles: true }, []],
    ['roles', { roles: { a: 'b' } }, []],
    ['roles', { roles: ['a', 7] }, []],
    ['realm_access.roles', { realm_access: { roles: ['a'] } }, ['a']],
    ['realm_access.roles', { 'realm_access.roles': ['whole'], realm_access: { roles: ['a'] } }, ['whole']],
    ['realm_access.roles', { 'realm_access.roles': null, realm_access: { roles: ['a'] } }, []],
    ['realm_access.roles', { realm_access: 'roles' }, ['guest']],
    ['https://example.com/roles', { 'https://example.com/roles': ['a'] }, ['a']],
    [['https://example.com/x', 'roles'], { 'https://example.com/x': { roles: 'a' } }, ['a']],
    [['a.b'], { a: { b: 'c' } }, ['guest']],
    ['constructor', {}, ['guest']],
    ['__proto__.roles', {}, ['guest']],
    ['toString.name', {}, ['guest']],
  ]
  for (const [place, claims, roles] of cases) {
    t.same(await rolesIn(place, claims), roles, `${JSON.stringify(place)} in ${JSON.stringify(claims)}`)
  }
})
