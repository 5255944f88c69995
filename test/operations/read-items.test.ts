/** Every item exactly once, whatever the pages are: `itemLimit` and page tokens. */
import t, { type Test } from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { importLines } from '../helpers/item-lines.js'
import { createTable, needsDynamoDB, NDJSON, type Service, startService, TYPED } from '../helpers/service.js'

type Body = Record<string, unknown>

/** Follows the tokens to the end. Returns each item as JSON, and the pages. */
async function follow(service: Service, path: string, body: Body, headers = {}) {
  const items: string[] = []
  const pages: Body[] = []
  let pageToken: unknown
  do {
    const answer = await service.post(path, { ...body, pageToken }, headers)
    if (answer.status !== 200) throw new Error(answer.text)
    for (const item of answer.body['items'] as object[]) items.push(JSON.stringify(item))
    pages.push(answer.body)
    pageToken = answer.body['nextPageToken']
  } while (pageToken !== undefined)
  return { items, pages }
}

/** A table whose items have two sort keys, in an index each: `g` in a global one, `l` in a local one. */
async function createIndexedTable(t: Test, service: Service): Promise<string> {
  const tableName = `Indexed-${process.pid}-${t.name.length}`
  const S = (attributeName: string) => ({ attributeName, attributeType: 'S' })
  const N = (attributeName: string) => ({ attributeName, attributeType: 'N' })
  const key = (hash: string, range: string) => [
    { attributeName: hash, keyType: 'HASH' },
    { attributeName: range, keyType: 'RANGE' },
  ]
  const projection = { projectionType: 'ALL' }
  await service.post('/v1/tables', {
    tableName,
    keySchema: key('id', 'n'),
    attributeDefinitions: [S('id'), N('n'), S('color'), N('g'), N('l')],
    billingMode: 'PAY_PER_REQUEST',
    globalSecondaryIndexes: [{ indexName: 'global', keySchema: key('color', 'g'), projection }],
    localSecondaryIndexes: [{ indexName: 'local', keySchema: key('id', 'l'), projection }],
  })
  t.teardown(() => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' }))
  return tableName
}

t.test('itemLimit and page tokens', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createIndexedTable(t, service)
  const COUNT = 200
  const items = Array.from({ length: COUNT }, (_, n) => ({
    id: 'a',
    n,
    color: n % 10 === 9 ? 'blue' : 'red',
    // Many items of the indexes have the same sort key.
    g: Math.trunc(n / 7),
    l: n % 5,
    rare: n % 40 === 3,
  }))
  await importLines(service, table, items.map((item) => JSON.stringify(item)).join('\n'))
  const query = `/v1/tables/${table}/query`
  const scan = `/v1/tables/${table}/scan`
  const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
  const ofRed = {
    indexName: 'global',
    keyConditionExpression: 'color = :c',
    expressionAttributeValues: { ':c': 'red' },
  }
  const local = { ...ofA, indexName: 'local' }
  const rare = {
    filterExpression: 'rare = :t',
    expressionAttributeValues: { ':id': 'a', ':t': true },
    keyConditionExpression: 'id = :id',
  }

  const reads: [name: string, path: string, body: Body, count: number][] = [
    ['a query', query, ofA, COUNT],
    ['a query backwards', query, { ...ofA, scanIndexForward: false }, COUNT],
    ['a global index', query, ofRed, 180],
    ['a global index backwards', query, { ...ofRed, scanIndexForward: false }, 180],
    ['a local index', query, local, COUNT],
    ['a local index backwards', query, { ...local, scanIndexForward: false }, COUNT],
    ['a scan', scan, {}, COUNT],
    ['a scan of an index', scan, { indexName: 'global' }, COUNT],
    ['a filter', query, rare, 5],
    ['a filter over pages in which nothing matches', query, { ...rare, limit: 3 }, 5],
    ['a filter over an index', query, { ...rare, indexName: 'local', scanIndexForward: false }, 5],
  ]
  for (const [name, path, body, count] of reads) {
    t.test(`${name} has every item exactly once`, async (t) => {
      const whole = (await service.post(path, { ...body, limit: undefined })).body['items'] as object[]
      const expected = whole.map((item) => JSON.stringify(item))
      t.equal(expected.length, count)
      for (const itemLimit of count > 50 ? [37, count, 1000] : [1, 3, count]) {
        const { items, pages } = await follow(service, path, { ...body, itemLimit })
        t.same(items, expected, `itemLimit ${itemLimit}`)
        t.ok(
          pages.slice(0, -1).every((page) => page['count'] === itemLimit),
          `every page but the last has ${itemLimit}`,
        )
      }
      t.same((await follow(service, path, { ...body, limit: 11 })).items, expected, 'without itemLimit')
      const lines = await service.post(path, { ...body, itemLimit: 4 }, { accept: NDJSON })
      t.same(lines.text.split('\n').slice(0, -1), expected.slice(0, 4), 'as lines')
    })
  }

  t.test('segments together have every item exactly once', async (t) => {
    const segments = await Promise.all(
      [0, 1, 2].map((segment) => follow(service, scan, { segment, totalSegments: 3, itemLimit: 9 })),
    )
    t.equal(new Set(segments.flatMap(({ items }) => items)).size, COUNT)
    t.equal(segments.flatMap(({ items }) => items).length, COUNT)
  })

  t.test('the last page has no token, even if it is full', async (t) => {
    const { body } = await service.post(query, { ...ofA, itemLimit: COUNT })
    t.match(body, { count: COUNT, scannedCount: COUNT })
    t.notOk('nextPageToken' in body)
    t.notOk('lastEvaluatedKey' in body)
  })

  t.test(
    'the position is exact with a projection without the key, which the items then do not have',
    async (t) => {
      const cases: [projection: Body, shown: (item: (typeof items)[0]) => object][] = [
        [{ projectionExpression: 'l' }, ({ l }) => ({ l })],
        [{ projectionExpression: 'n, l' }, ({ n, l }) => ({ n, l })],
        [
          { projectionExpression: '#n', expressionAttributeNames: { '#n': 'rare' } },
          ({ rare }) => ({ rare }),
        ],
        [{ projectionExpression: 'l, n.x, id[0]' }, ({ l }) => ({ l })],
        [{ projectionExpression: '#key0', expressionAttributeNames: { '#key0': 'g' } }, ({ g }) => ({ g })],
      ]
      for (const [projection, shown] of cases) {
        const { items: read } = await follow(service, query, { ...ofA, ...projection, itemLimit: 60 })
        t.same(
          read.map((item) => JSON.parse(item) as object),
          items.map(shown),
          JSON.stringify(projection),
        )
      }
      const { items: blue } = await follow(service, query, {
        ...ofRed,
        filterExpression: 'l = :l',
        expressionAttributeValues: { ':c': 'red', ':l': 1 },
        projectionExpression: 'l',
        itemLimit: 6,
      })
      t.same(blue.length, 40)
      t.same([...new Set(blue)], ['{"l":1}'])
    },
  )

  t.test('in DynamoDB’s own types', async (t) => {
    const body = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': { S: 'a' } } }
    const { items: read, pages } = await follow(
      service,
      query,
      { ...body, itemLimit: 150, projectionExpression: 'n' },
      { 'content-type': TYPED },
    )
    t.same(
      read,
      items.map(({ n }) => `{"n":{"N":"${n}"}}`),
    )
    t.same(pages[0]?.['lastEvaluatedKey'], { id: { S: 'a' }, n: { N: '149' } })
  })

  t.test('counts and capacity are sums over the pages that were read', async (t) => {
    const { body } = await service.post(query, {
      ...rare,
      itemLimit: 5,
      limit: 10,
      returnConsumedCapacity: 'INDEXES',
    })
    t.match(body, { count: 5, scannedCount: 170, consumedCapacity: { tableName: table, table: {} } })
    const { capacityUnits } = body['consumedCapacity'] as { capacityUnits: number }
    t.ok(capacityUnits >= 17 * 0.5, String(capacityUnits))
  })

  t.test('a page ends with the data, and may be empty', async (t) => {
    const none = { ...ofA, expressionAttributeValues: { ':id': 'nobody' }, itemLimit: 3 }
    t.same((await service.post(query, none)).body, { items: [], count: 0, scannedCount: 0 })
  })

  t.test('itemLimit with COUNT, or out of range, is refused', async (t) => {
    t.match((await service.post(scan, { itemLimit: 1, select: 'COUNT' })).body, { code: 'InvalidRequest' })
    t.match((await service.post(scan, { itemLimit: 0 })).body, { code: 'InvalidRequest' })
  })

  t.test('pages of 1 MB: the items are bounded by 4 MiB, and none is lost', async (t) => {
    const large = await createTable(t, service, { sortKey: true })
    const text = 'x'.repeat(300_000)
    for (let start = 0; start < 24; start += 8) {
      const lines = Array.from({ length: 8 }, (_, i) => JSON.stringify({ id: 'a', n: start + i, text }))
      await importLines(service, large, lines.join('\n'))
    }
    const { items: read, pages } = await follow(service, `/v1/tables/${large}/query`, {
      ...ofA,
      itemLimit: 20,
    })
    t.same(
      read.map((item) => (JSON.parse(item) as { n: number }).n),
      Array.from({ length: 24 }, (_, n) => n),
    )
    t.ok(pages.every(({ items }) => JSON.stringify(items).length < 5.5 * 1024 * 1024))
    t.equal(pages.length, 2)
  })
})

t.test('half of the time ends the reading, and so does a later page that fails', async (t) => {
  const table = {
    Table: {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    },
  }
  let page = 0
  let behave: 'slow' | 'failing' = 'slow'
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    if (received.operation === 'DescribeTable') {
      answer(response, table)
      return
    }
    page++
    if (behave === 'failing' && page > 3) refuse(response, 400, 'ThrottlingException', 'slow down')
    else {
      const key = { id: { S: `${page}` } }
      setTimeout(
        () => {
          answer(response, { Items: [key], Count: 1, ScannedCount: 1, LastEvaluatedKey: key })
        },
        behave === 'slow' ? 100 : 0,
      )
    }
  })
  const service = await startService(t, { requestTimeoutMs: 2000 }, dynamodb.endpoint)
  const scan = () => service.post('/v1/tables/T/scan', { itemLimit: 1000 })
  const slow = await scan()
  t.equal(slow.status, 200)
  t.ok(Number(slow.body['count']) > 1 && Number(slow.body['count']) < 20, String(slow.body['count']))
  t.type(slow.body['nextPageToken'], 'string')
  page = 0
  behave = 'failing'
  t.match(await scan(), { status: 200, body: { count: 3, lastEvaluatedKey: { id: '3' } } })
  t.match(await scan(), { status: 429, body: { code: 'ThrottlingException' } }, 'the first page')
})
