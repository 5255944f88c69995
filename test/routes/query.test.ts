import t from 'tap'
import { createTable, needsDynamoDB, type Service, startService, TYPED } from '../helpers/service.js'

/** All pages of a query or a scan, as a caller reads them. */
async function pages(service: Service, path: string, request: object, type = 'application/json') {
  const found: Record<string, unknown>[][] = []
  let exclusiveStartKey: unknown
  do {
    const { body, status, text } = await service.post(
      path,
      { ...request, exclusiveStartKey },
      { 'content-type': type },
    )
    if (status !== 200) throw new Error(text)
    found.push(body['items'] as Record<string, unknown>[])
    exclusiveStartKey = body['lastEvaluatedKey']
  } while (exclusiveStartKey !== undefined)
  return found
}

t.test('query and scan', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  const query = `/v1/tables/${table}/query`
  const scan = `/v1/tables/${table}/scan`
  const items = Array.from({ length: 30 }, (_, n) => ({
    id: n < 25 ? 'a' : 'b',
    n,
    color: n % 3 === 0 ? 'red' : 'blue',
  }))
  const { status } = await service.post('/v1/batch/write', {
    requestItems: { [table]: items.map((item) => ({ putRequest: { item } })) },
  })
  t.equal(status, 200)

  const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
  const numbers = (found: unknown) => (found as { n: number }[]).map(({ n }) => n)

  t.test('gives the items of one partition in the order of the sort key', async (t) => {
    const { body } = await service.post(query, ofA)
    t.same(numbers(body['items']), [...Array(25).keys()])
    t.match(body, { count: 25, scannedCount: 25 })
    t.notOk('lastEvaluatedKey' in body)
  })

  t.test('gives them backwards, over several pages', async (t) => {
    const found = await pages(service, query, { ...ofA, scanIndexForward: false, limit: 10 })
    t.same(
      found.map(({ length }) => length),
      [10, 10, 5],
    )
    t.same(numbers(found.flat()), [...Array(25).keys()].reverse())
  })

  t.test('goes over pages in DynamoDB’s own types', async (t) => {
    const request = {
      keyConditionExpression: 'id = :id',
      expressionAttributeValues: { ':id': { S: 'a' } },
      limit: 10,
    }
    const found = await pages(service, query, request, TYPED)
    t.same(found.flat()[24], { id: { S: 'a' }, n: { N: '24' }, color: { S: 'red' } })
  })

  t.test('filters after reading, and says how many it read', async (t) => {
    const { body } = await service.post(query, {
      keyConditionExpression: 'id = :id AND n BETWEEN :from AND :to',
      filterExpression: '#c = :c',
      projectionExpression: 'n',
      expressionAttributeNames: { '#c': 'color' },
      expressionAttributeValues: { ':id': 'a', ':from': 5, ':to': 10, ':c': 'red' },
      consistentRead: true,
    })
    t.same(body, { items: [{ n: 6 }, { n: 9 }], count: 2, scannedCount: 6 })
  })

  t.test('reads an index', async (t) => {
    const { body } = await service.post(query, {
      indexName: 'byColor',
      keyConditionExpression: 'color = :c',
      expressionAttributeValues: { ':c': 'red' },
      returnConsumedCapacity: 'INDEXES',
    })
    t.equal(body['count'], 10)
    t.match(body['consumedCapacity'], { globalSecondaryIndexes: { byColor: { capacityUnits: Number } } })
  })

  t.test('counts without giving items', async (t) => {
    const { body } = await service.post(query, { ...ofA, select: 'COUNT' })
    t.same(body, { count: 25, scannedCount: 25 })
  })

  t.test('scans a table in segments, each over several pages', async (t) => {
    const segments = await Promise.all(
      [0, 1, 2].map((segment) => pages(service, scan, { segment, totalSegments: 3, limit: 7 })),
    )
    const found = numbers(segments.flat(2)).sort((a, b) => a - b)
    t.same(found, [...Array(30).keys()])
  })

  t.test('scans with a filter, in DynamoDB’s own types', async (t) => {
    const request = { filterExpression: 'n >= :n', expressionAttributeValues: { ':n': { N: '28' } } }
    const { body } = await service.post(scan, request, { 'content-type': TYPED })
    t.match(body, { count: 2, scannedCount: 30 })
  })

  t.test('answers 400 with DynamoDB’s message for a condition it cannot read', async (t) => {
    const { status, body } = await service.post(query, { ...ofA, keyConditionExpression: 'id ==== :id' })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', detail: /KeyConditionExpression/ })
  })
})
