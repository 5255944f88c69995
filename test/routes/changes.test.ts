/** The change feed of a table, in both formats and representations. */
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { ChangeFeeds } from '../../src/operations/change-feeds.js'
import { ChangeFeedClient } from '../helpers/change-feed.js'
import { createTable, needsDynamoDB, NDJSON, type Service, startService, TYPED } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

const SSE = 'text/event-stream'
/** A position that belongs to no table. */
const WRONG_ID = 'AdC0m9B4Yq'

const itemUrl = (table: string, key: string) => `/v1/tables/${table}/items/${key}`

async function put(service: Service, table: string, key: string, item: object): Promise<void> {
  const { status, text } = await service.request(itemUrl(table, key), {
    method: 'PUT',
    body: JSON.stringify(item),
    headers: { 'content-type': 'application/json' },
  })
  if (status >= 300) throw new Error(text)
}

const remove = (service: Service, table: string, key: string) =>
  service.request(itemUrl(table, key), { method: 'DELETE' })

t.test('changes', { ...needsDynamoDB, timeout: scaled(240_000) }, async (t) => {
  const service = await startService(t, {}, undefined, undefined, new ChangeFeeds(200))
  const table = await createTable(t, service, { stream: 'NEW_AND_OLD_IMAGES' })
  const url = `${service.url}/v1/tables/${table}/changes`
  const open = (t: Test, query = '', headers: Record<string, string> = {}) =>
    ChangeFeedClient.open(t, url + query, headers)

  t.test('arrive as server-sent events with documents, as soon as they happen', async (t) => {
    const feed = await open(t)
    t.equal(feed.status, 200)
    t.equal(feed.headers.get('content-type'), SSE)
    t.equal(feed.headers.get('cache-control'), 'no-cache')
    t.equal(feed.headers.get('x-accel-buffering'), 'no')
    t.ok(await within(5000, () => /^retry: \d{4}\nid: [\w-]+\n\n/.test(feed.text)), 'it begins at once')
    t.equal(feed.headers.get('last-event-id'), feed.lastId)

    await put(service, table, 'a', { id: 'a', n: 1 })
    await put(service, table, 'a', { id: 'a', n: 2, tags: { $stringSet: ['x'] } })
    await remove(service, table, 'a')
    const changes = await feed.received(3)
    t.match(changes, [
      { event: 'INSERT', keys: { id: 'a' }, newItem: { id: 'a', n: 1 } },
      {
        event: 'MODIFY',
        newItem: { id: 'a', n: 2, tags: { $stringSet: ['x'] } },
        oldItem: { id: 'a', n: 1 },
      },
      { event: 'REMOVE', oldItem: { id: 'a', n: 2 } },
    ])
    for (const change of changes) {
      t.match(change.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      t.ok(feed.text.includes(`id: ${change.id}\nevent: ${change.event}\ndata: {"id":"${change.id}",`))
    }
    t.notOk('oldItem' in (changes[0] ?? {}) || 'newItem' in (changes[2] ?? {}), 'there is no other item')
    t.ok(await within(5000, () => feed.text.endsWith(':\n\n')), 'a comment while nothing happens')
  })

  for (const [name, query, headers, item] of [
    ['events with DynamoDB’s own types', '&representation=typed', { accept: SSE }, { id: { S: 'line1' } }],
    ['lines with documents', '', { accept: NDJSON }, { id: 'line2' }],
    [
      'lines with DynamoDB’s own types',
      '',
      { accept: NDJSON, 'content-type': TYPED },
      { id: { S: 'line3' } },
    ],
    ['typed lines by parameter', '&representation=typed', { accept: NDJSON }, { id: { S: 'line4' } }],
    ['lines to a client that takes gzip', '', { accept: NDJSON, 'accept-encoding': 'gzip' }, { id: 'line5' }],
  ] as const) {
    t.test(`arrive as ${name}`, async (t) => {
      // Each has an item of its own, since it reads the changes of all.
      const id = typeof item.id === 'string' ? item.id : item.id.S
      await put(service, table, id, { id, note: 'a\nb\u2028c' })
      const feed = await open(t, `?from=start${query}`, { 'accept-encoding': 'identity', ...headers })
      t.equal(feed.headers.get('content-type'), headers.accept)
      await within(10_000, () =>
        feed.changes.some(({ keys }) => JSON.stringify(keys) === JSON.stringify(item)),
      )
      t.match(feed.changes.at(-1)?.newItem, { id: item.id })
      t.equal(feed.headers.get('content-encoding'), null, 'an encoder would take memory for hours')
      await remove(service, table, id)
      t.match((await feed.received(feed.changes.length + 1)).at(-1), { event: 'REMOVE', keys: item })
    })
  }

  t.test('go on right behind an id, and the header wins over the URL', async (t) => {
    const first = await open(t)
    for (const n of [1, 2, 3]) await put(service, table, 'c', { id: 'c', n })
    const [one, two] = await first.received(3)
    first.disconnect()
    const seen = async (query: string, headers: Record<string, string> = {}) =>
      (await (await open(t, query, headers)).received(1)).map(({ newItem }) => newItem?.['n'])
    t.same((await seen(`?after=${one?.id ?? ''}`))[0], 2)
    t.same((await seen('?from=start', { 'last-event-id': two?.id ?? '' }))[0], 3)
    t.same((await seen(`?after=${one?.id ?? ''}`, { 'last-event-id': two?.id ?? '' }))[0], 3)

    // The position before anything has happened: what a client got that connects again before the first change.
    const quiet = await open(t)
    await within(5000, () => quiet.lastId !== undefined)
    quiet.disconnect()
    await put(service, table, 'c', { id: 'c', n: 4 })
    t.same(await seen('', { 'last-event-id': quiet.lastId ?? '' }), [4])
  })

  t.test(
    'can be those of one partition and of some kinds, and the position moves on with the others',
    async (t) => {
      for (const accept of [SSE, NDJSON]) {
        const feed = await open(t, '?partition=d&events=REMOVE,INSERT', { accept })
        await put(service, table, 'other', { id: 'other' })
        await put(service, table, 'd', { id: 'd' })
        await put(service, table, 'd', { id: 'd', n: 1 })
        await remove(service, table, 'd')
        const events = (await feed.received(2)).map(({ event, keys }) => [event, keys['id']])
        t.same(events, [
          ['INSERT', 'd'],
          ['REMOVE', 'd'],
        ])
        const before = feed.lastId
        await remove(service, table, 'other')
        t.ok(await within(10_000, () => feed.lastId !== before), 'a heartbeat tells the new position')
        t.equal(feed.changes.length, 2)
        const resumed = await open(t, '', { 'last-event-id': feed.lastId ?? '' })
        await put(service, table, 'e', { id: 'e' })
        t.match(await resumed.received(1), [{ keys: { id: 'e' } }])
        await remove(service, table, 'e')
        feed.disconnect()
      }
    },
  )

  t.test('refuse what they cannot be, before they begin', async (t) => {
    const path = `/v1/tables/${table}/changes`
    for (const [query, detail] of [
      ['form=start', '"form" (did you mean "from"?)'],
      ['from=then', 'querystring/from must be one of now, start'],
      ['from=now&after=x', 'querystring/from and querystring/after'],
      ['events=INSERT,insert', 'querystring/events must be one or more of INSERT, MODIFY, REMOVE'],
      ['representation=xml', 'querystring/representation must be one of'],
      ['partition=', 'querystring/partition must not be empty'],
      ['partition=%FF', 'querystring is not percent-encoded UTF-8'],
    ] as const) {
      const { status, body } = await service.get(`${path}?${query}`)
      t.match({ status, ...body }, { status: 400, code: 'InvalidRequest' }, query)
      t.ok(String(body['detail']).includes(detail), String(body['detail']))
    }
    for (const [headers, query, where] of [
      [{}, `?after=${WRONG_ID}`, 'querystring/after'],
      [{ 'last-event-id': WRONG_ID }, '', 'headers/last-event-id'],
    ] as const) {
      const { status, body } = await service.get(path + query, headers)
      t.match({ status, ...body }, { status: 400, code: 'InvalidPosition' })
      t.match(body['detail'], where)
    }
    const other = await createTable(t, service, { stream: 'KEYS_ONLY' })
    const id = (await open(t)).headers.get('last-event-id') ?? ''
    t.match(await service.get(`/v1/tables/${other}/changes?after=${id}`), { status: 400 }, 'of another table')
    const plain = await createTable(t, service)
    t.match(await service.get(`/v1/tables/${plain}/changes`), {
      status: 409,
      body: { code: 'StreamNotEnabled' },
    })
    t.match(await service.get('/v1/tables/Nobody/changes'), { status: 404 })
    t.match(await service.get(path, { accept: 'application/json' }), { status: 406 })
  })

  t.test('have no body for HEAD, which tells the position', async (t) => {
    const { status, headers, text } = await service.request(`/v1/tables/${table}/changes`, { method: 'HEAD' })
    t.match({ status, text }, { status: 200, text: '' })
    t.equal(headers.get('content-type'), SSE)
    await put(service, table, 'f', { id: 'f' })
    const feed = await open(t, `?after=${headers.get('last-event-id') ?? ''}&partition=f`)
    t.match(await feed.received(1), [{ keys: { id: 'f' } }])
  })

  t.test('are logged once for each feed, with what it has sent', async (t) => {
    const feed = await open(t, '', { 'x-request-id': 'one-feed' })
    await put(service, table, 'g', { id: 'g' })
    await feed.received(1)
    feed.disconnect()
    const lines = () => service.log.filter(({ requestId }) => requestId === 'one-feed')
    t.ok(await within(10_000, () => lines().length > 0))
    await sleep(100)
    t.match(lines(), [{ msg: 'the caller disconnected', items: 1, operation: 'GetRecords', table }])
    t.equal(lines().length, 1)
    t.ok(Number(lines()[0]?.['bytesOut']) > 100)
  })

  t.test('stay within the slots of subscribers, which are none of other streams', async (t) => {
    const small = await startService(t, { maxChangeSubscribers: 1, maxConcurrentStreams: 1 })
    const path = `/v1/tables/${table}/changes`
    const first = await ChangeFeedClient.open(t, small.url + path)
    t.equal(first.status, 200)
    t.match(await small.get(path), { status: 503 })
    const scan = await small.post(`/v1/tables/${table}/scan`, {}, { accept: NDJSON })
    t.equal(scan.status, 200)
    first.disconnect()
    t.ok(await within(10_000, async () => (await small.request(path, { method: 'HEAD' })).status === 200))
  })

  t.test('end cleanly at once when the service drains, and go on at another replica', async (t) => {
    const draining = await startService(t)
    const feedUrl = `${draining.url}/v1/tables/${table}/changes`
    const feed = await ChangeFeedClient.open(t, feedUrl)
    await within(5000, () => feed.lastId !== undefined)
    await put(service, table, 'h', { id: 'h' })
    await feed.received(1)
    const began = performance.now()
    await draining.close()
    t.equal(feed.ended, 'complete')
    t.ok(performance.now() - began < scaled(5000), 'the shutdown waits for no feed')
    await put(service, table, 'h', { id: 'h', n: 2 })
    const resumed = await open(t, '', { 'last-event-id': feed.lastId ?? '' })
    t.match(
      await resumed.received(1),
      [{ event: 'MODIFY', newItem: { id: 'h', n: 2 } }],
      'at another replica',
    )
  })

  t.test('cut off a subscriber that does not read as soon as its buffer is full', async (t) => {
    // Longer than the test: a reader that stalls is not waited for.
    const patient = await startService(t, { requestTimeoutMs: scaled(120_000) })
    const call = request(`${patient.url}/v1/tables/${table}/changes`, {
      headers: { 'x-request-id': 'slow' },
    })
    call.on('error', () => undefined)
    call.end()
    t.teardown(() => call.destroy())
    await once(call, 'response')
    const cut = () => patient.log.some(({ requestId }) => requestId === 'slow')
    const text = 'x'.repeat(200_000)
    for (let n = 0; n < 150 && !cut(); n++) await put(service, table, 'i', { id: 'i', n, text })
    t.ok(await within(30_000, cut))
    t.match(
      patient.log.filter(({ requestId }) => requestId === 'slow'),
      [{ msg: 'the stream broke off', err: { type: 'SlowSubscriberError' } }],
    )
  })
})
