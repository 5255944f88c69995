import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('transactions', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const tableName = await createTable(t, service)
  const write = (transactItems: readonly (object | undefined)[], more = {}, headers = {}) =>
    service.post('/v1/transact/write', { transactItems, ...more }, headers)
  const get = async (id: string) =>
    (await service.post(`/v1/tables/${tableName}/get`, { key: { id } })).body['item']
  t.beforeEach(async () => {
    for (const id of ['updated', 'deleted', 'checked']) {
      await service.post(`/v1/tables/${tableName}/put`, { item: { id, n: 1 } })
    }
    await service.post(`/v1/tables/${tableName}/delete`, { key: { id: 'put' } })
  })

  const four = [
    { put: { tableName, item: { id: 'put', exact: 0.1 }, conditionExpression: 'attribute_not_exists(id)' } },
    {
      update: {
        tableName,
        key: { id: 'updated' },
        updateExpression: 'SET n = n + :one',
        expressionAttributeValues: { ':one': 1 },
      },
    },
    { delete: { tableName, key: { id: 'deleted' } } },
    {
      conditionCheck: {
        tableName,
        key: { id: 'checked' },
        conditionExpression: '#n = :n',
        expressionAttributeNames: { '#n': 'n' },
        expressionAttributeValues: { ':n': 1 },
      },
    },
  ]

  t.test('a transaction puts, updates, deletes and checks conditions as one', async (t) => {
    const { status, body } = await write(four, { returnConsumedCapacity: 'TOTAL' })
    t.equal(status, 200)
    t.match(body, { consumedCapacity: [{ tableName }] })
    t.same(await get('put'), { id: 'put', exact: 0.1 })
    t.same(await get('updated'), { id: 'updated', n: 2 })
    t.equal(await get('deleted'), undefined)
  })

  t.test(
    'a transaction with a false condition applies nothing and gives the reason of each entry',
    async (t) => {
      await service.post(`/v1/tables/${tableName}/put`, { item: { id: 'checked', n: 12.75 } })
      const [put, update, remove, check] = four
      const withItem = {
        conditionCheck: { ...check?.conditionCheck, returnValuesOnConditionCheckFailure: 'ALL_OLD' },
      }
      const { status, body } = await write([put, update, remove, withItem])
      t.equal(status, 409)
      t.match(body, {
        code: 'TransactionCanceledException',
        retryable: false,
        cancellationReasons: [
          { code: 'None' },
          { code: 'None' },
          { code: 'None' },
          { code: 'ConditionalCheckFailed', message: String, item: { id: 'checked', n: 12.75 } },
        ],
      })
      t.equal(await get('put'), undefined)
      t.same(await get('updated'), { id: 'updated', n: 1 })
      t.same(await get('deleted'), { id: 'deleted', n: 1 })
    },
  )

  t.test('cancellation reasons have typed items in a typed response', async (t) => {
    const check = {
      conditionCheck: {
        tableName,
        key: { id: { S: 'checked' } },
        conditionExpression: 'n = :n',
        expressionAttributeValues: { ':n': { N: '2' } },
        returnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    }
    const { body } = await write([check], {}, { 'content-type': TYPED })
    t.match(body, { cancellationReasons: [{ item: { id: { S: 'checked' }, n: { N: '1' } } }] })
  })

  t.test('a transaction sent twice with one token is applied once', async (t) => {
    const [, update] = four
    const clientRequestToken = randomUUID()
    for (const headers of [{}, { 'idempotency-key': clientRequestToken }]) {
      const more = 'idempotency-key' in headers ? {} : { clientRequestToken }
      t.equal((await write([update], more, headers)).status, 200)
    }
    t.same(await get('updated'), { id: 'updated', n: 2 })
  })

  t.test(
    'a transaction is refused if its token belongs to another one, or if two tokens are given',
    async (t) => {
      const [put, update, remove] = four
      const clientRequestToken = randomUUID()
      await write([put, update], { clientRequestToken })
      const other = await write([remove], { clientRequestToken })
      t.equal(other.status, 409)
      t.match(other.body, { code: 'IdempotentParameterMismatchException' })

      const twoWays = await write([remove], { clientRequestToken }, { 'idempotency-key': randomUUID() })
      t.equal(twoWays.status, 400)
      t.match(twoWays.body, { code: 'InvalidRequest', detail: /clientRequestToken.*idempotency-key/ })
    },
  )

  t.test(
    'a transaction reads items in the order of its keys, with an empty entry for a missing item',
    async (t) => {
      const request = {
        transactItems: [
          { get: { tableName, key: { id: 'checked' } } },
          { get: { tableName, key: { id: 'missing' } } },
          {
            get: {
              tableName,
              key: { id: 'updated' },
              projectionExpression: '#n',
              expressionAttributeNames: { '#n': 'n' },
            },
          },
        ],
      }
      const { status, body } = await service.post('/v1/transact/get', request)
      t.equal(status, 200)
      t.same(body, { responses: [{ item: { id: 'checked', n: 1 } }, {}, { item: { n: 1 } }] })

      const typed = { transactItems: [{ get: { tableName, key: { id: { S: 'checked' } } } }] }
      t.same((await service.post('/v1/transact/get', typed, { 'content-type': TYPED })).body, {
        responses: [{ item: { id: { S: 'checked' }, n: { N: '1' } } }],
      })
    },
  )
})
