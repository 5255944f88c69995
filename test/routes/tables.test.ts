import t from 'tap'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

t.test('tables', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  await createTable(t, service)

  t.test('a table description has DynamoDB’s fields in lower camel case', async (t) => {
    const { status, body } = await service.get(`/v1/tables/${table}`)
    t.equal(status, 200)
    t.match(body, {
      table: {
        tableName: table,
        tableStatus: 'ACTIVE',
        itemCount: 0,
        creationDateTime: Number,
        keySchema: [
          { attributeName: 'id', keyType: 'HASH' },
          { attributeName: 'n', keyType: 'RANGE' },
        ],
        globalSecondaryIndexes: [{ indexName: 'byColor', projection: { projectionType: 'ALL' } }],
      },
    })
    t.match((await service.get('/v1/tables/Missing')).body, {
      status: 404,
      code: 'ResourceNotFoundException',
    })
  })

  t.test('tables are listed in pages', async (t) => {
    const names: string[] = []
    let start: string | undefined
    do {
      const { body, status } = await service.get(
        `/v1/tables?limit=1${start === undefined ? '' : `&exclusiveStartTableName=${start}`}`,
      )
      t.equal(status, 200)
      names.push(...(body['tableNames'] as string[]))
      start = body['lastEvaluatedTableName'] as string | undefined
    } while (start !== undefined)
    t.ok(names.includes(table))
    t.equal(new Set(names).size, names.length)
    t.ok(((await service.get('/v1/tables')).body['tableNames'] as string[]).includes(table))
  })

  t.test('tables are created and deleted with TABLE_ADMIN=true', async (t) => {
    const tableName = `${table}-admin`
    const request = {
      tableName,
      keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
      attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
      provisionedThroughput: { readCapacityUnits: 5, writeCapacityUnits: 5 },
      streamSpecification: { streamEnabled: true, streamViewType: 'KEYS_ONLY' },
      sseSpecification: { enabled: true, sseType: 'KMS' },
    }
    const created = await service.post('/v1/tables', request)
    t.equal(created.status, 201, created.text)
    t.match(created.body, {
      tableDescription: { tableName, streamSpecification: { streamViewType: 'KEYS_ONLY' } },
    })
    t.match((await service.post('/v1/tables', request)).body, { status: 409, code: 'ResourceInUseException' })

    const deleted = await service.request(`/v1/tables/${tableName}`, { method: 'DELETE' })
    t.equal(deleted.status, 200)
    t.match(deleted.body, { tableDescription: { tableName } })
    t.equal((await service.get(`/v1/tables/${tableName}`)).status, 404)
  })

  t.test('a table is changed with TABLE_ADMIN=true, its indexes included', async (t) => {
    const changed = await createTable(t, service)
    const patch = (body: object, name = changed) =>
      service.request(`/v1/tables/${name}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const guarded = await patch({ deletionProtectionEnabled: true })
    t.equal(guarded.status, 200, guarded.text)
    t.match(guarded.body, { tableDescription: { deletionProtectionEnabled: true } })
    t.match((await service.request(`/v1/tables/${changed}`, { method: 'DELETE' })).body, { status: 400 })
    t.equal((await patch({ deletionProtectionEnabled: false })).status, 200)

    const indexed = await patch({
      attributeDefinitions: [
        { attributeName: 'id', attributeType: 'S' },
        { attributeName: 'color', attributeType: 'S' },
      ],
      globalSecondaryIndexUpdates: [
        {
          create: {
            indexName: 'byColor',
            keySchema: [{ attributeName: 'color', keyType: 'HASH' }],
            projection: { projectionType: 'ALL' },
          },
        },
      ],
    })
    t.equal(indexed.status, 200, indexed.text)
    t.match(indexed.body, { tableDescription: { globalSecondaryIndexes: [{ indexName: 'byColor' }] } })

    for (const [body, detail] of [
      [{}, /body/],
      [{ globalSecondaryIndexUpdates: [{ create: {}, delete: {} }] }, /globalSecondaryIndexUpdates/],
      [{ tableName: 'x' }, /tableName/],
    ] as const) {
      t.match((await patch(body)).body, { status: 400, code: 'InvalidRequest', detail })
    }
    t.match((await patch({ deletionProtectionEnabled: true }, 'Missing')).body, {
      status: 404,
      code: 'ResourceNotFoundException',
    })
  })

  t.test('time to live is read, and changed with TABLE_ADMIN=true', async (t) => {
    const expiring = await createTable(t, service)
    const path = `/v1/tables/${expiring}/time-to-live`
    t.same((await service.get(path)).body, { timeToLiveDescription: { timeToLiveStatus: 'DISABLED' } })
    const timeToLiveSpecification = { attributeName: 'expires', enabled: true }
    const put = (body: object, at = service) =>
      at.request(path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const set = await put({ timeToLiveSpecification })
    t.equal(set.status, 200, set.text)
    t.same(set.body, { timeToLiveSpecification })
    t.match((await service.get(path)).body, {
      timeToLiveDescription: { timeToLiveStatus: /^ENABL/, attributeName: 'expires' },
    })
    t.match((await put({ timeToLiveSpecification: { enabled: true } })).body, {
      status: 400,
      detail: /attributeName/,
    })
    t.match((await service.get('/v1/tables/Missing/time-to-live')).body, {
      status: 404,
      code: 'ResourceNotFoundException',
    })
    const closed = await startService(t, { tableAdmin: false })
    t.match((await put({ timeToLiveSpecification }, closed)).body, { status: 405, code: 'MethodNotAllowed' })
    t.equal((await closed.get(path)).status, 200)
  })

  t.test('tables cannot be created, changed or deleted without TABLE_ADMIN=true', async (t) => {
    const closed = await startService(t, { tableAdmin: false })
    const created = await closed.post('/v1/tables', { tableName: 'x' })
    t.match(created.body, { status: 405, code: 'MethodNotAllowed' })
    const deleted = await closed.request(`/v1/tables/${table}`, { method: 'DELETE' })
    t.match(deleted.body, { status: 405, code: 'MethodNotAllowed' })
    const changed = await closed.request(`/v1/tables/${table}`, { method: 'PATCH' })
    t.match(changed.body, { status: 405, code: 'MethodNotAllowed' })
    t.equal((await closed.get(`/v1/tables/${table}`)).status, 200)
  })
})
