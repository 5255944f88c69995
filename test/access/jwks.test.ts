import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { KeySetTimes } from '../../src/access/jwks.js'
import type { JwtEntry } from '../../src/access/jwt-entry.js'
import { TokenVerifier } from '../../src/access/tokens.js'
import { ProblemError } from '../../src/problem/problem-error.js'
import { freePort } from '../../src/local/free-port.js'
import { type Issuer, sign, type SigningKey, signingKey, startIssuer } from '../helpers/jwks-server.js'
import { PATIENCE, within } from '../helpers/within.js'

const key = await signingKey('k1')
const nextKey = await signingKey('k2')

interface Started {
  readonly verifier: TokenVerifier
  readonly log: Record<string, unknown>[]
  /** `accepted`, or the code and the detail of the refusal. */
  readonly outcome: (token: string | Promise<string>) => Promise<string>
}

function start(
  t: Test,
  entries: readonly JwtEntry[],
  times: Partial<KeySetTimes> = {},
  previous?: TokenVerifier,
): Started {
  const log: Record<string, unknown>[] = []
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>)
  const verifier = new TokenVerifier(entries, { logger: pino({}, { write }), times, previous })
  t.teardown(() => {
    verifier.close()
  })
  const outcome = async (token: string | Promise<string>) => {
    try {
      await verifier.verify(await token)
      return 'accepted'
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      return `${error.code}: ${error.message}`
    }
  }
  return { verifier, log, outcome }
}

const NO_KEY = 'Unauthenticated: The issuer has no key that fits the token'
const NO_KEYS = 'ServiceUnavailable: The keys of the issuer of the token are not available.'

/** A new token each time, so that none is remembered. */
let tokens = 0
const tokenOf = (issuer: Issuer, signer: SigningKey, header = {}) =>
  sign(signer, issuer.claims({ jti: String(tokens++) }), header)

t.test('a new key of the issuer is fetched, but for unknown keys at most every 30 s', async (t) => {
  const issuer = await startIssuer(t, key)
  const { outcome } = start(t, [issuer.entry()])
  let ahead = 0
  const clock = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => clock() + ahead })

  t.equal(await outcome(tokenOf(issuer, key)), 'accepted')
  t.equal(issuer.fetches(), 1)
  issuer.keys.push(nextKey.jwk)
  t.equal(await outcome(tokenOf(issuer, nextKey)), 'accepted', 'the first fetch does not count')
  t.equal(issuer.fetches(), 2)
  for (let i = 0; i < 20; i++) t.equal(await outcome(tokenOf(issuer, key, { kid: `x${i}` })), NO_KEY)
  t.equal(issuer.fetches(), 2)

  const third = await signingKey('k3')
  issuer.keys.splice(0, 2, third.jwk)
  t.equal(await outcome(tokenOf(issuer, third)), NO_KEY)
  ahead = 30_001
  const all = Array.from({ length: 20 }, () => outcome(tokenOf(issuer, third)))
  t.same(new Set(await Promise.all(all)), new Set(['accepted']))
  t.equal(issuer.fetches(), 3, 'many requests share one fetch')
  t.equal(await outcome(tokenOf(issuer, key)), NO_KEY, 'a key that was withdrawn')
})

t.test('keys are refreshed in the background', async (t) => {
  const issuer = await startIssuer(t, key)
  const { outcome } = start(t, [issuer.entry()], { refresh: 50, unknownKey: 600_000 })
  t.equal(await outcome(tokenOf(issuer, key)), 'accepted')
  issuer.keys.splice(0, 1, nextKey.jwk)
  t.ok(await within(5000, async () => (await outcome(tokenOf(issuer, key))) === NO_KEY))
  t.equal(await outcome(tokenOf(issuer, nextKey)), 'accepted')
})

t.test('known keys go on working while the issuer is away', async (t) => {
  const issuer = await startIssuer(t, key)
  const { outcome, log } = start(t, [issuer.entry()], { refresh: 20, unknownKey: 0 })
  t.equal(await outcome(tokenOf(issuer, key)), 'accepted')
  await issuer.stop()
  t.ok(await within(5000, () => log.length > 0))
  for (let i = 0; i < 10; i++) {
    t.equal(await outcome(tokenOf(issuer, key)), 'accepted')
    t.equal(await outcome(tokenOf(issuer, nextKey)), NO_KEY)
    await sleep(20)
  }
  t.match(log, [
    { level: 50, source: `${issuer.url}/jwks.json`, reason: /ECONNREFUSED|ECONNRESET|other side closed/ },
  ])
  t.equal(log.length, 1, 'it is logged once')
  issuer.keys.push(nextKey.jwk)
  await issuer.start()
  t.ok(await within(5000, async () => (await outcome(tokenOf(issuer, nextKey))) === 'accepted'))
  t.match(log[1], { level: 30, msg: 'the keys of a token issuer are available again' })
})

t.test('without any keys the answer is 503, until the issuer is there', async (t) => {
  const issuer = await startIssuer(t, key)
  await issuer.stop()
  const { verifier, outcome } = start(t, [issuer.entry()], { noKeys: 200 })
  t.equal(await outcome(tokenOf(issuer, key)), NO_KEYS)
  const refused = await Promise.resolve(verifier.verify(await tokenOf(issuer, key))).catch(
    (error: unknown) => error,
  )
  t.match(refused, { retryable: true, retryAfterMs: 200 })
  await issuer.start()
  t.ok(await within(5000, async () => (await outcome(tokenOf(issuer, key))) === 'accepted'))
})

t.test('key sets that cannot be used', async (t) => {
  const redirect = await startIssuer(t, key)
  const respond: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'returned status 500': (response) => response.writeHead(500).end(JSON.stringify({ keys: [key.jwk] })),
    'returned status 302': (response) =>
      response.writeHead(302, { location: `${redirect.url}/jwks.json` }).end(),
    'not valid JSON': (response) => response.end('<html>'),
    'not a JSON Web Key Set': (response) => response.end('{"keys":"none"}'),
    'is not a JSON Web Key Set': (response) => response.end('[]'),
    'more than 262144 bytes': (response) => {
      // Without an end: it must not be read to the end.
      const chunk = ' '.repeat(64 * 1024)
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
    },
    aborted: (response) => {
      response.writeHead(200).write('{"keys":[')
    },
    'aborted|timeout': () => undefined,
  }
  for (const [reason, answer] of Object.entries(respond)) {
    const issuer = await startIssuer(t, key)
    issuer.respond = answer
    const { outcome, log } = start(t, [issuer.entry()], { noKeys: 0, read: 500 * PATIENCE, unknownKey: 0 })
    t.equal(await outcome(tokenOf(issuer, key)), NO_KEYS, reason)
    t.match(log, [{ reason: new RegExp(reason) }], reason)

    issuer.respond = undefined
    t.equal(await outcome(tokenOf(issuer, key)), 'accepted', reason)
    issuer.respond = answer
    t.equal(await outcome(tokenOf(issuer, nextKey)), NO_KEY, reason)
    t.equal(await outcome(tokenOf(issuer, key)), 'accepted', `${reason}: the good keys stay`)
  }
  t.equal(redirect.fetches(), 0)
})

t.test('keys that cannot verify tokens', async (t) => {
  const rsaKey = await signingKey('rsa', 'RS256')
  const issuer = await startIssuer(t)
  issuer.keys.push(
    { kty: 'oct', kid: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
    { ...key.jwk, kid: 'enc', use: 'enc' },
    { ...key.jwk, kid: 'ops', key_ops: ['sign'] },
    { ...key.jwk, kid: 'alg', alg: 'ES384' },
    { ...rsaKey.jwk, kid: 'kty', alg: 'ES256' },
    { ...key.jwk, kid: 'x', x: 'AAAA' },
    { kty: 'EC', kid: 'empty', crv: 'P-256' },
    { kid: 'nothing' },
  )
  const { outcome } = start(t, [issuer.entry({ algorithms: ['ES256', 'HS256'] })])
  for (const { kid } of issuer.keys) {
    t.equal(await outcome(tokenOf(issuer, key, { kid: kid ?? '' })), NO_KEY, String(kid))
  }
})

t.test('tokens and keys without names', async (t) => {
  const issuer = await startIssuer(t)
  const signers = await Promise.all(Array.from({ length: 9 }, () => signingKey('')))
  const unnamed = ({ privateKey, jwk }: SigningKey) => {
    const { kty = '', crv = '', x = '', y = '', alg = '' } = jwk
    return { privateKey, jwk: { kty, crv, x, y, alg } }
  }
  issuer.keys.push(...signers.slice(0, 3).map((signer) => unnamed(signer).jwk))
  const { outcome } = start(t, [issuer.entry()], { unknownKey: 0, refresh: 50 })
  for (const signer of signers.slice(0, 3)) {
    t.equal(await outcome(tokenOf(issuer, unnamed(signer))), 'accepted')
  }
  const wrong = 'Unauthenticated: The signature of the token is wrong'
  t.equal(await outcome(tokenOf(issuer, unnamed(key))), wrong)

  t.comment('a large set does not cost many signatures')
  issuer.keys.push(...signers.slice(3).map((signer) => unnamed(signer).jwk))
  const [first = key, last = key] = signers.slice(-2)
  t.ok(await within(5000, async () => (await outcome(tokenOf(issuer, unnamed(first)))) === 'accepted'))
  t.equal(await outcome(tokenOf(issuer, unnamed(last))), wrong)
})

t.test('discover: the OpenID configuration names the keys', async (t) => {
  const issuer = await startIssuer(t, key)
  const { outcome } = start(t, [issuer.entry({ jwks: 'discover' })])
  t.equal(await outcome(tokenOf(issuer, key)), 'accepted')

  t.comment('of another issuer')
  const { outcome: other, log } = start(t, [issuer.entry({ jwks: 'discover', issuer: `${issuer.url}/` })])
  const claims = issuer.claims({ iss: `${issuer.url}/` })
  t.equal(await other(sign(key, claims)), NO_KEYS)
  t.match(log, [{ reason: /configuration of another issuer/ }])
})

t.test('keys are fetched by https or from loopback only', async (t) => {
  const issuer = await startIssuer(t, key)
  for (const jwks of [
    'http://login.example.com/jwks.json',
    'http://127.0.0.1.example.com/',
    'http://0.0.0.0/',
  ]) {
    const { outcome, log } = start(t, [issuer.entry({ jwks })])
    t.equal(await outcome(tokenOf(issuer, key)), NO_KEYS)
    t.match(log, [{ reason: /neither https nor on loopback/ }], jwks)
  }
  const { log } = start(t, [issuer.entry({ jwks: 'discover', issuer: 'http://login.example.com' })])
  t.ok(await within(5000, () => log.length > 0))
  t.match(log, [{ reason: /neither https nor on loopback/ }])
})

t.test('a file with keys is read again when it changes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'jwks-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const issuer = await startIssuer(t)
  const write = (name: string, content: unknown) => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const jwks = join(folder, 'jwks.json')
  symlinkSync(write('1.json', { keys: [key.jwk] }), jwks)
  const { outcome, log } = start(t, [issuer.entry({ jwks })], { unknownKey: 600_000 })
  t.equal(await outcome(tokenOf(issuer, key)), 'accepted')

  t.comment('a symbolic link is replaced, as Kubernetes does')
  symlinkSync(write('2.json', { keys: [nextKey.jwk] }), join(folder, 'new'))
  renameSync(join(folder, 'new'), jwks)
  t.ok(await within(10_000, async () => (await outcome(tokenOf(issuer, nextKey))) === 'accepted'))
  t.equal(await outcome(tokenOf(issuer, key)), NO_KEY)

  t.comment('a bad file keeps the good keys and does not show up in the log')
  write('2.json', 'secret')
  t.ok(await within(10_000, () => log.length > 0))
  t.equal(await outcome(tokenOf(issuer, nextKey)), 'accepted')
  t.match(log, [{ reason: /is not valid JSON/ }])
  t.notMatch(JSON.stringify(log), 'secret')

  t.equal(
    await start(t, [issuer.entry({ jwks: join(folder, 'none') })]).outcome(tokenOf(issuer, key)),
    NO_KEYS,
  )
  const large = write('large.json', ' '.repeat(300_000))
  t.equal(await start(t, [issuer.entry({ jwks: large })]).outcome(tokenOf(issuer, key)), NO_KEYS)
})

t.test('a new policy file keeps the keys of an unchanged URL', async (t) => {
  const issuer = await startIssuer(t, key)
  const other = await startIssuer(t, nextKey)
  const before = start(t, [issuer.entry(), other.entry()])
  t.equal(await before.outcome(tokenOf(issuer, key)), 'accepted')
  t.equal(await before.outcome(tokenOf(other, nextKey)), 'accepted')
  await issuer.stop()

  const after = start(t, [issuer.entry({ audience: 'new' })], {}, before.verifier)
  before.verifier.close()
  t.equal(await after.outcome(sign(key, issuer.claims({ aud: 'new' }))), 'accepted')
  t.match(await after.outcome(tokenOf(issuer, key)), /another audience/)
  t.match(await after.outcome(tokenOf(other, nextKey)), /issuer of the token is unknown/)
  t.equal(await before.outcome(tokenOf(issuer, key)), 'accepted', 'for requests in flight')
})

t.test('starts and stops without the issuer', async (t) => {
  const issuer = await startIssuer(t, key)
  issuer.respond = () => undefined
  const port = await freePort()
  const entries = [issuer.entry(), issuer.entry({ jwks: `http://127.0.0.1:${port}/` })]
  const { verifier, log } = start(t, entries)
  const pending = Promise.resolve(verifier.verify(await tokenOf(issuer, key)))
  verifier.close()
  await t.rejects(pending, { code: 'ServiceUnavailable' })
  t.notMatch(log, [{ source: `${issuer.url}/jwks.json` }])
})
