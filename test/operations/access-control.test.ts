/** Access control as callers meet it: who gets in, what they may do, and what an answer says if they may not. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { createTable, needsDynamoDB, NDJSON, type Service, startService } from '../helpers/service.js'

const reader = keyHolder('reader', ['reader'])
const writer = keyHolder('writer', ['writer'])
const admin = keyHolder('admin', ['admin'])
const slow = keyHolder('slow', ['reader'], { rate: { requests: 1, per: 'hour', burst: 2 } })
const policy = {
  roles: {
    reader: [{ tables: ['Test-*'], actions: ['read'] }],
    writer: [{ tables: ['Test-*'], actions: ['write'] }],
    admin: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    visitor: [{ tables: ['Test-public'], actions: ['GetItem'] }],
  },
  keys: [reader.entry, writer.entry, admin.entry, slow.entry],
}
const get = (service: Service, table: string, headers: Record<string, string> = {}) =>
  service.post(`/v1/tables/${table}/get`, { key: { id: 'a' } }, headers)
const put = (service: Service, table: string, headers: Record<string, string>, more: object = {}) =>
  service.post(`/v1/tables/${table}/put`, { item: { id: 'a' }, ...more }, headers)

t.test('credentials', async (t) => {
  const fake = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, {}, fake.endpoint, policy)

  t.test(
    'a request without credentials is 401 with the way to authenticate, and nothing is sent',
    async (t) => {
      const { status, body, headers } = await get(service, 'Test-1')
      t.equal(status, 401)
      t.match(body, { code: 'Unauthenticated', retryable: false, maybeApplied: false })
      t.equal(headers.get('www-authenticate'), 'Bearer realm="dynamodb-storage-service"')
      t.equal(fake.requests.length, 0)
    },
  )

  t.test('a wrong key is 401 and does not say what is wrong with it', async (t) => {
    const right = reader.headers['x-api-key'] ?? ''
    const wrong = [
      right.slice(0, -1),
      `${right}A`,
      right.replace('reader', 'writer'),
      right.replace('reader', 'nobody'),
      'dss_',
      'dss_reader_',
    ]
    const details = await Promise.all(
      wrong.map(async (key) => {
        const { status, body, headers } = await get(service, 'Test-1', { 'x-api-key': key })
        t.equal(status, 401, key)
        t.match(headers.get('www-authenticate'), /error="invalid_token"/)
        return body['detail']
      }),
    )
    t.equal(new Set(details).size, 1)
    t.equal(fake.requests.length, 0)
  })

  t.test('a key is accepted as a bearer token and in x-api-key, but not twice', async (t) => {
    const key = reader.headers['x-api-key'] ?? ''
    t.equal((await get(service, 'Test-1', { authorization: `Bearer ${key}` })).status, 404)
    t.equal((await get(service, 'Test-1', { authorization: `bearer ${key}` })).status, 404)
    t.equal((await get(service, 'Test-1', { 'x-api-key': key })).status, 404)
    const both = await get(service, 'Test-1', { 'x-api-key': key, authorization: `Bearer ${key}` })
    t.equal(both.status, 400)
    t.equal(both.body['code'], 'InvalidRequest')
  })

  t.test('credentials come before everything else, and every answer tells the rate', async (t) => {
    const path = '/v1/tables/Test-1/get'
    const text = { 'content-type': 'text/plain' }
    t.equal((await service.post(path, {}, text)).status, 401)
    const refused = [
      await service.post(path, {}, { ...slow.headers, ...text }),
      await service.post(path, {}, { ...slow.headers, accept: 'text/plain' }),
    ]
    t.same(
      refused.map(({ status, headers }) => [status, headers.has('ratelimit')]),
      [
        [415, true],
        [406, true],
      ],
    )
  })

  t.test('health checks and the description need no credentials', async (t) => {
    for (const path of ['/health/live', '/openapi.json', '/openapi.yaml', '/docs']) {
      t.equal((await service.get(path)).status, 200, path)
    }
  })

  t.test('the log line of a request names its principal, and never its credentials', async (t) => {
    const { headers } = await get(service, 'Test-1', reader.headers)
    const line = service.log.find(({ requestId }) => requestId === headers.get('x-request-id'))
    t.equal(line?.['principal'], 'reader')
    t.notMatch(JSON.stringify(service.log), reader.headers['x-api-key'] ?? '')
  })
})

t.test('anonymous callers', async (t) => {
  const fake = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  })
  const service = await startService(t, {}, fake.endpoint, { ...policy, anonymous: ['visitor'] })
  t.equal((await get(service, 'Test-public')).status, 200, 'may do what their roles allow')
  const other = await get(service, 'Test-1')
  t.equal(other.status, 401, 'have to authenticate for anything else')
  t.match(other.headers.get('www-authenticate'), /^Bearer/)
  t.equal((await put(service, 'Test-public', {})).status, 401)
  t.equal((await get(service, 'Test-public', writer.headers)).status, 403, 'have other roles than a key')
})

t.test('grants', needsDynamoDB, async (t) => {
  const service = await startService(t, {}, undefined, policy)
  const asAdmin: Service = {
    ...service,
    post: (path, body, headers) => service.post(path, body, { ...admin.headers, ...headers }),
    request: (path, init) => service.request(path, { ...init, headers: admin.headers }),
  }
  const table = await createTable(t, asAdmin)

  t.test('an action on a table needs a grant for it', async (t) => {
    t.equal((await put(service, table, writer.headers)).status, 200)
    t.equal((await get(service, table, reader.headers)).status, 200)
    const refused = await put(service, table, reader.headers)
    t.equal(refused.status, 403)
    t.match(refused.body, { code: 'Forbidden', retryable: false, maybeApplied: false })
    t.match(refused.body['detail'], new RegExp(`PutItem.*${table}|${table}.*PutItem`))
    t.equal((await get(service, table, writer.headers)).status, 403)
    t.equal((await service.post(`/v1/tables/${table}/scan`, {}, reader.headers)).status, 403)
    t.equal((await get(service, 'Elsewhere', reader.headers)).status, 403)
  })

  t.test('asking for old values, or for the item of a false condition, needs to read, too', async (t) => {
    t.equal((await put(service, table, writer.headers, { returnValues: 'ALL_OLD' })).status, 403)
    const condition = { conditionExpression: 'attribute_not_exists(id)' }
    t.equal((await put(service, table, writer.headers, condition)).status, 412)
    const asking = { ...condition, returnValuesOnConditionCheckFailure: 'ALL_OLD' }
    t.equal((await put(service, table, writer.headers, asking)).status, 403)
    t.equal((await put(service, table, admin.headers, asking)).status, 412)
    const url = `/v1/tables/${table}/items/b`
    const init = {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json', ...writer.headers },
    }
    t.equal((await service.request(url, init)).status, 201, 'PUT of an item URL does not')
  })

  t.test('one forbidden entry refuses a whole batch or transaction', async (t) => {
    const requestItems = {
      [table]: [{ putRequest: { item: { id: 'c' } } }],
      Elsewhere: [{ putRequest: { item: { id: 'c' } } }],
    }
    t.equal((await service.post('/v1/batch/write', { requestItems }, writer.headers)).status, 403)
    const transactItems = [
      { put: { tableName: table, item: { id: 'c' } } },
      {
        conditionCheck: {
          tableName: table,
          key: { id: 'z' },
          conditionExpression: 'attribute_not_exists(id)',
        },
      },
    ]
    t.equal(
      (await service.post('/v1/transact/write', { transactItems }, writer.headers)).status,
      403,
      'a check reads',
    )
    t.equal((await service.post(`/v1/tables/${table}/get`, { key: { id: 'c' } }, admin.headers)).status, 404)
  })

  t.test('an import needs to write, before it is known whether the table exists', async (t) => {
    for (const name of [table, 'Missing']) {
      const { status } = await service.post(`/v1/tables/${name}/import`, '{"id":"d"}\n', {
        ...reader.headers,
        'content-type': NDJSON,
      })
      t.equal(status, 403, name)
    }
  })

  t.test('an item URL is refused before it is known whether the table exists', async (t) => {
    for (const name of [table, 'Elsewhere', 'Test-missing']) {
      const { status } = await service.request(`/v1/tables/${name}/items/a`, {
        method: 'DELETE',
        headers: reader.headers,
      })
      t.equal(status, 403, name)
    }
  })

  t.test('table administration needs admin', async (t) => {
    const { status } = await service.request(`/v1/tables/${table}`, {
      method: 'DELETE',
      headers: writer.headers,
    })
    t.equal(status, 403)
    t.equal(
      (await service.get(`/v1/tables/${table}`, writer.headers)).status,
      200,
      'any grant is enough to describe it',
    )
    t.equal((await service.get('/v1/tables/Elsewhere', writer.headers)).status, 403)
  })

  t.test(
    'ListTables shows only tables that the caller has a grant on, in pages of the size asked for',
    async (t) => {
      const hidden = await Promise.all(
        Array.from({ length: 3 }, () => createTable(t, asAdmin, { tableName: `Hidden-${randomUUID()}` })),
      )
      const second = await createTable(t, asAdmin)
      const seen: string[] = []
      let start: unknown
      do {
        const from = typeof start === 'string' ? `&exclusiveStartTableName=${start}` : ''
        const { body } = await service.get(`/v1/tables?limit=1${from}`, reader.headers)
        const names = body['tableNames'] as string[]
        t.ok(names.length <= 1)
        seen.push(...names)
        start = body['lastEvaluatedTableName']
      } while (start !== undefined)
      t.ok(seen.includes(table) && seen.includes(second))
      t.notOk(seen.some((name) => hidden.includes(name)))
    },
  )
})

t.test('tables by ARN', needsDynamoDB, async (t) => {
  const foreign = 'arn:aws:dynamodb:eu-west-1:123456789012:table/'
  const granting = {
    ...policy,
    roles: { ...policy.roles, reader: [{ tables: ['Test-*', `${foreign}Shared`], actions: ['read'] }] },
  }
  const open = await startService(t)
  const table = await createTable(t, open)
  const own = `arn:aws:dynamodb:ddblocal:000000000000:table/${table}`
  const path = encodeURIComponent
  t.equal((await put(open, table, {})).status, 200)

  t.test('the ARN of an own table is the table', async (t) => {
    const service = await startService(t, {}, undefined, granting)
    t.equal((await get(open, path(own))).status, 200)
    t.equal(
      (await get(open, path(own.replace('ddblocal', 'eu-central-1')))).status,
      200,
      'in the Region of the settings',
    )
    t.equal((await get(open, path(own.replace('ddblocal', 'eu-west-1')))).status, 403)
    t.equal((await get(open, path(own.replace('000000000000', '123456789012')))).status, 403)
    t.equal((await get(service, path(own), reader.headers)).status, 200)
    t.equal((await get(service, path(own), writer.headers)).status, 403)
    t.equal((await open.get(`/v1/tables/${path(own)}/items/a`)).status, 200)
    t.equal((await service.get(`/v1/tables/${path(own)}/items/a`, reader.headers)).status, 200)
  })

  t.test(
    'the ARN of another account or Region is refused, wherever it stands, and nothing is sent',
    async (t) => {
      const fake = await startFakeDynamoDB(t, (received, response) => {
        if (received.operation === 'DescribeTable') refuse(response, 400, 'ResourceNotFoundException')
        else answer(response, {})
      })
      const service = await startService(t, {}, fake.endpoint)
      const arn = `${foreign}Shared`
      const key = { id: 'a' }
      const answers = await Promise.all([
        get(service, path(arn)),
        service.get(`/v1/tables/${path(arn)}`),
        service.get(`/v1/tables/${path(arn)}/items/a`),
        service.post(`/v1/tables/${path(arn)}/scan`, {}),
        service.post(`/v1/tables/${path(arn)}/import`, '{"id":"a"}\n', { 'content-type': NDJSON }),
        service.post('/v1/batch/get', { requestItems: { [arn]: { keys: [key] } } }),
        service.post('/v1/batch/write', { requestItems: { [arn]: [{ deleteRequest: { key } }] } }),
        service.post('/v1/transact/get', { transactItems: [{ get: { tableName: arn, key } }] }),
        service.post('/v1/transact/write', { transactItems: [{ delete: { tableName: arn, key } }] }),
      ])
      for (const { status, body } of answers) {
        t.equal(status, 403)
        t.match(body, { code: 'Forbidden', detail: /ALLOW_FOREIGN_ARNS/ })
      }
      t.notOk(
        fake.requests.some(({ text }) => text.includes('arn:')),
        'not even a description of it',
      )
    },
  )

  t.test('with ALLOW_FOREIGN_ARNS=true, a grant has to list the ARN', async (t) => {
    const fake = await startFakeDynamoDB(t, (received, response) => {
      if (received.operation === 'DescribeTable') refuse(response, 400, 'ResourceNotFoundException')
      else answer(response, { Item: { id: { S: 'a' } } })
    })
    const service = await startService(t, { allowForeignArns: true }, fake.endpoint, granting)
    t.equal((await get(service, path(`${foreign}Shared`), reader.headers)).status, 200)
    t.equal((await get(service, path(`${foreign}Other`), reader.headers)).status, 403)
    t.equal((await get(service, path(`${foreign}Other`), admin.headers)).status, 403, '* is for names')
    const everyone = await startService(t, { allowForeignArns: true }, fake.endpoint)
    t.equal((await get(everyone, path(`${foreign}Other`))).status, 200)
  })
})

t.test(
  'a caller over its rate gets 429 with the time to wait, and everyone with a rate sees what is left',
  async (t) => {
    const fake = await startFakeDynamoDB(t, (_received, response) => {
      answer(response, { Item: { id: { S: 'a' } } })
    })
    const service = await startService(t, {}, fake.endpoint, policy)
    const answers = []
    for (let i = 0; i < 3; i++) answers.push(await get(service, 'Test-1', slow.headers))
    t.same(
      answers.map(({ status }) => status),
      [200, 200, 429],
    )
    for (const { headers } of answers) {
      t.match(headers.get('ratelimit'), /^"default";r=\d+;t=\d+$/)
      t.match(headers.get('ratelimit-policy'), /^"default";q=\d+;w=\d+$/)
    }
    const [, , refused] = answers
    t.match(refused?.body, { code: 'TooManyRequests', retryable: true })
    t.ok(Number(refused?.headers.get('retry-after')) > 60)
    t.equal((await get(service, 'Test-1', reader.headers)).headers.get('ratelimit'), null)
    t.equal(fake.requests.length, 3)
  },
)

t.test('audit', async (t) => {
  const fake = await startFakeDynamoDB(t, (received, response) => {
    if (received.operation === 'DeleteItem') refuse(response, 400, 'ConditionalCheckFailedException')
    else
      answer(
        response,
        received.operation === 'DescribeTable'
          ? { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }
          : {},
      )
  })
  const service = await startService(t, { audit: true }, fake.endpoint, policy)
  const lines = (requestId: string | null) =>
    service.log
      .filter(({ msg, requestId: id }) => msg === 'audit' && id === requestId)
      .map(({ principal, action, table, outcome }) => ({ principal, action, table, outcome }))
  const linesOf = async (asked: Promise<{ headers: Headers }>) =>
    lines((await asked).headers.get('x-request-id'))

  const base = { principal: 'writer', table: 'Test-1' }
  t.same(await linesOf(put(service, 'Test-1', writer.headers)), [
    { ...base, action: 'PutItem', outcome: 'done' },
  ])
  t.same(
    await linesOf(
      service.post(
        '/v1/tables/Test-1/delete',
        { key: { id: 'a' }, conditionExpression: 'a = b' },
        writer.headers,
      ),
    ),
    [{ ...base, action: 'DeleteItem', outcome: 'failed' }],
  )
  t.same(await linesOf(get(service, 'Test-1', writer.headers)), [
    { ...base, action: 'GetItem', outcome: 'refused' },
  ])
  t.same(await linesOf(get(service, 'Test-1')), [
    { principal: null, table: 'Test-1', action: 'GetItem', outcome: 'refused' },
  ])
  t.same(await linesOf(get(service, 'Test-1', reader.headers)), [], 'a read has none')
  t.same(
    await linesOf(
      service.post('/v1/tables/Test-1/import', '{"id":"a"}\n', { ...writer.headers, 'content-type': NDJSON }),
    ),
    [{ ...base, action: 'BatchWriteItem', outcome: 'done' }],
  )
  const put1 = [{ putRequest: { item: { id: 'a' } } }]
  t.same(
    await linesOf(
      service.post('/v1/batch/write', { requestItems: { 'Test-1': put1, 'Test-2': put1 } }, writer.headers),
    ),
    ['Test-1', 'Test-2'].map((table) => ({
      principal: 'writer',
      action: 'BatchWriteItem',
      table,
      outcome: 'done',
    })),
  )
  t.notMatch(JSON.stringify(service.log), writer.headers['x-api-key'] ?? '')
})
