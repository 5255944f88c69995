/** `Idempotency-Key` on put, update and delete, and on PUT and DELETE of an item URL. */
import { hash, randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { put, remove } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('a write with an Idempotency-Key', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const post = (operation: string, body: object, key: string = randomUUID(), headers = {}) =>
    service.post(`/v1/tables/${table}/${operation}`, body, { 'idempotency-key': key, ...headers })
  const url = (id: string) => `/v1/tables/${table}/items/${id}`
  const add = (id: string) => ({
    key: { id },
    updateExpression: 'ADD n :one',
    expressionAttributeValues: { ':one': 1 },
  })

  t.test('is applied once, however the key is written', async (t) => {
    for (const key of ['visit-1', '"visit-1"', 'visit-1;try=2', '"visit-1" ; try=3']) {
      const { status, text } = await post('update', add('counter'), key)
      t.equal(status, 200)
      t.equal(text, '{}')
    }
    t.match((await service.get(url('counter'))).body, { n: 1 })
    t.equal((await post('update', add('counter'), 'visit-2')).status, 200)
    t.match((await service.get(url('counter'))).body, { n: 2 })
  })

  t.test('is applied once with a key of 37 to 255 characters, which differ in the last one', async (t) => {
    for (const end of ['a', 'b', 'a']) {
      t.equal((await post('update', add('long'), `"${'x '.repeat(127)}${end}"`)).status, 200)
    }
    t.match((await service.get(url('long'))).body, { n: 2 })
    for (const key of ['', '""', 'k'.repeat(256)]) {
      t.match((await post('update', add('long'), key)).body, {
        status: 400,
        code: 'InvalidRequest',
        detail: /^headers\/idempotency-key/,
      })
    }
  })

  t.test('put and delete answer as without one', async (t) => {
    t.match(await post('put', { item: { id: 'a', n: 1.5 } }), { status: 200, text: '{}' })
    t.same((await service.get(url('a'))).body, { id: 'a', n: 1.5 })
    const typed = { item: { id: { S: 'a' }, n: { N: '12345678901234567890.12' } } }
    t.match(await post('put', typed, 'typed', { 'content-type': TYPED }), { status: 200 })
    t.equal((await service.get(url('a'))).text, '{"id":"a","n":12345678901234567890.12}')
    t.match(await post('delete', { key: { id: 'a' } }), { status: 200, text: '{}' })
    t.equal((await service.get(url('a'))).status, 404)
  })

  t.test('PUT of an item URL answers 200, and DELETE 204', async (t) => {
    const key = { 'idempotency-key': randomUUID() }
    t.equal((await put(service, url('r'), '{"v":1}', key)).status, 200)
    t.equal((await put(service, url('r'), '{"v":1}', key)).status, 200)
    t.equal((await remove(service, url('r'), { 'idempotency-key': randomUUID() })).status, 204)
    t.equal((await put(service, url('r'), '{"v":1}', key)).status, 200)
    t.equal((await service.get(url('r'))).status, 404, 'the third PUT was the first one again')
    const missing = { 'if-match': '*', 'idempotency-key': randomUUID() }
    t.match((await put(service, url('r'), '{}', missing)).body, { status: 412, maybeApplied: false })
    t.match((await remove(service, url('r'), missing)).body, { status: 412, maybeApplied: false })
  })

  t.test('a false condition is the same problem as without a key, with the item if asked for', async (t) => {
    await post('put', { item: { id: 'held', v: 7 } })
    for (const returnValuesOnConditionCheckFailure of ['ALL_OLD', 'NONE'] as const) {
      const body = {
        item: { id: 'held' },
        conditionExpression: 'attribute_not_exists(id)',
        returnValuesOnConditionCheckFailure,
      }
      const withKey = await post('put', body)
      const without = await service.post(`/v1/tables/${table}/put`, body)
      const known = ({ body }: typeof withKey) => ({ ...body, requestId: '', dynamodbRequestId: '' })
      t.equal(withKey.status, 412)
      t.same(known(withKey), known(without))
      t.equal('item' in withKey.body, returnValuesOnConditionCheckFailure === 'ALL_OLD')
    }
  })

  t.test('an invalid write is the ValidationException that it is without a key', async (t) => {
    const wrong = { ...add('counter'), updateExpression: 'ADD id :one' }
    t.match((await post('update', wrong)).body, { status: 400, code: 'ValidationException' })
    t.match((await post('put', { item: { name: 'no key' } })).body, {
      status: 400,
      code: 'ValidationException',
    })
    const text = {
      key: { id: 'text' },
      updateExpression: 'SET n = :t',
      expressionAttributeValues: { ':t': 'x' },
    }
    await post('update', text)
    t.match((await post('update', add('text'))).body, { status: 400, code: 'ValidationException' })
  })

  t.test('another write with the same key gets 409', async (t) => {
    t.equal((await post('put', { item: { id: 'one' } }, 'same')).status, 200)
    for (const [operation, body] of [
      ['put', { item: { id: 'two' } }],
      ['delete', { key: { id: 'one' } }],
    ] as const) {
      t.match((await post(operation, body, 'same')).body, {
        status: 409,
        code: 'IdempotentParameterMismatchException',
        retryable: false,
        maybeApplied: false,
      })
    }
  })

  t.test('tells the consumed capacity as the single write does', async (t) => {
    const { status, body } = await post('put', { item: { id: 'c' }, returnConsumedCapacity: 'TOTAL' })
    t.equal(status, 200)
    t.match(body, { consumedCapacity: { tableName: table, capacityUnits: 2 } })
  })

  t.test('cannot return values, and must have an update expression', async (t) => {
    for (const [operation, body, detail] of [
      ['put', { item: { id: 'v' }, returnValues: 'ALL_OLD' }, /^body\/returnValues/],
      ['update', { ...add('v'), returnValues: 'UPDATED_NEW' }, /^body\/returnValues/],
      ['delete', { key: { id: 'v' }, returnValues: 'ALL_OLD' }, /^body\/returnValues/],
      ['update', { key: { id: 'v' } }, /^body must have the field "updateExpression"/],
    ] as const) {
      t.match((await post(operation, body)).body, { status: 400, code: 'InvalidRequest', detail })
    }
    t.equal((await service.get(url('v'))).status, 404)
    t.equal((await post('update', { ...add('v'), returnValues: 'NONE' })).status, 200)
  })

  t.test('operations that cannot use a key refuse it', async (t) => {
    const headers = { 'idempotency-key': 'k' }
    for (const answered of [
      await post('get', { key: { id: 'a' } }),
      await post('scan', {}),
      await post('query', { keyConditionExpression: 'id = :i', expressionAttributeValues: { ':i': 'a' } }),
      await service.post('/v1/batch/write', { requestItems: {} }, headers),
      await service.post('/v1/transact/get', { transactItems: [] }, headers),
      await service.post(`/v1/tables/${table}/import`, '{}', {
        ...headers,
        'content-type': 'application/x-ndjson',
      }),
      await service.get('/v1/tables', headers),
      await service.get(url('a'), headers),
    ]) {
      t.match(answered.body, {
        status: 400,
        code: 'InvalidRequest',
        detail: /^headers\/idempotency-key: this/,
      })
    }
  })
})

/** Starts the service in front of a fake that knows the table T with the key `id`. */
async function startWith(t: Test, behave: Behavior, policy?: object) {
  const dynamodb = await startFakeDynamoDB(t, behave)
  const service = await startService(t, {}, dynamodb.endpoint, policy)
  const put = (key: string, headers = {}) =>
    service.post('/v1/tables/T/put', { item: { id: 'a' } }, { 'idempotency-key': key, ...headers })
  return { dynamodb, service, put }
}

t.test('the write is a transaction of one entry, which is repeated after a lost answer', async (t) => {
  const { dynamodb, put, service } = await startWith(t, (_received, response, number) => {
    if (number < 3) response.socket?.resetAndDestroy()
    else answer(response, {})
  })
  t.match(await put('"k 1"'), { status: 200, text: '{}' })
  const sent = {
    TransactItems: [{ Put: { TableName: 'T', Item: { id: { S: 'a' } } } }],
    ClientRequestToken: 'k 1',
  }
  t.same(
    dynamodb.requests.map(({ operation, body }) => [operation, body]),
    Array.from({ length: 3 }, () => ['TransactWriteItems', sent]),
  )
  const long = 'k'.repeat(37)
  await put(long)
  const token = hash('sha256', long, 'base64url').slice(0, 36)
  t.equal(dynamodb.requests.at(-1)?.body['ClientRequestToken'], token)
  const line = service.log.find(({ operation }) => operation !== undefined)
  t.equal(line?.['operation'], 'PutItem', 'the log names the operation that the caller asked for')
})

t.test('the reasons of a canceled transaction are the errors of the single write', async (t) => {
  let code = ''
  const { put, dynamodb } = await startWith(t, (_received, response) => {
    refuse(response, 400, 'TransactionCanceledException', `Transaction cancelled [${code}]`, {
      members: { CancellationReasons: [{ Code: code, Message: `about ${code}` }] },
    })
  })
  for (const [reason, status, expected, attempts] of [
    ['ItemCollectionSizeLimitExceeded', 400, 'ItemCollectionSizeLimitExceededException', 1],
    ['ValidationError', 400, 'ValidationException', 1],
    ['TransactionConflict', 409, 'TransactionConflictException', 5],
    ['ProvisionedThroughputExceeded', 429, 'ProvisionedThroughputExceededException', 5],
    ['ThrottlingError', 429, 'ThrottlingException', 5],
    ['ConditionalCheckFailed', 412, 'ConditionalCheckFailedException', 1],
    ['SomethingNew', 400, 'ValidationException', 1],
  ] as const) {
    code = reason
    const before = dynamodb.requests.length
    const { body } = await put('k')
    t.match(body, { status, code: expected, retryable: attempts > 1, attempts }, reason)
    t.match(body['detail'], new RegExp(`about ${reason}`))
    t.equal(body['cancellationReasons'], undefined)
    t.equal(dynamodb.requests.length - before, attempts)
  }
})

t.test('a write that was never answered may have been applied, and can be sent again', async (t) => {
  const { put } = await startWith(t, (_received, response) => response.socket?.destroy())
  t.match((await put('k')).body, { status: 503, retryable: true, maybeApplied: true })
})

t.test('the grant for the single write is needed, and suffices', async (t) => {
  const writer = keyHolder('writer', ['writer'])
  const updater = keyHolder('updater', ['updater'])
  const { put, dynamodb } = await startWith(
    t,
    (_received, response) => {
      answer(response, {})
    },
    {
      roles: {
        writer: [{ tables: ['T'], actions: ['PutItem'] }],
        updater: [{ tables: ['T'], actions: ['UpdateItem', 'TransactWriteItems'] }],
      },
      keys: [writer.entry, updater.entry],
    },
  )
  t.equal((await put('k', writer.headers)).status, 200)
  t.equal((await put('k', updater.headers)).status, 403)
  t.equal(dynamodb.requests.length, 1)
})
