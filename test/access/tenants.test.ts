/**
 * Tenants in one table: no answer to one tenant contains a byte of another's items, whatever it asks for, and no request
 * of one changes them.
 */
import { createHash, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  type Answer,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
  TYPED,
} from '../helpers/service.js'
import { keyHolder } from '../helpers/access.js'

const operator = keyHolder('operator', ['operator'])
const alice = keyHolder('alice', ['tenant'], { attributes: { tenant: 'A' } })
const policy = {
  roles: {
    operator: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    tenant: [{ tables: ['Tenants-*'], actions: ['read', 'write'], partitionKey: 'T#{tenant}' }],
  },
  keys: [operator.entry, alice.entry],
}

/** In every attribute of B's items but the partition key, which an attacker can guess. */
const SECRET = 'mallory-may-not-see-this'
const SECRET_NUMBER = 918273645
const secretItem = {
  owner: 'T#B',
  n: SECRET_NUMBER,
  color: `${SECRET}-color`,
  text: SECRET,
  amount: 5_647_382_910,
}
const ownItem = { owner: 'T#A', n: 1, color: 'red', text: 'mine', amount: 2 }

async function createTenantTable(t: Test, service: Service): Promise<string> {
  const tableName = `Tenants-${randomUUID()}`
  const index = (indexName: string, ...names: readonly [string, string?]) => ({
    indexName,
    keySchema: names.map((attributeName, i) => ({ attributeName, keyType: i === 0 ? 'HASH' : 'RANGE' })),
    projection: { projectionType: 'ALL' },
  })
  const { status, text } = await service.post(
    '/v1/tables',
    {
      tableName,
      keySchema: index('', 'owner', 'n').keySchema,
      attributeDefinitions: [
        { attributeName: 'owner', attributeType: 'S' },
        { attributeName: 'n', attributeType: 'N' },
        { attributeName: 'color', attributeType: 'S' },
      ],
      localSecondaryIndexes: [index('local', 'owner', 'color')],
      globalSecondaryIndexes: [index('same', 'owner', 'color'), index('other', 'color', 'owner')],
      billingMode: 'PAY_PER_REQUEST',
    },
    operator.headers,
  )
  t.equal(status, 201, text)
  t.teardown(() =>
    service.request(`/v1/tables/${tableName}`, { method: 'DELETE', headers: operator.headers }),
  )
  for (const item of [
    secretItem,
    { ...secretItem, n: 2 },
    ownItem,
    { ...ownItem, n: 2 },
    { ...ownItem, n: 3 },
  ]) {
    t.equal((await service.post(`/v1/tables/${tableName}/put`, { item }, operator.headers)).status, 200)
  }
  return tableName
}

/** What must not be in any answer: the values, and the entity tags of B's items in both representations. */
async function secretsIn(service: Service, table: string): Promise<string[]> {
  const path = `/v1/tables/${table}/items/T%23B/${SECRET_NUMBER}`
  const tags = await Promise.all(
    [DOCUMENT, TYPED].map(async (accept) => {
      const { status, headers } = await service.get(path, { ...operator.headers, accept })
      if (status !== 200) throw new Error('the item of B is missing')
      return headers.get('etag') ?? ''
    }),
  )
  return [SECRET, String(SECRET_NUMBER), String(secretItem.amount), ...tags]
}

interface Attempt {
  readonly method?: string
  readonly path: string
  /** As a document; lines for an import. */
  readonly body?: object | string
  readonly headers?: Record<string, string>
}

const theirs = { owner: 'T#B', n: SECRET_NUMBER }
const mine = { owner: 'T#A', n: 1 }

/** Requests of tenant A for something of B's. All are refused, each with the code `Forbidden`. */
function attempts(table: string): Attempt[] {
  const on = (operation: string, body: object): Attempt => ({
    path: `/v1/tables/${table}/${operation}`,
    body,
  })
  const query = (keyConditionExpression: string, more: object = {}) =>
    on('query', {
      keyConditionExpression,
      expressionAttributeValues: { ':a': 'T#A', ':b': 'T#B', ':c': `${SECRET}-color` },
      ...more,
    })
  const batchGet = (...keys: object[]): Attempt => ({
    path: '/v1/batch/get',
    body: { requestItems: { [table]: { keys } } },
  })
  const batchWrite = (...writes: object[]): Attempt => ({
    path: '/v1/batch/write',
    body: { requestItems: { [table]: writes } },
  })
  const transactWrite = (...transactItems: object[]): Attempt => ({
    path: '/v1/transact/write',
    body: { transactItems },
  })
  const item = { ...theirs, text: 'overwritten' }
  const url = `/v1/tables/${table}/items/T%23B/${SECRET_NUMBER}`
  const condition = {
    conditionExpression: 'attribute_exists(nothing)',
    returnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
  const ownPut = { put: { tableName: table, item: { ...mine, n: 9 } } }
  const lines = (...items: object[]) => `${items.map((one) => JSON.stringify(one)).join('\n')}\n`
  return [
    on('get', { key: theirs }),
    on('put', { item }),
    on('put', { item, ...condition }),
    on('put', { item, returnValues: 'ALL_OLD' }),
    on('update', {
      key: theirs,
      updateExpression: 'SET #t = #t',
      expressionAttributeNames: { '#t': 'text' },
      returnValues: 'ALL_NEW',
    }),
    on('update', { key: theirs, updateExpression: 'REMOVE amount', ...condition }),
    on('delete', { key: theirs, returnValues: 'ALL_OLD' }),
    on('delete', { key: theirs, ...condition }),
    query('#o = :b', { expressionAttributeNames: { '#o': 'owner' } }),
    query('#o = :a', { expressionAttributeNames: { '#o': 'color' }, indexName: 'other' }),
    query('color = :c', { indexName: 'other' }),
    query('color = :c AND #o = :a', { expressionAttributeNames: { '#o': 'owner' }, indexName: 'other' }),
    query('#o = :b', { expressionAttributeNames: { '#o': 'owner' }, indexName: 'same' }),
    query('#o = :b', { expressionAttributeNames: { '#o': 'owner' }, indexName: 'local' }),
    query('#o = :b AND #o = :a', { expressionAttributeNames: { '#o': 'owner' } }),
    query('#o = :a OR #o = :b', { expressionAttributeNames: { '#o': 'owner' } }),
    query('NOT #o = :a', { expressionAttributeNames: { '#o': 'owner' } }),
    query('#o >= :a', { expressionAttributeNames: { '#o': 'owner' } }),
    query('begins_with(#o, :a)', { expressionAttributeNames: { '#o': 'owner' } }),
    query('#o BETWEEN :a AND :b', { expressionAttributeNames: { '#o': 'owner' } }),
    query('#o = :a', { expressionAttributeNames: { '#o': 'owner' }, exclusiveStartKey: theirs }),
    on('scan', {}),
    on('scan', {
      filterExpression: '#o = :a',
      expressionAttributeNames: { '#o': 'owner' },
      expressionAttributeValues: { ':a': 'T#A' },
    }),
    on('scan', { indexName: 'same' }),
    on('scan', { exclusiveStartKey: mine }),
    { ...on('scan', {}), headers: { accept: NDJSON } },
    { ...query('#o = :b', { expressionAttributeNames: { '#o': 'owner' } }), headers: { accept: NDJSON } },
    batchGet(theirs),
    batchGet(mine, theirs),
    batchGet(...Array.from({ length: 150 }, (_, n) => ({ owner: 'T#A', n })), theirs),
    batchWrite({ putRequest: { item } }),
    batchWrite({ putRequest: { item: mine } }, { deleteRequest: { key: theirs } }),
    batchWrite(
      ...Array.from({ length: 60 }, (_, n) => ({ putRequest: { item: { owner: 'T#A', n: n + 100 } } })),
      { putRequest: { item } },
    ),
    { path: '/v1/transact/get', body: { transactItems: [{ get: { tableName: table, key: theirs } }] } },
    {
      path: '/v1/transact/get',
      body: {
        transactItems: [{ get: { tableName: table, key: mine } }, { get: { tableName: table, key: theirs } }],
      },
    },
    transactWrite(ownPut, { put: { tableName: table, item } }),
    transactWrite(ownPut, { update: { tableName: table, key: theirs, updateExpression: 'REMOVE amount' } }),
    transactWrite(ownPut, { delete: { tableName: table, key: theirs } }),
    transactWrite(ownPut, {
      conditionCheck: { tableName: table, key: theirs, ...condition },
    }),
    { path: `/v1/tables/${table}/import`, body: lines(item), headers: { 'content-type': NDJSON } },
    {
      path: `/v1/tables/${table}/import`,
      body: lines({ Item: { owner: { S: 'T#B' }, n: { N: String(SECRET_NUMBER) } } }),
      headers: { 'content-type': NDJSON },
    },
    { method: 'GET', path: url },
    { method: 'GET', path: `${url}?projection=text` },
    { method: 'GET', path: url, headers: { 'if-none-match': '*' } },
    { method: 'PUT', path: url, body: { text: 'overwritten' } },
    { method: 'PUT', path: url, body: { text: 'overwritten' }, headers: { 'if-none-match': '*' } },
    { method: 'PUT', path: url, body: { text: 'overwritten' }, headers: { 'if-match': '*' } },
    { method: 'DELETE', path: url },
    { method: 'DELETE', path: url, headers: { 'if-match': '*' } },
    { method: 'DELETE', path: `/v1/tables/${table}` },
  ]
}

/** Sends an attempt as tenant A. */
async function send(
  service: Service,
  { method = 'POST', path, body, headers = {} }: Attempt,
): Promise<Answer> {
  return service.request(path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': DOCUMENT }), ...alice.headers, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** The whole answer as text, headers included. */
const wholeText = ({ headers, text }: Answer) => `${JSON.stringify([...headers])}\n${text}`

t.test('tenants', needsDynamoDB, async (t) => {
  const service = await startService(t, {}, undefined, policy)
  const table = await createTenantTable(t, service)
  const secrets = await secretsIn(service, table)
  const all = async () =>
    (
      await service.post(
        `/v1/tables/${table}/query`,
        {
          keyConditionExpression: '#o = :b',
          expressionAttributeNames: { '#o': 'owner' },
          expressionAttributeValues: { ':b': 'T#B' },
        },
        operator.headers,
      )
    ).text
  const before = await all()

  t.test(
    'every request for another tenant’s items is refused, and its answer has no byte of them',
    async (t) => {
      for (const attempt of attempts(table)) {
        for (const accept of [DOCUMENT, TYPED]) {
          const answer = await send(service, { ...attempt, headers: { accept, ...attempt.headers } })
          const name = JSON.stringify(attempt).slice(0, 200)
          t.equal(answer.status, 403, `${name}: ${answer.text}`)
          t.equal(answer.body['code'] ?? 'Forbidden', 'Forbidden')
          t.notOk(
            secrets.find((secret) => !attempt.path.includes(secret) && wholeText(answer).includes(secret)),
            name,
          )
        }
      }
      t.equal(await all(), before, 'the items of B are as before')
    },
  )

  t.test('a tenant uses its own items as if it had the table for itself', async (t) => {
    const names = { expressionAttributeNames: { '#o': 'owner' } }
    const values = { expressionAttributeValues: { ':a': 'T#A' } }
    const query = (more: object) =>
      service.post(
        `/v1/tables/${table}/query`,
        { keyConditionExpression: '#o = :a', ...names, ...values, ...more },
        alice.headers,
      )
    for (const indexName of [undefined, 'local', 'same']) {
      const seen: unknown[] = []
      let exclusiveStartKey: unknown
      do {
        const { status, body, text } = await query({ indexName, limit: 2, exclusiveStartKey })
        t.equal(status, 200, text)
        t.notOk(secrets.find((secret) => text.includes(secret)))
        seen.push(...(body['items'] as unknown[]))
        exclusiveStartKey = body['lastEvaluatedKey']
      } while (exclusiveStartKey !== undefined)
      t.equal(seen.length, 3, indexName ?? 'the table')
    }
    const get = await service.get(`/v1/tables/${table}/items/T%23A/1`, alice.headers)
    t.equal(get.status, 200)
    t.equal(
      (await send(service, { path: '/v1/batch/get', body: { requestItems: { [table]: { keys: [mine] } } } }))
        .status,
      200,
    )
    t.equal(
      (
        await send(service, {
          path: `/v1/tables/${table}/import`,
          body: `${JSON.stringify({ ...mine, n: 4 })}\n`,
          headers: { 'content-type': NDJSON },
        })
      ).status,
      200,
    )
    t.equal(
      (await send(service, { method: 'PUT', path: `/v1/tables/${table}/items/T%23A/5`, body: {} })).status,
      201,
    )
    t.equal(
      (await send(service, { method: 'DELETE', path: `/v1/tables/${table}/items/T%23A/5` })).status,
      204,
    )
    const put = {
      put: {
        tableName: table,
        item: mine,
        conditionExpression: 'attribute_not_exists(#o)',
        ...names,
        returnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    }
    const canceled = await send(service, { path: '/v1/transact/write', body: { transactItems: [put] } })
    t.equal(canceled.status, 409)
    t.match(canceled.body['cancellationReasons'], [{ item: { owner: 'T#A' } }])
  })

  t.test('an import that mixes tenants stops at the first line of another one', async (t) => {
    const lines = [
      { owner: 'T#A', n: 50 },
      { owner: 'T#A', n: 51 },
      { owner: 'T#B', n: 52 },
      { owner: 'T#A', n: 53 },
    ]
    const { status, body } = await send(service, {
      path: `/v1/tables/${table}/import`,
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      headers: { 'content-type': NDJSON },
    })
    t.equal(status, 403)
    t.match(body, { code: 'Forbidden', line: 3, written: 2 })
    t.equal(await all(), before)
  })

  t.test('a refusal does not tell whether a table exists', async (t) => {
    for (const path of ['get', 'put', 'update', 'delete', 'query', 'scan', 'import']) {
      const answers = await Promise.all(
        [table, `Tenants-missing`].map(async (name) => {
          const attempt = attempts(name).find((one) => one.path.endsWith(`/${path}`))
          if (attempt === undefined) throw new Error(path)
          const { status, text } = await send(service, attempt)
          return {
            status,
            detail: (JSON.parse(text) as { detail: string }).detail.replaceAll(name, 'TABLE'),
          }
        }),
      )
      if (path === 'import') continue
      t.same(answers[0], answers[1], path)
    }
  })

  t.test('a tenant sees only the tables that it has a grant on', async (t) => {
    const { body } = await service.get('/v1/tables', alice.headers)
    const names = body['tableNames'] as string[]
    t.ok(names.includes(table))
    t.ok(names.every((name) => name.startsWith('Tenants-')))
    t.equal((await service.get(`/v1/tables/${table}`, alice.headers)).status, 200)
  })

  t.test('the entity tags of hidden items are no oracle', async (t) => {
    const tag = `"${createHash('sha1').update('guess').digest('base64url')}"`
    const { status } = await service.get(`/v1/tables/${table}/items/T%23B/${SECRET_NUMBER}`, {
      ...alice.headers,
      'if-none-match': tag,
    })
    t.equal(status, 403)
  })
})
