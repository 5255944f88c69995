/** Collections: the items of a table, of a partition and of a partition of an index, by GET. */
import t, { type Test } from 'tap'
import { keyHolder } from '../helpers/access.js'
import { importLines } from '../helpers/item-lines.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
  TYPED,
} from '../helpers/service.js'

const numbersIn = (body: Record<string, unknown>) => (body['items'] as { n: number }[]).map(({ n }) => n)
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** A table with the partition key `id` and a sort key `s` of a type. */
async function createSorted(t: Test, service: Service, type: 'S' | 'B'): Promise<string> {
  const tableName = `Sorted-${type}-${process.pid}`
  await service.post('/v1/tables', {
    tableName,
    keySchema: [
      { attributeName: 'id', keyType: 'HASH' },
      { attributeName: 's', keyType: 'RANGE' },
    ],
    attributeDefinitions: [
      { attributeName: 'id', attributeType: 'S' },
      { attributeName: 's', attributeType: type },
    ],
    billingMode: 'PAY_PER_REQUEST',
  })
  t.teardown(() => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' }))
  return tableName
}

t.test('collections', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  const lines = upTo(250).map((n) => JSON.stringify({ id: 'a/ä', n, color: n < 3 ? 'red' : 'blue' }))
  await importLines(service, table, [...lines, '{"id":"b","n":12345678901234567890.5}'].join('\n'))
  const partition = `/v1/tables/${table}/items/${encodeURIComponent('a/ä')}`

  t.test('a partition is a query, 100 items at a time, and Link leads to the next ones', async (t) => {
    let url = new URL(service.url + partition)
    const counts: unknown[] = []
    const found: number[] = []
    for (;;) {
      const { status, headers, body } = await service.get(url.pathname + url.search)
      t.equal(status, 200)
      t.equal(headers.get('content-type'), DOCUMENT)
      counts.push(body['count'])
      found.push(...numbersIn(body))
      const [, link] = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '') ?? []
      t.equal(link !== undefined, 'nextPageToken' in body)
      if (link === undefined) break
      t.ok(link.includes(String(body['nextPageToken'])))
      url = new URL(link, url)
    }
    t.same(counts, [100, 100, 50])
    t.same(found, upTo(250))
    const exact = await service.get(`${partition}?limit=250`)
    t.notOk(exact.headers.has('link'), 'the last page has none, even if it is full')
    t.match((await service.get(`/v1/tables/${table}/items/nobody`)).body, { items: [], count: 0 })
  })

  t.test('sort conditions, order, limit and projection', async (t) => {
    const cases: [query: string, numbers: number[]][] = [
      ['sort.eq=7', [7]],
      ['sort.lt=3', [0, 1, 2]],
      ['sort.lte=3e0', [0, 1, 2, 3]],
      ['sort.gt=247', [248, 249]],
      ['sort.gte=247', [247, 248, 249]],
      ['sort.gte=5&sort.lte=8', [5, 6, 7, 8]],
      ['sort.lte=8&sort.gte=5&order=desc&limit=2', [8, 7]],
      ['order=desc&limit=3', [249, 248, 247]],
      ['order=asc&limit=1&consistentRead=true', [0]],
    ]
    for (const [query, numbers] of cases)
      t.same(numbersIn((await service.get(`${partition}?${query}`)).body), numbers, query)
    const projected = await service.get(`${partition}?projection=color&limit=2`)
    t.same(projected.body['items'], [{ color: 'red' }, { color: 'red' }])
    const next = projected.headers.get('link')?.slice(1, -13) ?? ''
    t.same((await service.get(partition + next)).body['items'], [{ color: 'red' }, { color: 'blue' }])
  })

  t.test('text and binary sort keys', async (t) => {
    const text = await createSorted(t, service, 'S')
    await importLines(
      service,
      text,
      ['2026-10-31', '2026-11-02', '2026-11-15', '&=+ %']
        .map((s) => JSON.stringify({ id: 'a', s }))
        .join('\n'),
    )
    const sorts = async (query: string, from = text) =>
      ((await service.get(`/v1/tables/${from}/items/a?${query}`)).body['items'] as { s: unknown }[]).map(
        ({ s }) => s,
      )
    t.same(await sorts('sort.begins=2026-11'), ['2026-11-02', '2026-11-15'])
    t.same(await sorts(`sort.eq=${encodeURIComponent('&=+ %')}`), ['&=+ %'])
    const binary = await createSorted(t, service, 'B')
    await importLines(
      service,
      binary,
      ['AAEC', '+/8='].map((s) => JSON.stringify({ id: 'a', s: { $binary: s } })).join('\n'),
    )
    t.same(await sorts('sort.eq=-_8', binary), [{ $binary: '+/8=' }])
    t.same(await sorts('sort.begins=AAE', binary), [{ $binary: 'AAEC' }])
  })

  t.test('a table is a scan, and an index has its own keys', async (t) => {
    const all = await service.get(`/v1/tables/${table}/items?limit=1000`)
    t.equal(all.body['count'], 251)
    t.match(all.text, '12345678901234567890.5')
    const { body } = await service.get(`/v1/tables/${table}/indexes/byColor/items/red`)
    t.same(numbersIn(body).sort(), [0, 1, 2])
    const missing = await service.get(`/v1/tables/${table}/indexes/nothing/items/red`)
    t.match(missing.body, { status: 404, code: 'ResourceNotFoundException' })
    const sorted = await service.get(`/v1/tables/${table}/indexes/byColor/items/red?sort.eq=1`)
    t.match(sorted.body, { status: 400, detail: 'querystring/sort.eq: there is no sort key' })
  })

  t.test('in DynamoDB’s own types, as lines, and as CSV', async (t) => {
    const typed = await service.get(`${partition}?limit=1`, { accept: TYPED })
    t.match(typed.text, /^\{"items":\[\{[^]*"n":\{"N":"0"\}[^]*\}\],"count":1,"nextPageToken":"[\w-]+"\}$/)
    const asLines = await service.get(`${partition}?order=desc`, { accept: NDJSON })
    t.equal(asLines.text.split('\n').length, 251)
    const few = await service.get(`${partition}?limit=120&projection=n`, { accept: NDJSON })
    t.same(
      few.text,
      upTo(120)
        .map((n) => `{"n":${n}}\n`)
        .join(''),
    )
    const csv = await service.get(`${partition}?limit=2&projection=n,color`, { accept: 'text/csv' })
    t.same(csv.text, 'n,color\r\n0,red\r\n1,red\r\n')
    const many = await service.get(`/v1/tables/${table}/items?limit=1001`, { accept: NDJSON })
    t.equal(many.text.split('\n').length, 252)
  })

  t.test('HEAD has the same headers without the body, and If-None-Match saves it', async (t) => {
    const { headers } = await service.get(`${partition}?limit=2`)
    const head = await service.request(`${partition}?limit=2`, { method: 'HEAD' })
    t.same([head.status, head.text], [200, ''])
    for (const name of ['etag', 'content-type', 'cache-control', 'vary', 'content-length'])
      t.equal(head.headers.get(name), headers.get(name), name)
    const etag = headers.get('etag') ?? ''
    t.match(etag, /^W\/"[\w-]+"$/)
    const same = await service.get(`${partition}?limit=2`, { 'if-none-match': etag })
    t.same([same.status, same.text, same.headers.get('etag')], [304, '', etag])
    t.equal((await service.get(`${partition}?limit=3`, { 'if-none-match': etag })).status, 200)
    t.equal((await service.get(`${partition}?limit=2`, { 'if-match': etag })).status, 412)
    t.equal((await service.get(`${partition}?limit=2`, { 'if-match': '*' })).status, 200)
    const streamed = await service.request(partition, { method: 'HEAD', headers: { accept: NDJSON } })
    t.same([streamed.status, streamed.text, streamed.headers.get('content-type')], [200, '', NDJSON])
  })

  t.test('what a collection does not have is a 400 that names it', async (t) => {
    const { body } = await service.get(`${partition}?limit=1`)
    const token = String(body['nextPageToken'])
    const wrong: [url: string, detail: RegExp][] = [
      [`${partition}?limt=1`, /^querystring has an unknown field "limt" \(did you mean "limit"\?\)$/],
      [`${partition}?sort=1&order=up`, /unknown field "sort".*querystring\/order must be one of asc, desc/],
      [`${partition}?limit=1001`, /^querystring\/limit must be at most 1000, unless/],
      [`${partition}?limit=0`, /^querystring\/limit must match/],
      [`${partition}?limit=1&limit=2`, /^querystring\/limit must be a string/],
      [`${partition}?sort.eq=x`, /^querystring\/sort.eq must be a number: the key attribute "n" is a N/],
      [`${partition}?sort.begins=1`, /^querystring\/sort.begins: the sort key "n" is a number/],
      [
        `${partition}?sort.gt=1&sort.lt=2`,
        /^querystring\/sort.gt and querystring\/sort.lt cannot be combined/,
      ],
      [`${partition}?sort.eq=%FF`, /^querystring is not percent-encoded UTF-8/],
      [`${partition}?projection=a,,b`, /^querystring\/projection must be/],
      [`${partition}?extra=drop`, /^querystring\/extra is only for/],
      [`/v1/tables/${table}/items?sort.eq=1`, /unknown field "sort.eq"/],
      [`/v1/tables/${table}/items?order=asc`, /unknown field "order"/],
      [`/v1/tables/${table}/items/b?pageToken=${token}`, /^querystring\/pageToken is not valid here/],
      [`/v1/tables/${table}/items?pageToken=${token}`, /^querystring\/pageToken is not valid here/],
      [`${partition}?pageToken=${token}&sort.gt=1`, /^querystring\/pageToken is not valid here/],
      [`/v1/tables/${table}/indexes/byColor/items/%FF`, /^params\/partitionKey is not percent-encoded/],
    ]
    for (const [url, detail] of wrong) t.match((await service.get(url)).body, { status: 400, detail }, url)
  })

  t.test('in a table without a sort key, the same URL is an item', async (t) => {
    const plain = await createTable(t, service)
    const url = `/v1/tables/${plain}/items/a`
    await service.request(url, {
      method: 'PUT',
      body: '{"id":"a","x":1}',
      headers: { 'content-type': DOCUMENT },
    })
    const item = await service.get(url)
    t.same(item.body, { id: 'a', x: 1 })
    t.match(item.headers.get('etag'), /^"/)
    t.match((await service.get(`${url}?sort.eq=1&limit=1`)).body, {
      status: 400,
      detail:
        'querystring/sort.eq and querystring/limit: the table has no sort key, so this is the URL of one item',
    })
    t.match((await service.get(url, { accept: NDJSON })).body, { status: 406, code: 'NotAcceptable' })
    t.same((await service.get(`/v1/tables/${plain}/items`)).body, { items: [{ id: 'a', x: 1 }], count: 1 })
    t.equal((await service.get('/v1/tables/Nobody/items')).status, 404)
    t.equal((await service.get('/v1/tables/Nobody/items/a')).status, 404)
  })
})

t.test('access control names the operation that the collection is', needsDynamoDB, async (t) => {
  const admin = keyHolder('admin', ['admin'])
  const reader = keyHolder('reader', ['reader'])
  const tenant = keyHolder('tenant', ['tenant'], { attributes: { customer: 'a' } })
  const getter = keyHolder('getter', ['getter'])
  const all = { tables: ['*'] }
  const service = await startService(t, { audit: true }, undefined, {
    roles: {
      admin: [{ ...all, actions: ['admin', 'write', 'scan', 'read'] }],
      reader: [{ ...all, actions: ['Query'] }],
      getter: [{ ...all, actions: ['GetItem'] }],
      tenant: [{ ...all, actions: ['read', 'write'], partitionKey: '{customer}' }],
    },
    keys: [admin.entry, reader.entry, getter.entry, tenant.entry],
  })
  const post = (path: string, body: unknown, headers = {}) =>
    service.post(path, body, { ...admin.headers, ...headers })
  const asAdmin = {
    ...service,
    post,
    request: (path: string, init: RequestInit) =>
      service.request(path, { ...init, headers: { ...admin.headers, ...(init.headers as object) } }),
  }
  const sorted = await createTable(t, asAdmin, { sortKey: true, index: true })
  const plain = await createTable(t, asAdmin)
  await importLines(
    asAdmin,
    sorted,
    ['a', 'b'].flatMap((id) => [1, 2].map((n) => JSON.stringify({ id, n, color: 'red' }))).join('\n'),
  )
  await importLines(asAdmin, plain, '{"id":"a"}')
  const status = async (url: string, { headers }: { headers: Readonly<Record<string, string>> }) =>
    (await service.get(url, headers)).status
  const partition = (id: string) => `/v1/tables/${sorted}/items/${id}`

  t.equal(await status(partition('a'), reader), 200)
  t.equal(await status(`/v1/tables/${plain}/items/a`, reader), 403, 'an item there')
  t.equal(await status(`/v1/tables/${plain}/items/a`, getter), 200)
  t.equal(await status(partition('a'), getter), 403, 'a query there')
  t.equal(await status(`/v1/tables/${sorted}/items`, reader), 403, 'a scan')
  t.equal(await status(`/v1/tables/${sorted}/indexes/byColor/items/red`, reader), 200)
  t.equal(await status('/v1/tables/Nobody/items/a', keyHolder('x', [])), 401)

  t.test('a tenant reads its own partition only, and a token is of no use for another', async (t) => {
    t.equal(await status(partition('a'), tenant), 200)
    t.equal(await status(partition('b'), tenant), 403)
    t.equal(await status(`/v1/tables/${sorted}/items`, tenant), 403)
    t.equal(await status(`/v1/tables/${sorted}/indexes/byColor/items/red`, tenant), 403)
    const ofB = await service.get(`${partition('b')}?limit=1`, admin.headers)
    const token = String(ofB.body['nextPageToken'])
    t.equal(await status(`${partition('a')}?pageToken=${token}`, tenant), 400)
    const forged = await service.post(
      `/v1/tables/${sorted}/query`,
      {
        keyConditionExpression: 'id = :a',
        expressionAttributeValues: { ':a': 'a' },
        exclusiveStartKey: { id: 'b', n: 1 },
      },
      tenant.headers,
    )
    t.equal(forged.status, 403)
    const own = await service.get(`${partition('a')}?limit=1`, tenant.headers)
    const rest = await service.get(
      `${partition('a')}?pageToken=${String(own.body['nextPageToken'])}`,
      tenant.headers,
    )
    t.same(numbersIn(rest.body), [2])
  })

  t.test('log and audit name it, too', async (t) => {
    await service.get(partition('b'), tenant.headers)
    t.ok(
      service.log.some(
        ({ operation, route, status }) =>
          operation === 'Query' && status === 200 && route === '/v1/tables/{table}/items/{partitionKey}',
      ),
    )
    t.ok(service.log.some(({ action, outcome }) => action === 'Query' && outcome === 'refused'))
  })
})
