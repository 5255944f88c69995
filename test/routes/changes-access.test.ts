/** Who gets which changes, and for how long. */
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { ChangeFeeds } from '../../src/operations/change-feeds.js'
import { keyHolder } from '../helpers/access.js'
import { ChangeFeedClient } from '../helpers/change-feed.js'
import { scaled } from '../helpers/machine-speed.js'
import { createTable, needsDynamoDB, NDJSON, startService, writePolicy } from '../helpers/service.js'
import { within } from '../helpers/within.js'

t.test('access to changes', { ...needsDynamoDB, timeout: scaled(120_000) }, async (t) => {
  const admin = await startService(t)
  const table = await createTable(t, admin, { stream: 'NEW_AND_OLD_IMAGES' })
  const path = `/v1/tables/${table}/changes`
  const put = (id: string, n: number) =>
    admin.post(`/v1/tables/${table}/put`, { item: { id, n, secret: `of ${id}` } })

  const tenant = keyHolder('tenant', ['tenant'], { attributes: { customer: '1' } })
  const unnamed = keyHolder('unnamed', ['tenant'])
  const reader = keyHolder('reader', ['reader'])
  const follower = keyHolder('follower', ['follower'])
  const byName = keyHolder('by-name', ['byName'])
  const roles = {
    tenant: [{ tables: [table], actions: ['changes'], partitionKey: 'C#{customer}' }],
    reader: [{ tables: ['*'], actions: ['read', 'scan'] }],
    follower: [{ tables: [table], actions: ['changes'] }],
    byName: [{ tables: [table], actions: ['GetRecords'] }],
  }
  const holders = [tenant, unnamed, reader, follower, byName]
  const policyFor = (keys: readonly (typeof tenant)[]) => ({ roles, keys: keys.map(({ entry }) => entry) })
  const accessFile = writePolicy(t, policyFor(holders))
  const use = (policy: object) => {
    writeFileSync(accessFile, JSON.stringify(policy))
    process.emit('SIGHUP')
  }
  const service = await startService(
    t,
    { auth: 'policy', accessFile, pageTokenSecret: ['the-secret-of-the-tests'] },
    undefined,
    undefined,
    new ChangeFeeds(200),
  )
  const open = (headers: Readonly<Record<string, string>>, query = '') =>
    ChangeFeedClient.open(t, service.url + path + query, headers)

  t.test('is the right to changes, or to GetRecords', async (t) => {
    t.equal((await service.get(path)).status, 401)
    for (const { headers } of [reader, unnamed]) {
      t.match(await service.get(path, headers), { status: 403, body: { code: 'Forbidden' } })
    }
    t.match((await service.get(path, reader.headers)).body['detail'], '"changes" or "GetRecords"')
    t.match(await service.get('/v1/tables/Nobody/changes', follower.headers), { status: 403 })
    for (const { headers } of [follower, byName]) {
      const feed = await open(headers)
      t.equal(feed.status, 200)
      feed.disconnect()
    }
  })

  t.test('of a tenant is to its own changes, and to no position of others', async (t) => {
    for (const [round, accept] of ['text/event-stream', NDJSON].entries()) {
      const own = await open({ ...tenant.headers, accept })
      const all = await open(follower.headers)
      await put('C#2', round)
      await put('C#1', 10 * round)
      await put('C#12', round)
      await put('C#1', 10 * round + 1)
      t.match(
        (await own.received(2)).map(({ keys }) => keys['id']),
        ['C#1', 'C#1'],
      )
      t.ok((await all.received(4)).length >= 4)
      t.notMatch(own.text, /C#2|C#12|of C#2/)
      const [first, second] = own.changes
      // Without a secret, the text of a position shows sequence numbers.
      t.ok(first && second && !Buffer.from(first.id, 'base64url').includes('2026'))
      own.disconnect()
      all.disconnect()
      const resumed = await open({ ...tenant.headers, 'last-event-id': first?.id ?? '' })
      t.match(await resumed.received(1), [{ newItem: { n: 10 * round + 1 } }])
      resumed.disconnect()
    }
    t.match(await service.get(`${path}?partition=C%232`, tenant.headers), { status: 403 })
    t.match(await service.get(`${path}?partition=C%2312`, tenant.headers), { status: 403 })
    const asked = await open(tenant.headers, '?partition=C%231&from=start')
    t.ok((await asked.received(2)).every(({ keys }) => keys['id'] === 'C#1'))
  })

  t.test('takes an id only unchanged', async (t) => {
    const { headers } = await service.request(path, { method: 'HEAD', headers: tenant.headers })
    const id = headers.get('last-event-id') ?? ''
    const changed = `${id.slice(0, -2)}${id.endsWith('AA') ? 'BA' : 'AA'}`
    t.match(await service.get(`${path}?after=${changed}`, tenant.headers), {
      status: 400,
      body: { code: 'InvalidPosition' },
    })
  })

  t.test('ends when the key expires or is removed, and goes on when others change', async (t) => {
    const expires = new Date(Date.now() + scaled(3000)).toISOString()
    const expiring = keyHolder('expiring', ['follower'], { expires })
    use(policyFor([...holders, expiring]))
    t.ok(
      await within(
        20_000,
        async () =>
          (await service.request(path, { method: 'HEAD', headers: expiring.headers })).status === 200,
      ),
    )
    const ending = await open(expiring.headers)
    t.ok(await within(20_000, () => ending.ended === 'complete'), 'the key has expired')
    t.equal((await service.get(path, expiring.headers)).status, 401)

    const removed = await open(tenant.headers)
    const kept = await open(follower.headers)
    use(policyFor([follower]))
    t.ok(await within(20_000, () => removed.ended === 'complete'), 'the key is removed')
    t.equal(kept.ended, undefined)
    await put('C#1', 100)
    t.match((await kept.received(1)).length, 1)

    use({ ...policyFor([follower]), roles: { ...roles, follower: roles.reader } })
    t.ok(await within(20_000, () => kept.ended === 'complete'), 'the role has lost the right')
  })
})
