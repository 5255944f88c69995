/** Items as resources: their URLs, conditions and tags, in both representations. */
import { randomUUID } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import {
  createTable,
  DOCUMENT,
  needsDynamoDB,
  type Service,
  startService,
  TYPED,
} from '../helpers/service.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

type KeyType = 'S' | 'N' | 'B'

/** Creates a table with these key attributes, the partition key first; it goes with the test. */
async function createTableOf(
  t: Test,
  service: Service,
  key: Record<string, KeyType>,
  tableName = `Test-${randomUUID()}`,
): Promise<string> {
  const { status, text } = await service.post('/v1/tables', {
    tableName,
    keySchema: Object.keys(key).map((attributeName, index) => ({
      attributeName,
      keyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    attributeDefinitions: Object.entries(key).map(([attributeName, attributeType]) => ({
      attributeName,
      attributeType,
    })),
    billingMode: 'PAY_PER_REQUEST',
  })
  if (status !== 201) throw new Error(`no table: ${text}`)
  t.teardown(() => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' }))
  return tableName
}

const put = (service: Service, path: string, body: string, headers: Record<string, string> = {}) =>
  service.request(path, { method: 'PUT', body, headers: { 'content-type': DOCUMENT, ...headers } })
const remove = (service: Service, path: string, headers: Record<string, string> = {}) =>
  service.request(path, { method: 'DELETE', headers })
const tagOf = ({ headers }: { headers: Headers }) => headers.get('etag') ?? 'none'

/** Sends a path as it is, which `fetch` would change, and gives the bare answer. */
function sendRaw(service: Service, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(service.url)
      const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => {
          resolve({ status: response.statusCode, headers: response.headers, text })
        })
      })
      request.on('error', reject)
      request.end()
    },
  )
}

t.test('an item', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const pair = await createTable(t, service, { sortKey: true })
  const items = `/v1/tables/${table}/items`
  const pairs = `/v1/tables/${pair}/items`

  t.test('is written as the body and read as the body', async (t) => {
    const digits =
      '{"amount":12345678901234567890.12,"tags":{"$stringSet":["a","b"]},"deep":{"list":[1,{"x":null}]}}'
    const written = await put(service, `${items}/whole`, digits)
    t.equal(written.status, 201, written.text)
    t.equal(written.text, '')

    const read = await service.get(`${items}/whole`)
    t.equal(read.status, 200)
    t.equal(read.headers.get('content-type'), 'application/json')
    t.equal(
      read.text,
      '{"amount":12345678901234567890.12,"deep":{"list":[1,{"x":null}]},"id":"whole","tags":{"$stringSet":["a","b"]}}',
    )
    const typed = await service.get(`${items}/whole`, { accept: TYPED })
    t.equal(typed.headers.get('content-type'), TYPED)
    t.match(typed.body, {
      id: { S: 'whole' },
      amount: { N: '12345678901234567890.12' },
      tags: { SS: ['a', 'b'] },
    })

    const again = await put(service, `${items}/whole`, '{"id":{"S":"whole"},"n":{"N":"1"}}', {
      'content-type': TYPED,
    })
    t.equal(again.status, 204, again.text)
    t.same((await service.get(`${items}/whole`)).body, { id: 'whole', n: 1 }, 'replaced as a whole')
    const bare = await put(service, `${items}/bare`, '{ }')
    t.equal(bare.status, 201)
    t.same((await service.get(`${items}/bare`)).body, { id: 'bare' })
  })

  t.test('is the one that put, get and delete know', async (t) => {
    await put(service, `${pairs}/same/1.50`, '{"v":1}')
    t.same((await service.post(`/v1/tables/${pair}/get`, '{"key":{"id":"same","n":1.5}}')).body, {
      item: { id: 'same', n: 1.5, v: 1 },
    })
    t.same((await service.get(`${pairs}/same/15e-1`)).body, { id: 'same', n: 1.5, v: 1 })
    t.equal((await remove(service, `${pairs}/same/+1.5`)).status, 204)
    t.equal((await service.get(`${pairs}/same/1.5`)).status, 404)
    t.equal((await remove(service, `${pairs}/same/1.5`)).status, 204, 'and again')
  })

  t.test('has a URL whatever characters its key has', async (t) => {
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
      t.equal(got.status, 200, 'its key is just this')
    }
  })

  t.test('has a URL if its key is as long as keys can be, even with every byte encoded', async (t) => {
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
    t.match(longer.body, { status: 400, code: 'ValidationException' }, 'DynamoDB says what is too long')
  })

  t.test('has a key of any type', async (t) => {
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
      t.equal((await put(service, url, read.text)).status, 204, 'what was read can be written')
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

  t.test('needs as many parts in its path as the key of the table has', async (t) => {
    t.match((await service.get(`${pairs}/a`)).body, {
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

  t.test('is not looked for where the path is not percent-encoded UTF-8', async (t) => {
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

  t.test('has the key of its path, or is not written', async (t) => {
    for (const body of ['{"id":"k","n":1.0,"v":1}', '{"n":10e-1}', '{"id":"\\u006b"}', '{"v":[1],"n":1}']) {
      const { status, text } = await put(service, `${pairs}/k/1`, body)
      t.ok(status === 201 || status === 204, text)
      t.match((await service.get(`${pairs}/k/1`)).body, { id: 'k', n: 1 })
    }
    for (const [body, detail] of [
      ['{"id":"other"}', 'body/id must be the same as params/partitionKey, or be left out'],
      ['{"id":"k","n":2}', 'body/n must be the same as params/sortKey, or be left out'],
      ['{"n":"1"}', 'body/n must be the same as params/sortKey, or be left out'],
      ['{"id":null}', 'body/id must be the same as params/partitionKey, or be left out'],
    ] as const) {
      t.match((await put(service, `${pairs}/k/1`, body)).body, {
        status: 400,
        code: 'InvalidRequest',
        detail,
      })
    }
  })

  t.test('is not written if the body is no item', async (t) => {
    for (const body of ['', '[]', 'null', '"x"', '{"a":1,"a":2}', '{"v":{"$binary":"?"}}', '{']) {
      t.match((await put(service, `${items}/none`, body)).body, { status: 400, code: 'InvalidRequest' }, body)
    }
    t.match((await service.request(`${items}/none`, { method: 'PUT' })).body, {
      status: 400,
      detail: 'body must be the item',
    })
    const large = await put(service, `${items}/none`, JSON.stringify({ v: 'x'.repeat(400 * 1024) }))
    t.match(large.body, { status: 400, code: 'ValidationException' })
    const part = await put(service, `${items}/none`, '{}', { 'content-range': 'bytes 0-1/2' })
    t.match(part.body, { status: 400, detail: /^headers\/content-range/ })
    t.equal((await service.get(`${items}/none`)).status, 404)
  })

  t.test('is created, replaced or removed only if it is there or is not', async (t) => {
    const only = `${items}/only`
    const there = { 'if-match': '*' }
    const absent = { 'if-none-match': ' * ' }
    const refused = { status: 412, code: 'ConditionalCheckFailedException', maybeApplied: false }
    t.match((await put(service, only, '{"v":1}', there)).body, refused)
    t.match((await remove(service, only, there)).body, refused)
    t.equal((await put(service, only, '{"v":2}', absent)).status, 201)
    t.match((await put(service, only, '{"v":3}', absent)).body, refused)
    t.same((await service.get(only)).body, { id: 'only', v: 2 })
    t.equal((await put(service, only, '{"v":4}', there)).status, 204)
    t.same((await service.get(only)).body, { id: 'only', v: 4 })
    t.equal((await remove(service, only, there)).status, 204)
    t.equal((await service.get(only)).status, 404)
  })

  t.test('is not written under conditions that DynamoDB does not have', async (t) => {
    const never = `${items}/never`
    const date = new Date().toUTCString()
    for (const headers of [
      { 'if-match': '"tag"' },
      { 'if-none-match': 'W/"tag"' },
      { 'if-unmodified-since': date },
    ]) {
      const [name = ''] = Object.keys(headers)
      for (const answer of [
        await put(service, never, '{}', headers),
        await remove(service, never, headers),
      ]) {
        t.match(answer.body, { status: 400, code: 'InvalidRequest' })
        t.match(answer.body['detail'], new RegExp(`^headers/${name} .* use a conditionExpression`))
      }
    }
    for (const answer of [
      await put(service, never, '{}', { 'if-match': '*', 'if-none-match': '*' }),
      await remove(service, never, { 'if-none-match': '*' }),
      await put(service, `${never}?projection=id`, '{}'),
      await remove(service, `${never}?consistentRead=true`),
    ])
      t.match(answer.body, { status: 400, code: 'InvalidRequest' })
    t.equal((await service.get(never)).status, 404)
  })

  t.test('has a tag that changes when its content does, and only then', async (t) => {
    const tagged = `${items}/tagged`
    // DynamoDB Local gives these names in the order in which they were written.
    const body =
      '{"zeta":1.0,"q1":{"AaAa":1,"BBBB":[2],"AaBB":3},"AaAa":"x","BBBB":2,"s":{"$stringSet":["b","a"]}}'
    const other =
      '{"s":{"$stringSet":["a","b"]},"BBBB":2,"AaAa":"x","q1":{"AaBB":3,"BBBB":[2],"AaAa":1},"zeta":1}'
    await put(service, tagged, body)
    const first = await service.get(tagged)
    t.match(tagOf(first), /^"[\w-]{27}"$/)
    t.equal(first.headers.get('cache-control'), 'no-cache')
    t.equal(first.headers.get('vary'), 'Accept, Content-Type')

    await put(service, tagged, other)
    const same = await service.get(tagged)
    t.equal(same.text, first.text, 'the same bytes in whatever order they were written')
    t.equal(tagOf(same), tagOf(first))

    const tags = [tagOf(first)]
    tags.push(tagOf(await service.get(tagged, { accept: TYPED })))
    tags.push(tagOf(await service.get(`${tagged}?projection=zeta`)))
    await put(service, tagged, body.replace('1.0', '1.1'))
    tags.push(tagOf(await service.get(tagged)))
    t.equal(new Set(tags).size, 4, 'it is another one for each representation, projection and content')
  })

  t.test('is not sent to whoever has it already', async (t) => {
    const path = `${items}/cached`
    await put(service, path, '{"v":1}')
    const tag = tagOf(await service.get(path))
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `"a,b",W/${tag} , "c"`, '*']) {
      const { status, headers, text } = await service.get(path, { 'if-none-match': known })
      t.equal(status, 304, known)
      t.equal(headers.get('etag'), tag)
      t.equal(headers.get('vary'), 'Accept, Content-Type')
      t.equal(text, '')
    }
    for (const unknown of ['"other"', tag.slice(1, -1), '']) {
      t.equal((await service.get(path, { 'if-none-match': unknown })).status, 200, unknown)
    }
    t.equal((await service.get(path, { 'if-none-match': tag, accept: TYPED })).status, 200, 'not in this way')
    await put(service, path, '{"v":2}')
    t.same((await service.get(path, { 'if-none-match': tag })).body, { id: 'cached', v: 2 })
    await remove(service, path)
    t.match((await service.get(path, { 'if-none-match': '*' })).body, { status: 404, code: 'ItemNotFound' })
  })

  t.test('is sent only if it is one that If-Match names', async (t) => {
    const path = `${items}/matched`
    await put(service, path, '{"v":1}')
    const tag = tagOf(await service.get(path))
    for (const match of [tag, `"other", ${tag}`, '*']) {
      t.equal((await service.get(path, { 'if-match': match })).status, 200, match)
    }
    for (const match of ['"other"', `W/${tag}`]) {
      t.match((await service.get(path, { 'if-match': match })).body, {
        status: 412,
        code: 'ConditionalCheckFailedException',
      })
    }
    const date = new Date(0).toUTCString()
    const headers = { 'if-unmodified-since': date, 'if-modified-since': date, range: 'bytes=0-1' }
    t.equal((await service.get(path, headers)).status, 200, 'it has no date and no parts')
  })

  t.test('is described by HEAD', async (t) => {
    const path = `${items}/head`
    await put(service, path, '{"v":"é"}')
    const read = await service.get(path)
    const head = await sendRaw(service, 'HEAD', path)
    t.equal(head.status, 200)
    t.equal(head.text, '')
    for (const name of ['etag', 'content-type', 'content-length', 'vary', 'cache-control']) {
      t.equal(head.headers[name], read.headers.get(name), name)
    }
    const known = await sendRaw(service, 'HEAD', path, { 'if-none-match': tagOf(read) })
    t.equal(known.status, 304)
    t.equal(known.headers['content-length'], read.headers.get('content-length'))
    t.equal((await sendRaw(service, 'HEAD', `${items}/headless`)).status, 404)
  })

  t.test('is read in part with projection, whatever the names are', async (t) => {
    const path = `${items}/part`
    await put(
      service,
      path,
      '{"status":"open","size":1,"#x":2,":y":3,"a-b":4,"lines":[{"sku":"x","name":"n"},{"sku":"y"}],"deep":{"name":{"list":5}},"é😀":6,"100%":7}',
    )
    const cases: [projection: string, found: object][] = [
      ['status,size', { status: 'open', size: 1 }],
      ['#x,:y, a-b,é😀', { '#x': 2, ':y': 3, 'a-b': 4, 'é😀': 6 }],
      [
        'lines[0].sku,lines[1],deep.name.list',
        { lines: [{ sku: 'x' }, { sku: 'y' }], deep: { name: { list: 5 } } },
      ],
      ['100%', { '100%': 7 }],
      ['nothing', {}],
    ]
    for (const [projection, found] of cases) {
      for (const consistentRead of ['true', 'false']) {
        const { status, body, text } = await service.get(
          `${path}?projection=${encodeURIComponent(projection)}&consistentRead=${consistentRead}`,
        )
        t.equal(status, 200, text)
        t.same(body, found)
      }
    }
    const typed = await service.get(`${path}?projection=size`, { accept: TYPED })
    t.equal(typed.text, '{"size":{"N":"1"}}')
    t.equal((await service.get(`${items}/nobody?projection=nothing`)).status, 404)
    const overlapping = await service.get(`${path}?projection=deep,deep.name`)
    t.match(overlapping.body, { code: 'ValidationException', detail: /overlap/ })
  })

  t.test('is not read with parameters that are wrong', async (t) => {
    for (const query of [
      'projection=',
      'projection=a..b',
      'projection=a,,b',
      'projection=a[x]',
      'projection=[0]',
      'projection=a.',
      'projection=a%20b',
      'projection=%zz',
      'projection=a&projection=b',
      'consistentRead=1',
      'consistentRead=',
      'ConsistentRead=true',
      'projectionExpression=a',
    ]) {
      const { status, body } = await service.get(`${items}/a?${query}`)
      t.equal(status, 400, query)
      t.match(body, { code: 'InvalidRequest', detail: /^querystring/ })
    }
    for (const projection of ['a..b', `${'a[1].b,'.repeat(2000)}a b`, `${'a'.repeat(14_000)}[`]) {
      const { body } = await service.get(`${items}/a?projection=${projection}`)
      t.match(body, {
        code: 'InvalidRequest',
        detail: /^querystring\/projection must be paths of attributes, .* such as status,lines\[0\]\.sku;/,
      })
    }
  })

  t.test('is not there if its table is not', async (t) => {
    for (const answer of [
      await service.get('/v1/tables/Missing/items/a'),
      await put(service, '/v1/tables/Missing/items/a', '{}'),
      await remove(service, '/v1/tables/Missing/items/a'),
    ])
      t.match(answer.body, { status: 404, code: 'ResourceNotFoundException', maybeApplied: false })
  })

  t.test('is read only in a representation that the caller accepts', async (t) => {
    t.equal((await service.get(`${items}/a`, { accept: 'text/html' })).status, 406)
    t.equal((await put(service, `${items}/a`, '{}', { 'content-type': 'text/plain' })).status, 415)
  })
})

t.test('a table that is deleted and created again with another key', needsDynamoDB, async (t) => {
  // What one service knows of the table, another one makes wrong.
  const service = await startService(t)
  const other = await startService(t)
  type Key = Record<string, KeyType>
  const changes: [method: 'GET' | 'PUT' | 'DELETE', before: Key, after: Key, path: string, item: object][] = [
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
})

t.test('a service that deletes a table forgets its key at once', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTableOf(t, service, { id: 'S' })
  t.equal((await service.get(`/v1/tables/${table}/items/a`)).status, 404)
  await service.request(`/v1/tables/${table}`, { method: 'DELETE' })
  t.match((await service.get(`/v1/tables/${table}/items/a`)).body, { code: 'ResourceNotFoundException' })
  await createTableOf(t, service, { key: 'S' }, table)
  t.equal((await put(service, `/v1/tables/${table}/items/a`, '{"key":"a"}')).status, 201)
  t.same((await service.get(`/v1/tables/${table}/items/a`)).body, { key: 'a' })
})

t.test('a write of an item whose answer was lost', async (t) => {
  /** Loses the first answers to writes, and goes on with what is given. */
  const start = async (t: Test, lost: number, then: (response: ServerResponse) => void) => {
    const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
      if (operation === 'DescribeTable') {
        answer(response, {
          Table: {
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          },
        })
      } else if (lost-- > 0) response.socket?.resetAndDestroy()
      else then(response)
    })
    const writes = () => dynamodb.requests.filter(({ operation }) => operation !== 'DescribeTable')
    return { service: await startService(t, {}, dynamodb.endpoint), writes }
  }
  const path = '/v1/tables/T/items/a'

  t.test('is sent again, and says what it can say for certain', async (t) => {
    const found = { Attributes: { id: { S: 'a' } } }
    const cases: [lost: number, output: object, status: number][] = [
      [0, {}, 201],
      [0, found, 204],
      [1, {}, 201],
      [1, found, 200],
    ]
    for (const [lost, output, status] of cases) {
      const { service, writes } = await start(t, lost, (response) => {
        answer(response, output)
      })
      const written = await put(service, path, '{"v":1}')
      t.equal(written.status, status, `${lost} lost, ${JSON.stringify(output)}`)
      t.equal(written.text, '')
      t.equal(writes().length, lost + 1)
      for (const { body } of writes()) {
        t.same(body, { TableName: 'T', ReturnValues: 'ALL_OLD', Item: { id: { S: 'a' }, v: { N: '1' } } })
      }
    }
  })

  t.test('under a condition says so if the next attempt finds the condition false', async (t) => {
    for (const headers of [{ 'if-none-match': '*' }, { 'if-match': '*' }]) {
      const { service, writes } = await start(t, 1, (response) => {
        refuse(response, 400, 'ConditionalCheckFailedException')
      })
      t.match((await put(service, path, '{}', headers)).body, {
        status: 412,
        maybeApplied: true,
        detail: /An earlier attempt of this call was not answered and may have been applied/,
      })
      t.match(writes()[1]?.body, {
        ConditionExpression: 'if-match' in headers ? 'attribute_exists(#key)' : 'attribute_not_exists(#key)',
        ExpressionAttributeNames: { '#key': 'id' },
      })
    }
  })

  t.test('is as if it was done once, if the next attempt is done', async (t) => {
    const { service } = await start(t, 1, (response) => {
      answer(response, {})
    })
    t.equal((await put(service, path, '{}', { 'if-none-match': '*' })).status, 201)
    for (const headers of [{}, { 'if-match': '*' }] as Record<string, string>[]) {
      const { service: other, writes } = await start(t, 1, (response) => {
        answer(response, {})
      })
      t.equal((await remove(other, path, headers)).status, 204)
      t.equal(writes().length, 2)
    }
  })

  t.test('and all its attempts says that it may have been applied, and may be sent again', async (t) => {
    const { service, writes } = await start(t, Infinity, () => undefined)
    for (const answered of [await put(service, path, '{}'), await remove(service, path)]) {
      t.match(answered.body, { status: 503, maybeApplied: true, retryable: true })
    }
    t.equal(writes().length, 10)
  })
})

t.test('items of one table that are asked for at the same time need one description of it', async (t) => {
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
