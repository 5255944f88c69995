import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('get', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true })
  const get = `/v1/tables/${table}/get`
  await service.post(
    `/v1/tables/${table}/put`,
    '{"item":{"id":"a","n":-1.50,"deep":{"list":[1,{"x":"y"}]},"other":1}}',
  )

  t.test('finds an item by its whole key, however its numbers are written', async (t) => {
    for (const n of ['-1.5', '-1.50', '-15e-1']) {
      const { status, text } = await service.post(get, `{"key":{"id":"a","n":${n}},"consistentRead":true}`)
      t.equal(status, 200, text)
      t.match(text, '"n":-1.5')
    }
    const typed = await service.post(
      get,
      { key: { id: { S: 'a' }, n: { N: '-1.5' } } },
      { 'content-type': TYPED },
    )
    t.match(typed.body, { item: { n: { N: '-1.5' }, deep: { M: { list: { L: [{ N: '1' }, {}] } } } } })
  })

  t.test('gives only what the projection asks for', async (t) => {
    const { body } = await service.post(get, {
      key: { id: 'a', n: -1.5 },
      projectionExpression: 'deep.#l[1].x',
      expressionAttributeNames: { '#l': 'list' },
    })
    t.same(body, { item: { deep: { list: [{ x: 'y' }] } } })
  })

  t.test('answers 404 ItemNotFound if there is no such item, with what was consumed', async (t) => {
    const { status, headers, body } = await service.post(get, {
      key: { id: 'a', n: 0 },
      returnConsumedCapacity: 'TOTAL',
    })
    t.equal(status, 404)
    t.match(headers.get('content-type'), /^application\/problem\+json/)
    t.match(body, { code: 'ItemNotFound', retryable: false, consumedCapacity: { capacityUnits: 0.5 } })
  })

  t.test('tells a missing table from a missing item', async (t) => {
    const { status, body } = await service.post('/v1/tables/Missing/get', { key: { id: 'a' } })
    t.equal(status, 404)
    t.match(body, { code: 'ResourceNotFoundException' })
  })
})
