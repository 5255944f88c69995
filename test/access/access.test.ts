/** The policy file while the service runs: replaced by a good one, by a broken one, and under load. */
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Access } from '../../src/access/access.js'
import { createLogger } from '../../src/observability/log.js'
import { keyHolder } from '../helpers/access.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { startService, writePolicy } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

/** Twice the time in which a change has to be seen, for a busy machine. */
const PICKED_UP_MS = 10_000

const reader = keyHolder('reader', ['reader'])
const granting = (actions: readonly string[]) => ({
  roles: { reader: [{ tables: ['*'], actions }] },
  keys: [reader.entry],
})
const allowed = granting(['read'])
const denied = granting(['write'])

async function open(t: Test, file: string) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>)
  const access = await Access.open(file, {
    logger: createLogger('info', { write }),
    hasPageTokenSecret: true,
  })
  t.teardown(() => access.close())
  const actions = async () => [...((await access.authenticate(reader.headers)).grants[0]?.actions ?? [])]
  return { access, lines, actions }
}

t.test('a file that is not valid stops the start, and the message has the line and the field', async (t) => {
  const file = writePolicy(t, granting(['reed']))
  await t.rejects(Access.open(file, { logger: createLogger('silent'), hasPageTokenSecret: true }), {
    message: /access\.json:1: roles\.reader\[0\]\.actions\[0\] must/,
  })
  await t.rejects(
    Access.open(`${file}.missing`, { logger: createLogger('silent'), hasPageTokenSecret: true }),
    {
      message: /cannot be read/,
    },
  )
})

t.test('a grant with partitionKey needs PAGE_TOKEN_SECRET, at the start and after a change', async (t) => {
  const bound = {
    roles: { tenant: [{ tables: ['Orders'], actions: ['read'], partitionKey: '{customer}' }] },
    keys: [reader.entry],
  }
  const without = { logger: createLogger('silent'), hasPageTokenSecret: false }
  const message = /access\.json: roles\.tenant\[0\]\.partitionKey requires PAGE_TOKEN_SECRET/
  await t.rejects(Access.open(writePolicy(t, { ...bound, keys: [] }), without), {
    name: 'PolicyFileError',
    message,
  })
  const file = writePolicy(t, allowed)
  const access = await Access.open(file, without)
  t.teardown(() => access.close())
  writeFileSync(file, JSON.stringify({ ...bound, roles: { ...bound.roles, ...denied.roles } }))
  t.ok(await within(PICKED_UP_MS, () => access.failedReloads === 1))
  t.same([...((await access.authenticate(reader.headers)).grants[0]?.actions ?? [])], ['read'])
})

t.test('a changed file is used within 5 s', async (t) => {
  const file = writePolicy(t, allowed)
  const { actions } = await open(t, file)
  writeFileSync(file, JSON.stringify(denied))
  t.ok(await within(PICKED_UP_MS, async () => (await actions()).includes('write')))
})

t.test('a file behind a replaced link is used, as Kubernetes replaces them', async (t) => {
  const folder = t.testdir({
    one: { 'access.json': JSON.stringify(allowed) },
    two: { 'access.json': JSON.stringify(denied) },
  })
  symlinkSync('one', join(folder, 'data'))
  const { actions } = await open(t, join(folder, 'data', 'access.json'))
  symlinkSync('two', join(folder, 'new'))
  renameSync(join(folder, 'new'), join(folder, 'data'))
  t.ok(await within(PICKED_UP_MS, async () => (await actions()).includes('write')))
})

t.test('SIGHUP reads it at once', async (t) => {
  const file = writePolicy(t, allowed)
  const { actions } = await open(t, file)
  writeFileSync(file, JSON.stringify(denied))
  process.kill(process.pid, 'SIGHUP')
  t.ok(await within(PICKED_UP_MS, async () => (await actions()).includes('write')))
})

t.test(
  'a broken file keeps the last good policy, is logged once with its line and field, and counted',
  async (t) => {
    const file = writePolicy(t, allowed)
    const { access, lines, actions } = await open(t, file)
    writeFileSync(file, JSON.stringify(granting(['reed'])))
    t.ok(await within(PICKED_UP_MS, () => access.failedReloads === 1))
    process.kill(process.pid, 'SIGHUP')
    rmSync(file)
    t.ok(await within(PICKED_UP_MS, () => access.failedReloads === 2), 'a missing file is another failure')
    t.same(await actions(), ['read'])
    const errors = lines.filter(({ level }) => level === 50)
    t.equal(errors.length, 2)
    t.match(JSON.stringify(errors[0]), /access\.json:1: roles\.reader\[0\]\.actions\[0\] must be one of/)
    writeFileSync(file, JSON.stringify(denied))
    t.ok(
      await within(PICKED_UP_MS, async () => (await actions()).includes('write')),
      'and a good one is used again',
    )
  },
)

t.test(
  'every request is decided by one policy while the file is replaced',
  { timeout: scaled(120_000) },
  async (t) => {
    const fake = await startFakeDynamoDB(t, (_received, response) => {
      answer(response, { Item: { id: { S: 'a' } } })
    })
    const file = writePolicy(t, allowed)
    const service = await startService(t, { auth: 'policy', accessFile: file }, fake.endpoint)
    const statuses = new Set<number>()
    let last = 0
    let running = true
    const caller = async () => {
      while (running) {
        last = (await service.post('/v1/tables/T/get', { key: { id: 'a' } }, reader.headers)).status
        statuses.add(last)
      }
    }
    const callers = Array.from({ length: 8 }, caller)
    for (const [content, status] of [
      [JSON.stringify(denied), 403],
      ['roles: {', 403],
      [JSON.stringify(allowed), 200],
      [JSON.stringify({}), 401],
      [JSON.stringify(allowed), 200],
    ] as const) {
      const logged = service.log.length
      writeFileSync(file, content)
      process.kill(process.pid, 'SIGHUP')
      t.ok(
        await within(PICKED_UP_MS, () =>
          service.log.slice(logged).some(({ msg }) => String(msg).includes('policy')),
        ),
      )
      t.ok(await within(PICKED_UP_MS, () => last === status), `${content.slice(0, 20)}: ${status}`)
    }
    running = false
    await Promise.all(callers)
    t.same([...statuses].sort(), [200, 401, 403])
  },
)
