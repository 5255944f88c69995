import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('batches', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const other = await createTable(t, service, { sortKey: true })
  const write = (requestItems: object, headers = {}) =>
    service.post('/v1/batch/write', { requestItems }, headers)
  const ids = Array.from({ length: 260 }, (_, n) => `item-${n}`)

  t.test('writes more than 25 items and reads more than 100 keys, in several tables', async (t) => {
    const written = await service.post('/v1/batch/write', {
      requestItems: {
        [table]: ids.map((id) => ({ putRequest: { item: { id, big: 1.5 } } })),
        [other]: [{ putRequest: { item: { id: 'x', n: 1 } } }],
      },
      returnConsumedCapacity: 'TOTAL',
    })
    t.equal(written.status, 200, written.text)
    t.match(written.body, {
      consumedCapacity: [
        { tableName: table, capacityUnits: 260 },
        { tableName: other, capacityUnits: 1 },
      ],
    })

    const read = await service.post('/v1/batch/get', {
      requestItems: {
        [table]: {
          keys: [...ids, 'missing'].map((id) => ({ id })),
          projectionExpression: '#i',
          expressionAttributeNames: { '#i': 'id' },
          consistentRead: true,
        },
        [other]: { keys: [{ id: 'x', n: 1 }] },
      },
    })
    t.equal(read.status, 200, read.text)
    const { responses } = read.body as { responses: Record<string, { id: string }[]> }
    t.same(responses[table]?.map(({ id }) => id).sort(), [...ids].sort())
    t.same(responses[table]?.[0] && Object.keys(responses[table][0]), ['id'])
    t.same(responses[other], [{ id: 'x', n: 1 }])

    const deleted = await write({ [table]: ids.map((id) => ({ deleteRequest: { key: { id } } })) })
    t.equal(deleted.text, '{}')
    const { body } = await service.post(`/v1/tables/${table}/scan`, { select: 'COUNT' })
    t.equal(body['count'], 0)
  })

  t.test('reads and writes typed items', async (t) => {
    const item = { id: { S: 'typed' }, set: { NS: ['1', '2'] } }
    const headers = { 'content-type': TYPED }
    t.equal((await write({ [table]: [{ putRequest: { item } }] }, headers)).status, 200)
    const request = {
      requestItems: { [table]: { keys: [{ id: { S: 'typed' } }, { id: { S: 'missing' } }] } },
    }
    const { body } = await service.post('/v1/batch/get', request, headers)
    t.same(body, { responses: { [table]: [item] } })
  })

  t.test('returns an empty list for a table without a match', async (t) => {
    const { body } = await service.post('/v1/batch/get', {
      requestItems: { [table]: { keys: [{ id: 'none' }] } },
    })
    t.same(body, { responses: { [table]: [] } })
  })

  t.test('refuses two writes to one key anywhere in a batch', async (t) => {
    const puts = ids.map((id) => ({ putRequest: { item: { id } } }))
    const near = await write({ [table]: [...puts.slice(0, 2), { deleteRequest: { key: { id: 'item-0' } } }] })
    t.equal(near.status, 400)
    t.match(near.body, { code: 'ValidationException', detail: /duplicates/ })
    const far = await write({ [table]: [...puts, { deleteRequest: { key: { id: 'item-0' } } }] })
    t.equal(far.status, 400)
    t.match(far.body, { code: 'ValidationException', detail: /duplicates/ })
    const { body } = await service.post(`/v1/tables/${table}/scan`, { select: 'COUNT' })
    t.equal(body['count'], 1, 'nothing was written')
  })

  t.test('treats 1, 1.0 and 10e-1 as one key', async (t) => {
    const writes = ids.slice(0, 30).map((_, n) => ({ putRequest: { item: { id: 'x', n: n + 10 } } }))
    for (const n of ['10', '10.0', '1e1', '100e-1']) {
      const again = `{"putRequest":{"item":{"n":${n},"id":"x"}}}`
      const body = `{"requestItems":{"${other}":[${writes.map((w) => JSON.stringify(w)).join()},${again}]}}`
      const { status } = await service.post('/v1/batch/write', body)
      t.equal(status, 400, n)
    }
  })

  t.test('refuses a batch get that names a key twice', async (t) => {
    const keys = [...ids, 'item-0'].map((id) => ({ id }))
    const { status, body } = await service.post('/v1/batch/get', { requestItems: { [table]: { keys } } })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', detail: /duplicates/ })
  })

  t.test('lists the unconfirmed writes when an error stops a batch', async (t) => {
    const writes = ids.map((id, n) => ({ putRequest: { item: n === 250 ? { id: 5 } : { id } } }))
    const { status, body } = await write({ [table]: writes })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', retryable: false })
    const left = (
      body['unprocessedItems'] as Record<string, { putRequest: { item: { id: string | number } } }[]>
    )[table]
    t.ok(
      left?.some(({ putRequest }) => putRequest.item.id === 5),
      'the invalid write is listed',
    )
    const scanned = await service.post(`/v1/tables/${table}/scan`, {})
    const written = (scanned.body['items'] as { id: string }[]).map(({ id }) => id)
    const missing = ids.filter((id, n) => n !== 250 && !written.includes(id))
    const listed = left?.map(({ putRequest }) => putRequest.item.id) ?? []
    t.ok(
      missing.every((id) => listed.includes(id)),
      'every missing write is listed',
    )
  })

  t.test('accepts table ARNs, but not the ARN and the name of one table', async (t) => {
    const arn = `arn:aws:dynamodb:eu-central-1:000000000000:table/${table}`
    const puts = ids.slice(0, 30).map((id) => ({ putRequest: { item: { id } } }))
    t.equal((await write({ [arn]: puts })).status, 200)
    const keys = [...ids.slice(0, 30), 'missing'].map((id) => ({ id }))
    const { body } = await service.post('/v1/batch/get', { requestItems: { [arn]: { keys } } })
    const { responses } = body as { responses: Record<string, object[]> }
    t.same(Object.keys(responses), [arn])
    t.equal(responses[arn]?.length, 30)

    const twice = await write({ [arn]: puts, [table]: puts })
    t.match(twice.body, { status: 400, code: 'ValidationException', detail: /named twice/ })
    const request = { requestItems: { [arn]: { keys }, [table]: { keys } } }
    t.match((await service.post('/v1/batch/get', request)).body, { status: 400, detail: /named twice/ })
  })

  t.test('notices that a table was replaced by one with another key', async (t) => {
    const tableName = `${table}-replaced`
    const create = (attributeName: string) =>
      service.post('/v1/tables', {
        tableName,
        keySchema: [{ attributeName, keyType: 'HASH' }],
        attributeDefinitions: [{ attributeName, attributeType: 'S' }],
        billingMode: 'PAY_PER_REQUEST',
      })
    const remove = () => service.request(`/v1/tables/${tableName}`, { method: 'DELETE' })
    t.teardown(remove)
    for (const name of ['id', 'pk']) {
      t.equal((await create(name)).status, 201)
      const puts = ids.slice(0, 30).map((id) => ({ putRequest: { item: { [name]: id } } }))
      t.equal((await write({ [tableName]: puts })).status, 200, name)
      if (name === 'id') await remove()
    }
  })

  t.test('leaves it to DynamoDB to refuse an invalid key', async (t) => {
    const puts: object[] = ids.slice(0, 30).map((id) => ({ putRequest: { item: { id } } }))
    const noKey = { putRequest: { item: { name: 'x' } } }
    const written = await write({ [table]: [...puts, noKey, noKey] })
    t.match(written.body, { status: 400, detail: String })
    t.notMatch(written.body['detail'], /duplicates/)
    const keys = [{ id: { a: 1 } }, { id: { b: 2 } }]
    const { body } = await service.post('/v1/batch/get', { requestItems: { [table]: { keys } } })
    t.match(body, { status: 400, detail: String })
    t.notMatch(body['detail'], /duplicates/)
  })

  t.test('answers 404 for a missing table', async (t) => {
    const puts = ids.map((id) => ({ putRequest: { item: { id } } }))
    t.match((await write({ Missing: puts })).body, { status: 404, code: 'ResourceNotFoundException' })
    t.match((await write({ Missing: puts.slice(0, 2) })).body, {
      status: 404,
      unprocessedItems: { Missing: Array },
    })
  })
})
