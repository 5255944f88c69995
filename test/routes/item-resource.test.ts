/** The URL of an item: the key in its path, and the key schema of its table. */
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { createTableOf, type KeyType, put, remove, sendRaw } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

t.test('the URL of an item', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const pair = await createTable(t, service, { sortKey: true })
  const items = `/v1/tables/${table}/items`
  const pairs = `/v1/tables/${pair}/items`

  t.test('addresses the same item as put, get and delete', async (t) => {
    await put(service, `${pairs}/same/1.50`, '{"v":1}')
    t.same((await service.post(`/v1/tables/${pair}/get`, '{"key":{"id":"same","n":1.5}}')).body, {
      item: { id: 'same', n: 1.5, v: 1 },
    })
    t.same((await service.get(`${pairs}/same/15e-1`)).body, { id: 'same', n: 1.5, v: 1 })
    t.equal((await remove(service, `${pairs}/same/+1.5`)).status, 204)
    t.equal((await service.get(`${pairs}/same/1.5`)).status, 404)
    t.equal((await remove(service, `${pairs}/same/1.5`)).status, 204, 'a second time')
  })

  t.test('can hold a key of any characters', async (t) => {
    const long = 'é'.repeat(1024)
    for (const id of [
      'a/b',
      '%',
      '%2F',
      '%25',
      'a?b',
      'a#b',
      ' a b ',
      'é',
      '😀',
      '+',
      'a;b',
      '...',
      '"\\\u0000',
      long,
    ]) {
      const path = `${items}/${encodeURIComponent(id)}`
      const written = await put(service, path, JSON.stringify({ shown: id.slice(0, 9) }))
      t.equal(written.status, 201, `${id.slice(0, 9)}: ${written.text}`)
      t.same((await service.get(path)).body, { id, shown: id.slice(0, 9) })
      const got = await service.post(`/v1/tables/${table}/get`, { key: { id } })
      t.equal(got.status, 200, 'the key is exactly this')
    }
  })

  t.test('can hold a key of the maximum length with every byte percent-encoded', async (t) => {
    const binary = await createTableOf(t, service, { id: 'S', part: 'B' })
    const encoded = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&')
    const bytes = Buffer.alloc(1024, 0xff)
    const path = `/v1/tables/${binary}/items/${encoded('x'.repeat(2048))}/${encoded(bytes.toString('base64url'))}`
    t.equal((await put(service, path, '{}')).status, 201)
    t.same((await service.get(path)).body, {
      id: 'x'.repeat(2048),
      part: { $binary: bytes.toString('base64') },
    })
    const longer = await service.get(path.replace('/items/', '/items/x'))
    t.match(
      longer.body,
      { status: 400, code: 'ValidationException' },
      'DynamoDB reports which value is too long',
    )
  })

  t.test('can hold a key of type S, N or B', async (t) => {
    const cases: [key: Record<string, KeyType>, path: string, key: object][] = [
      [{ n: 'N' }, '-1.50e2', { n: -150 }],
      [{ b: 'B' }, '-_8A', { b: { $binary: '+/8A' } }],
      [{ n: 'N', s: 'S' }, '12345678901234567890123456789012345678/x', { s: 'x' }],
      [{ s: 'S', b: 'B' }, 'x/AA', { s: 'x', b: { $binary: 'AA==' } }],
    ]
    for (const [key, path, found] of cases) {
      const url = `/v1/tables/${await createTableOf(t, service, key)}/items/${path}`
      t.equal((await put(service, url, '{"v":1}')).status, 201)
      const read = await service.get(url)
      t.match(read.body, found)
      t.equal((await put(service, url, read.text)).status, 204, 'the body that was read can be written')
      t.equal((await remove(service, url, { 'if-match': '*' })).status, 204)
    }
    const numbers = `/v1/tables/${await createTableOf(t, service, { n: 'N' })}/items`
    for (const wrong of ['x', '0x10', '1,5', '1e', 'NaN', '1%20']) {
      t.match((await service.get(`${numbers}/${wrong}`)).body, {
        code: 'InvalidRequest',
        detail: 'params/partitionKey must be a number: the key attribute "n" is a N',
      })
    }
    const binaries = `/v1/tables/${await createTableOf(t, service, { b: 'B' })}/items`
    for (const wrong of ['AA==', 'AB', 'A', '+/8A', 'A A', 'é']) {
      t.match((await service.get(`${binaries}/${encodeURIComponent(wrong)}`)).body, {
        code: 'InvalidRequest',
        detail: /^params\/partitionKey must be base64url without padding/,
      })
    }
  })

  t.test('must have as many key segments as the key schema of its table', async (t) => {
    t.match((await remove(service, `${pairs}/a`)).body, {
      code: 'InvalidRequest',
      detail: 'params/sortKey is missing: the key of the table is "id" (S) and "n" (N)',
    })
    t.match((await remove(service, `${items}/a/1`)).body, {
      code: 'InvalidRequest',
      detail: 'params/sortKey is one too many: the key of the table is "id" (S)',
    })
    t.match((await service.get(`${items}/`)).body, {
      code: 'InvalidRequest',
      detail: /^params\/partitionKey/,
    })
    t.match((await service.get(`${pairs}/a/`)).body, { code: 'InvalidRequest', detail: /^params\/sortKey/ })
    t.match((await service.get(`${pairs}/a/1/2`)).body, { code: 'RouteNotFound' })
  })

  t.test('must be percent-encoded UTF-8', async (t) => {
    for (const [path, wrong] of [
      [`${pairs}/%/1`, 'partitionKey'],
      [`${pairs}/%ff/1`, 'partitionKey'],
      [`${pairs}/a/%zz`, 'sortKey'],
      [`${pairs}/a/%c3%28`, 'sortKey'],
      ['/v1/tables/%a/items/a', 'table'],
    ] as const) {
      const { status, text } = await sendRaw(service, 'GET', path)
      t.equal(status, 400)
      t.match(JSON.parse(text), {
        code: 'InvalidRequest',
        detail: `params/${wrong} is not percent-encoded UTF-8`,
      })
    }
    t.match((await service.get('/%zz')).body, { code: 'InvalidRequest', status: 400 })
  })

  t.test('answers 404 ResourceNotFoundException for a missing table', async (t) => {
    for (const answer of [
      await service.get('/v1/tables/Missing/items/a'),
      await put(service, '/v1/tables/Missing/items/a', '{}'),
      await remove(service, '/v1/tables/Missing/items/a'),
    ])
      t.match(answer.body, { status: 404, code: 'ResourceNotFoundException', maybeApplied: false })
  })

  t.test('answers 406 and 415 for media types that it does not support', async (t) => {
    t.equal((await service.get(`${items}/a`, { accept: 'text/html' })).status, 406)
    t.equal((await put(service, `${items}/a`, '{}', { 'content-type': 'text/plain' })).status, 415)
  })
})

t.test(
  'an item URL follows a table that is deleted and created again with another key',
  needsDynamoDB,
  async (t) => {
    // One service caches the key schema; another one makes it stale.
    const service = await startService(t)
    const other = await startService(t)
    type Key = Record<string, KeyType>
    const changes: [method: 'GET' | 'PUT' | 'DELETE', before: Key, after: Key, path: string, item: object][] =
      [
        ['GET', { id: 'S' }, { id: 'N' }, '5', { id: 5 }],
        ['GET', { id: 'N' }, { id: 'B' }, '5w', { id: { $binary: '5w==' } }],
        ['GET', { id: 'S' }, { key: 'S' }, '5', { key: '5' }],
        ['GET', { id: 'S' }, { id: 'S', n: 'N' }, '5/5', { id: '5', n: 5 }],
        ['GET', { id: 'S', n: 'N' }, { id: 'S' }, '5', { id: '5' }],
        ['PUT', { id: 'S' }, { id: 'N' }, '5', { id: 5 }],
        ['PUT', { id: 'S' }, { key: 'S' }, '5', { key: '5' }],
        ['DELETE', { id: 'N' }, { id: 'S' }, '5', { id: '5' }],
        ['DELETE', { id: 'S' }, { key: 'S' }, '5', { key: '5' }],
      ]
    for (const [method, before, after, path, item] of changes) {
      await t.test(`${method}, ${JSON.stringify(before)} to ${JSON.stringify(after)}`, async (t) => {
        const table = await createTableOf(t, other, before)
        const old = Object.keys(before).length === 1 ? '1' : '1/1'
        t.equal((await service.get(`/v1/tables/${table}/items/${old}`)).status, 404)
        await other.request(`/v1/tables/${table}`, { method: 'DELETE' })
        await createTableOf(t, other, after, table)
        await other.post(`/v1/tables/${table}/put`, { item: { ...item, v: 1 } })

        const url = `/v1/tables/${table}/items/${path}`
        const answered =
          method === 'PUT'
            ? await put(service, url, '{"v":2}')
            : await service.request(url, {
                method,
                headers: { ...(method === 'DELETE' && { 'if-match': '*' }) },
              })
        t.equal(answered.status, method === 'GET' ? 200 : 204, answered.text)
        const found = await other.post(`/v1/tables/${table}/scan`, {})
        t.same(found.body['items'], method === 'DELETE' ? [] : [{ ...item, v: method === 'GET' ? 1 : 2 }])
      })
    }
  },
)

t.test('a service that deletes a table discards its key schema at once', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTableOf(t, service, { id: 'S' })
  t.equal((await service.get(`/v1/tables/${table}/items/a`)).status, 404)
  await service.request(`/v1/tables/${table}`, { method: 'DELETE' })
  t.match((await service.get(`/v1/tables/${table}/items/a`)).body, { code: 'ResourceNotFoundException' })
  await createTableOf(t, service, { key: 'S' }, table)
  t.equal((await put(service, `/v1/tables/${table}/items/a`, '{"key":"a"}')).status, 201)
  t.same((await service.get(`/v1/tables/${table}/items/a`)).body, { key: 'a' })
})

t.test('concurrent requests for items of one table share one DescribeTable call', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation, body }, response) => {
    if (operation !== 'DescribeTable') answer(response, { Item: body['Key'] })
    else {
      answer(response, {
        Table: {
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
        },
      })
    }
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const numbers = Array.from({ length: 50 }, (_, n) => n)
  const found = await Promise.all(numbers.map((n) => service.get(`/v1/tables/T/items/${n}`)))
  t.same(
    found.map(({ text }) => text),
    numbers.map((n) => `{"id":${n}}`),
  )
  t.equal(dynamodb.requests.filter(({ operation }) => operation === 'DescribeTable').length, 1)
})
