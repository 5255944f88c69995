/** API keys, and the command that makes them. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { createKey } from '../../src/access/api-keys.js'
import { Policy } from '../../src/access/policy.js'
import { parsePolicyFile } from '../../src/access/policy-file.js'
import { packageRoot } from '../../src/package-root.js'

const policyWith = (...keys: object[]) => new Policy(parsePolicyFile(JSON.stringify({ keys }), 'f'))

t.test('a key has a recognizable form and 256 random bits', async (t) => {
  const { key, entry } = createKey('checkout-2026')
  t.match(key, /^dss_checkout-2026_[\w-]{43}$/)
  t.match(entry.sha256, /^[0-9a-f]{64}$/)
  t.notOk(JSON.stringify(entry).includes(key.slice(-43)))
  t.not(createKey('a').key, createKey('a').key)
})

t.test('only the key itself authenticates', async (t) => {
  const { key, entry } = createKey('a')
  const policy = policyWith({ ...entry, roles: [] }, { ...createKey('b').entry, roles: [] })
  t.equal(policy.callerOfKey(key).principal, 'a')
  t.equal(policy.callerOfKey(key), policy.callerOfKey(key), 'the caller is made once')
  for (const wrong of [
    '',
    'dss_',
    key.slice(0, -1),
    `${key}a`,
    key.replace('dss_a', 'dss_b'),
    key.replace('dss_a', 'dss_c'),
    key.toUpperCase(),
    ` ${key}`,
    entry.sha256,
  ]) {
    t.throws(
      () => policy.callerOfKey(wrong),
      { code: 'Unauthenticated', message: 'The API key is not valid.' },
      wrong,
    )
  }
})

t.test('an expired key does not authenticate', async (t) => {
  const { key, entry } = createKey('a')
  const at = (expires: string) => policyWith({ ...entry, roles: [], expires })
  t.equal(at('2999-01-01T00:00:00Z').callerOfKey(key).principal, 'a')
  t.throws(() => at('2020-01-01T00:00:00Z').callerOfKey(key), { code: 'Unauthenticated' })
})

t.test('several keys may have the same roles, for rotation', async (t) => {
  const [old, fresh] = [createKey('shop-1'), createKey('shop-2')]
  const policy = policyWith({ ...old.entry, roles: [] }, { ...fresh.entry, roles: [] })
  t.same(
    [old, fresh].map(({ key }) => policy.callerOfKey(key).principal),
    ['shop-1', 'shop-2'],
  )
})

t.test('npm run key prints a new key and its entry', async (t) => {
  const script = join(packageRoot, 'scripts/key.ts')
  const run = (...args: string[]) => promisify(execFile)(process.execPath, ['--import=tsx', script, ...args])
  const { stdout } = await run('shop-1')
  const [key = ''] = stdout.split('\n')
  const { keys } = parse(stdout.split('\n').slice(4).join('\n').replaceAll(/^# ?/gm, '')) as {
    keys: object[]
  }
  t.equal(policyWith(...keys).callerOfKey(key).principal, 'shop-1')
  for (const args of [[], ['a_b'], ['x'.repeat(65)], ['a', 'b']]) {
    await t.rejects(run(...args), { code: 2, stderr: /Usage: key <id>/ }, args.join(' '))
  }
})
