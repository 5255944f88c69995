/** `GET` and `HEAD` of the URL of an item: entity tags, conditions and projections. */
import t from 'tap'
import { put, remove, sendRaw, tagOf } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('GET of an item URL', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const items = `/v1/tables/${table}/items`

  t.test('the entity tag changes if and only if the content changes', async (t) => {
    const tagged = `${items}/tagged`
    // DynamoDB Local returns these names in the order in which they were written.
    const body =
      '{"zeta":1.0,"q1":{"AaAa":1,"BBBB":[2],"AaBB":3},"AaAa":"x","BBBB":2,"s":{"$stringSet":["b","a"]}}'
    const other =
      '{"s":{"$stringSet":["a","b"]},"BBBB":2,"AaAa":"x","q1":{"AaBB":3,"BBBB":[2],"AaAa":1},"zeta":1}'
    await put(service, tagged, body)
    const first = await service.get(tagged)
    t.match(tagOf(first), /^"[\w-]{27}"$/)
    t.equal(first.headers.get('cache-control'), 'private, no-cache')
    t.equal(first.headers.get('vary'), 'Accept, Accept-Encoding, Content-Type, Origin')

    await put(service, tagged, other)
    const same = await service.get(tagged)
    t.equal(same.text, first.text, 'the same bytes, in whatever order they were written')
    t.equal(tagOf(same), tagOf(first))

    const tags = [tagOf(first)]
    tags.push(tagOf(await service.get(tagged, { accept: TYPED })))
    tags.push(tagOf(await service.get(`${tagged}?projection=zeta`)))
    await put(service, tagged, body.replace('1.0', '1.1'))
    tags.push(tagOf(await service.get(tagged)))
    t.equal(new Set(tags).size, 4, 'each representation, projection and content has its own tag')
  })

  t.test('If-None-Match with the current entity tag gets 304 without a body', async (t) => {
    const path = `${items}/cached`
    await put(service, path, '{"v":1}')
    const tag = tagOf(await service.get(path))
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, `"a,b",W/${tag} , "c"`, '*']) {
      const { status, headers, text } = await service.get(path, { 'if-none-match': known })
      t.equal(status, 304, known)
      t.equal(headers.get('etag'), tag)
      t.equal(headers.get('vary'), 'Accept, Accept-Encoding, Content-Type, Origin')
      t.equal(text, '')
    }
    for (const unknown of ['"other"', tag.slice(1, -1), '']) {
      t.equal((await service.get(path, { 'if-none-match': unknown })).status, 200, unknown)
    }
    t.equal(
      (await service.get(path, { 'if-none-match': tag, accept: TYPED })).status,
      200,
      'another representation has another tag',
    )
    await put(service, path, '{"v":2}')
    t.same((await service.get(path, { 'if-none-match': tag })).body, { id: 'cached', v: 2 })
    await remove(service, path)
    t.match((await service.get(path, { 'if-none-match': '*' })).body, { status: 404, code: 'ItemNotFound' })
  })

  t.test('If-Match without the current entity tag gets 412', async (t) => {
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
    t.equal((await service.get(path, headers)).status, 200, 'dates and ranges are ignored')
  })

  t.test('HEAD gets the headers of GET without the body', async (t) => {
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

  t.test('projection selects attributes with any names', async (t) => {
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

  t.test('invalid query parameters get 400', async (t) => {
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
        detail: /^querystring\/projection must be attribute paths, .* such as status,lines\[0\]\.sku;/,
      })
    }
  })
})
