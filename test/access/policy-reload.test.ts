/** A policy file that is replaced by something else than a good file: the last valid policy stays in force. */
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Access } from '../../src/access/access.js'
import { createKey } from '../../src/access/api-keys.js'
import { maySee } from '../../src/access/authorize.js'
import { createLogger } from '../../src/observability/log.js'
import { Signer } from '../../src/storage/call/signature.js'
import { within } from '../helpers/within.js'

const { key, entry } = createKey('shop')
const policyFor = (table: string) =>
  JSON.stringify({
    roles: { r: [{ tables: [table], actions: ['read'] }] },
    keys: [{ ...entry, roles: ['r'] }],
  })

async function openPolicy(t: Test) {
  const file = join(t.testdir({ 'access.json': policyFor('Orders') }), 'access.json')
  const log: string[] = []
  const access = await Access.open(file, {
    logger: createLogger('info', { write: (line) => log.push(line) }),
    hasPageTokenSecret: true,
  })
  t.teardown(() => access.close())
  const sees = (table: string) => {
    const caller = access.authenticate({ 'x-api-key': key })
    return !(caller instanceof Promise) && maySee(caller, table)
  }
  return { access, file, log, sees }
}

const reload = () => process.emit('SIGHUP')

t.test('a file that is missing, no file, or too large is counted, and named in the log', async (t) => {
  const { access, file, log, sees } = await openPolicy(t)
  const causes = {
    'no such file': async () => undefined,
    'not a file': () => mkdir(file),
    'larger than': () => writeFile(file, Buffer.alloc(1024 * 1024 + 1, 0x20)),
    'must be object': () => writeFile(file, ''),
  }
  for (const [reason, cause] of Object.entries(causes)) {
    await rm(file, { recursive: true, force: true })
    await cause()
    reload()
    t.ok(await within(10_000, () => log.some((line) => line.includes(reason))), reason)
    t.ok(sees('Orders'), 'the last valid policy stays in force')
  }
  t.ok(access.failedReloads >= Object.keys(causes).length)
  await writeFile(file, policyFor('Carts'))
  reload()
  t.ok(await within(10_000, () => sees('Carts')), 'the next good file is used')
})

t.test('a named pipe does not stop reloads', { skip: process.platform === 'win32' }, async (t) => {
  const { access, file, log, sees } = await openPolicy(t)
  await rm(file)
  execFileSync('mkfifo', [file])
  reload()
  t.ok(await within(10_000, () => access.failedReloads === 1))
  t.match(log.at(-1), 'not a file')
  await rm(file)
  await writeFile(file, policyFor('Carts'))
  t.ok(await within(10_000, () => sees('Carts')))
})

t.test('the beginning of a file that is being written is not used, even if it is valid', async (t) => {
  const { file, sees } = await openPolicy(t)
  const whole = `
keys: [{ id: shop, sha256: "${entry.sha256}", roles: [r], attributes: { c: "1" } }]
roles:
  r:
    - tables: [Secret]
      actions: [read]
      partitionKey: "{missing}"
`
  const cut = whole.indexOf('      partitionKey')
  let widened = false
  await writeFile(file, whole.slice(0, cut))
  // In one event loop, this runs at least once while the changed file has to stay the same.
  const writing = setInterval(() => {
    appendFileSync(file, '\n')
    widened ||= sees('Secret')
  }, 5)
  for (let step = 0; step < 10; step++) {
    reload()
    await sleep(150)
  }
  clearInterval(writing)
  await writeFile(file, whole)
  t.notOk(widened)
  reload()
  t.ok(await within(10_000, () => !sees('Orders')), 'the whole file is used')
  t.notOk(sees('Secret'))
})

t.test('a secret that is replaced is used, and a broken one keeps the last good policy', async (t) => {
  const awsKey = { accessKeyId: 'AKID', secretAccessKeyFile: 'secret', roles: ['r'] }
  const policy = { roles: { r: [{ tables: ['Orders'], actions: ['read'] }] }, awsKeys: [awsKey] }
  const folder = t.testdir({ 'access.json': JSON.stringify(policy), secret: 'first\n' })
  const log: string[] = []
  const options = {
    logger: createLogger('info', { write: (line: string) => log.push(line) }),
    hasPageTokenSecret: true,
  }
  const access = await Access.open(join(folder, 'access.json'), options)
  t.teardown(() => access.close())
  const signer = new Signer(new URL('http://localhost'), 'local', 'agent/1')
  const accepts = (secretAccessKey: string) => {
    const body = Buffer.from('{}')
    const signed = signer.sign('GetItem', body, { accessKeyId: 'AKID', secretAccessKey }, Date.now())
    const rawHeaders = ['host', 'localhost', 'content-length', '2', ...signed]
    const headers = Object.fromEntries(
      rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : [])),
    )
    try {
      access.signatureOf({ method: 'POST', url: '/', headers, rawHeaders }).verify(body)
      return true
    } catch {
      return false
    }
  }
  t.ok(accepts('first'))
  await writeFile(join(folder, 'secret'), '')
  reload()
  t.ok(
    await within(10_000, () =>
      log.some((line) => line.includes('awsKeys[0] (AKID): ') && line.includes('is empty')),
    ),
  )
  t.ok(accepts('first'), 'the last valid policy stays in force')
  await writeFile(join(folder, 'secret'), 'second')
  reload()
  t.ok(await within(10_000, () => accepts('second')))
  t.notOk(accepts('first'))
  const withEnv = {
    ...policy,
    awsKeys: [{ ...awsKey, secretAccessKeyFile: undefined, secretAccessKeyEnv: 'POLICY_RELOAD_SECRET' }],
  }
  await writeFile(join(folder, 'access.json'), JSON.stringify(withEnv))
  reload()
  t.ok(await within(10_000, () => log.some((line) => line.includes('POLICY_RELOAD_SECRET is not set'))))
  process.env['POLICY_RELOAD_SECRET'] = 'third'
  reload()
  t.ok(await within(10_000, () => accepts('third')), 'a secret that appears later is used')
  t.notMatch(log.join(''), /first|second|third/)
})
