/** `count` and `delete-items`: over all pages of a query or a scan. */
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { importLines, scanLines } from '../helpers/item-lines.js'
import { createTable, needsDynamoDB, type Service, startService, TYPED } from '../helpers/service.js'

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
const itemsOf = (ids: readonly string[], count: number) =>
  ids
    .flatMap((id) => upTo(count).map((n) => JSON.stringify({ id, n, color: n % 3 === 0 ? 'red' : 'blue' })))
    .join('\n')
const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
const isRed = {
  filterExpression: '#c = :red',
  expressionAttributeNames: { '#c': 'color' },
}
const redOfA = { ...ofA, ...isRed, expressionAttributeValues: { ':id': 'a', ':red': 'red' } }

/** Sends a request again and again with the token of its answer, to the end. */
async function toTheEnd(service: Service, path: string, body: object) {
  const answers: Record<string, unknown>[] = []
  let pageToken: unknown
  do {
    const { status, body: answered, text } = await service.post(path, { ...body, pageToken })
    if (status !== 200) throw new Error(text)
    answers.push(answered)
    pageToken = answered['nextPageToken']
  } while (pageToken !== undefined)
  return answers
}

const sum = (answers: readonly Record<string, unknown>[], name: string) =>
  answers.reduce((total, one) => total + Number(one[name]), 0)

t.test('count', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  await importLines(service, table, itemsOf(['a', 'b'], 60))
  const count = async (body: object, headers = {}) =>
    (await service.post(`/v1/tables/${table}/count`, body, headers)).body

  t.test('counts a query, a scan, an index and a filter over all pages', async (t) => {
    t.same(await count(ofA), { count: 60, scannedCount: 60 })
    t.same(await count({ ...ofA, limit: 7 }), { count: 60, scannedCount: 60 })
    t.same(await count({}), { count: 120, scannedCount: 120 })
    t.same(await count({ limit: 10 }), { count: 120, scannedCount: 120 }, 'in segments')
    t.same(await count(redOfA), { count: 20, scannedCount: 60 })
    t.same(await count({ indexName: 'byColor', limit: 9 }), { count: 120, scannedCount: 120 })
    t.same(await count({ ...ofA, exclusiveStartKey: { id: 'a', n: 49 } }), { count: 10, scannedCount: 10 })
    const ofTwo = await Promise.all([0, 1].map((segment) => count({ segment, totalSegments: 2 })))
    t.equal(sum(ofTwo, 'count'), 120)
  })

  t.test('takes the whole body of a query, in both representations', async (t) => {
    t.same(
      await count({
        ...redOfA,
        projectionExpression: '#p',
        expressionAttributeNames: { '#c': 'color', '#p': 'n' },
        select: 'SPECIFIC_ATTRIBUTES',
        scanIndexForward: false,
        consistentRead: true,
      }),
      { count: 20, scannedCount: 60 },
    )
    const typed = { ...ofA, expressionAttributeValues: { ':id': { S: 'a' } } }
    t.same(await count(typed, { 'content-type': TYPED }), { count: 60, scannedCount: 60 })
    t.match(await count({ ...ofA, returnConsumedCapacity: 'TOTAL', limit: 10 }), {
      count: 60,
      consumedCapacity: { tableName: table, capacityUnits: Number },
    })
    t.match(await count({ itemLimit: 1 }), { status: 400, detail: 'body has an unknown field "itemLimit"' })
    t.match(await count({ pageToken: 'x' }), { status: 400, code: 'InvalidPageToken' })
  })
})

t.test('a count that runs out of time goes on from its token, and counts every item once', async (t) => {
  const PAGES = 12
  const seen: string[] = []
  const dynamodb = await startFakeDynamoDB(t, ({ body }, response) => {
    const { Segment, TotalSegments, ExclusiveStartKey } = body as {
      Segment?: number
      TotalSegments?: number
      ExclusiveStartKey?: { id: { S: string } }
    }
    const page = Number(ExclusiveStartKey?.id.S.split('/')[1] ?? 0) + 1
    if (ExclusiveStartKey !== undefined && ExclusiveStartKey.id.S.split('/')[0] !== String(Segment))
      throw new Error('segment')
    if (TotalSegments !== undefined) seen.push(`${String(Segment)}/${page}`)
    const key = { id: { S: `${String(Segment)}/${page}` } }
    setTimeout(() => {
      answer(response, { Count: 2, ScannedCount: 3, ...(page < PAGES && { LastEvaluatedKey: key }) })
    }, 40)
  })
  const service = await startService(t, { requestTimeoutMs: 600 }, dynamodb.endpoint)
  const answers = await toTheEnd(service, '/v1/tables/T/count', {})
  t.ok(answers.length > 1, `${answers.length} requests`)
  t.equal(seen.length, new Set(seen).size, 'no page is counted twice')
  t.equal(seen.length, 8 * PAGES)
  t.equal(sum(answers, 'count'), 2 * seen.length)
  t.equal(sum(answers, 'scannedCount'), 3 * seen.length)
})

t.test('delete-items', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  const remove = (body: object, headers = {}) =>
    service.post(`/v1/tables/${table}/delete-items`, body, headers)
  const left = async () => (await scanLines(service, table)).length

  t.test('deletes what matches, and nothing else', async (t) => {
    await importLines(service, table, itemsOf(['a', 'b'], 60))
    t.same((await remove({ ...redOfA, maxItems: 1000 })).body, { deleted: 20 })
    t.equal(await left(), 100)
    t.same((await remove({ ...redOfA, maxItems: 1000 })).body, { deleted: 0 })
    const typed = { ...ofA, expressionAttributeValues: { ':id': { S: 'a' } }, maxItems: 40 }
    t.same(
      (await remove(typed, { 'content-type': TYPED })).body,
      { deleted: 40 },
      'exactly as many as there are',
    )
    t.equal(await left(), 60)
    t.same((await remove({ maxItems: 1_000_000, limit: 7 })).body, { deleted: 60 }, 'a scan')
    t.equal(await left(), 0)
  })

  t.test('stops at maxItems, and goes on from the token', async (t) => {
    for (const body of [
      { ...ofA },
      { ...redOfA },
      { indexName: 'byColor' },
      {},
      { ...ofA, scanIndexForward: false },
    ]) {
      await importLines(service, table, itemsOf(['a', 'b'], 60))
      const expected = (await service.post(`/v1/tables/${table}/count`, body)).body['count']
      const first = await remove({ ...body, maxItems: 7 })
      t.match(first.body, { deleted: 7, nextPageToken: String })
      t.equal(await left(), 113)
      const answers = await toTheEnd(service, `/v1/tables/${table}/delete-items`, { ...body, maxItems: 13 })
      t.equal(7 + sum(answers, 'deleted'), expected, JSON.stringify(body))
      t.equal(await left(), 120 - Number(expected))
      await remove({ maxItems: 1000 })
    }
  })

  t.test('reads keys only, and takes the body of a query', async (t) => {
    await importLines(service, table, itemsOf(['a'], 9))
    const { body } = await remove({
      ...redOfA,
      projectionExpression: 'n, #p',
      expressionAttributeNames: { '#c': 'color', '#p': 'size' },
      maxItems: 2,
    })
    t.match(body, { deleted: 2 })
    t.equal(await left(), 7)
    await remove({ maxItems: 1000 })
  })

  t.test('maxItems is required, and has a limit', async (t) => {
    t.match((await remove({})).body, { status: 400, detail: 'body must have the field "maxItems"' })
    for (const maxItems of [0, 1_000_001, 1.5]) t.match((await remove({ maxItems })).body, { status: 400 })
    t.match((await service.post('/v1/tables/Nobody/delete-items', { maxItems: 1 })).body, { status: 404 })
  })
})

t.test('deletes that are not confirmed are listed, with where to go on', async (t) => {
  const keys = upTo(30).map((n) => ({ id: { S: `k${n}` } }))
  const dynamodb = await startFakeDynamoDB(t, ({ operation, body }, response) => {
    if (operation === 'DescribeTable') {
      answer(response, {
        Table: {
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        },
      })
    } else if (operation === 'Scan') {
      t.match(body['ProjectionExpression'], '#key0')
      answer(response, { Items: keys, Count: 30, ScannedCount: 30, LastEvaluatedKey: keys.at(-1) })
    } else {
      const { T = [] } = body['RequestItems'] as { T?: { DeleteRequest: { Key: { id: { S: string } } } }[] }
      const stuck = T.filter((write) => write.DeleteRequest.Key.id.S === 'k3')
      answer(response, { UnprocessedItems: stuck.length > 0 ? { T: stuck } : {} })
    }
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { status, body } = await service.post('/v1/tables/T/delete-items', { maxItems: 100 })
  t.match(
    { status, body },
    {
      status: 503,
      body: {
        code: 'BatchIncomplete',
        deleted: 29,
        nextPageToken: String,
        unprocessedItems: { T: [{ deleteRequest: { key: { id: 'k3' } } }] },
      },
    },
  )
})

t.test(
  'a later page that is refused for good does not lose what was deleted, and where to go on',
  async (t) => {
    let position: unknown
    const dynamodb = await startFakeDynamoDB(t, ({ operation, body }, response) => {
      if (operation === 'DescribeTable') {
        answer(response, {
          Table: {
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          },
        })
      } else if (operation === 'BatchWriteItem') answer(response, { UnprocessedItems: {} })
      else if (body['ExclusiveStartKey'] === undefined) {
        const id = { S: 'k1' }
        answer(response, { Items: [{ id }], Count: 1, ScannedCount: 1, LastEvaluatedKey: { id } })
      } else {
        position = body['ExclusiveStartKey']
        refuse(response, 400, 'ValidationException', 'The table is archived')
      }
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    const remove = (more: object) => service.post('/v1/tables/T/delete-items', { maxItems: 100, ...more })
    const { body } = await remove({})
    t.match(body, {
      status: 400,
      code: 'ValidationException',
      detail: 'The table is archived. Correct what was refused. Go on with nextPageToken.',
      maybeApplied: false,
      deleted: 1,
      nextPageToken: String,
    })
    position = undefined
    t.notOk('deleted' in (await remove({ pageToken: body['nextPageToken'] })).body, 'nothing was deleted')
    t.same(position, { id: { S: 'k1' } })
  },
)

t.test('access control of count and delete-items', needsDynamoDB, async (t) => {
  const roles = {
    admin: [{ tables: ['*'], actions: ['admin', 'write', 'scan', 'read'] }],
    reader: [{ tables: ['*'], actions: ['read'] }],
    writer: [{ tables: ['*'], actions: ['write'] }],
    both: [{ tables: ['*'], actions: ['Query', 'DeleteItem'] }],
    tenant: [{ tables: ['*'], actions: ['read', 'write'], partitionKey: '{customer}' }],
  }
  const holders = Object.fromEntries(
    Object.keys(roles).map((role) => [role, keyHolder(role, [role], { attributes: { customer: 'a' } })]),
  )
  const service = await startService(t, { audit: true }, undefined, {
    roles,
    keys: Object.values(holders).map(({ entry }) => entry),
  })
  const headersOf = (role: string) => holders[role]?.headers ?? {}
  const asAdmin: Service = {
    ...service,
    post: (path, body, headers = {}) => service.post(path, body, { ...headersOf('admin'), ...headers }),
    request: (path, init) =>
      service.request(path, { ...init, headers: { ...headersOf('admin'), ...(init.headers as object) } }),
  }
  const table = await createTable(t, asAdmin, { sortKey: true, index: true })
  await importLines(asAdmin, table, itemsOf(['a', 'b'], 10))
  const status = async (role: string, operation: string, body: object) =>
    (await service.post(`/v1/tables/${table}/${operation}`, body, headersOf(role))).status

  t.equal(await status('reader', 'count', ofA), 200)
  t.equal(await status('reader', 'count', {}), 403, 'a scan')
  t.equal(await status('writer', 'count', ofA), 403)
  t.equal(await status('tenant', 'count', ofA), 200)
  t.equal(await status('tenant', 'count', { ...ofA, expressionAttributeValues: { ':id': 'b' } }), 403)
  const most = { maxItems: 2 }
  t.equal(await status('reader', 'delete-items', { ...ofA, ...most }), 403, 'no DeleteItem')
  t.equal(await status('writer', 'delete-items', { ...ofA, ...most }), 403, 'no Query')
  t.equal(await status('both', 'delete-items', { ...ofA, ...most }), 200)
  t.equal(await status('both', 'delete-items', most), 403, 'a scan')
  t.equal(await status('tenant', 'delete-items', { ...ofA, ...most }), 200)
  t.equal(
    await status('tenant', 'delete-items', { ...ofA, ...most, expressionAttributeValues: { ':id': 'b' } }),
    403,
  )
  t.equal(await status('tenant', 'delete-items', most), 403)
  t.equal(
    await status('tenant', 'delete-items', {
      ...most,
      indexName: 'byColor',
      keyConditionExpression: 'color = :id',
      expressionAttributeValues: { ':id': 'a' },
    }),
    403,
    'an index with another partition key',
  )
  t.equal((await asAdmin.post(`/v1/tables/${table}/count`, {})).body['count'], 16)
  t.ok(
    service.log.some(
      ({ action, outcome, table: about }) =>
        action === 'BatchWriteItem' && outcome === 'done' && about === table,
    ),
  )
  t.ok(
    service.log.some(({ operation, route }) => operation === 'Query' && route === '/v1/tables/{table}/count'),
  )
})
