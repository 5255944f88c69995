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

  t.test('tables cannot be created or deleted without TABLE_ADMIN=true', async (t) => {
    const closed = await startService(t, { tableAdmin: false })
    const created = await closed.post('/v1/tables', { tableName: 'x' })
    t.match(created.body, { status: 405, code: 'MethodNotAllowed' })
    const deleted = await closed.request(`/v1/tables/${table}`, { method: 'DELETE' })
    t.match(deleted.body, { status: 405, code: 'MethodNotAllowed' })
    t.equal((await closed.get(`/v1/tables/${table}`)).status, 200)
  })
})
