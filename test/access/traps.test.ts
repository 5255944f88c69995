/**
 * The traps of fine-grained access control (DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained
 * access control"), each through the running service, in a table whose partition key is a number.
 */
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { keyHolder } from '../helpers/access.js'
import { needsDynamoDB, type Service, startService, TYPED } from '../helpers/service.js'

const operator = keyHolder('operator', ['operator'])
const zero = keyHolder('zero', ['tenant'], { attributes: { tenant: '0' } })
const writer = keyHolder('writer', ['writer'], { attributes: { tenant: '0' } })
const nobody = keyHolder('nobody', ['tenant'])
const bound = (actions: readonly string[]) => [{ tables: ['Traps-*'], actions, partitionKey: '{tenant}' }]
const policy = {
  roles: {
    operator: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    tenant: bound(['read', 'write']),
    writer: bound(['write']),
  },
  keys: [operator.entry, zero.entry, writer.entry, nobody.entry],
}
const SECRET = 'of-tenant-five'

async function createNumberTable(t: Test, service: Service): Promise<string> {
  const tableName = `Traps-${randomUUID()}`
  const { status, text } = await service.post(
    '/v1/tables',
    {
      tableName,
      keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
      attributeDefinitions: [{ attributeName: 'id', attributeType: 'N' }],
      billingMode: 'PAY_PER_REQUEST',
    },
    operator.headers,
  )
  t.equal(status, 201, text)
  t.teardown(() =>
    service.request(`/v1/tables/${tableName}`, { method: 'DELETE', headers: operator.headers }),
  )
  for (const item of [{ id: 0 }, { id: 5, text: SECRET }])
    await service.post(`/v1/tables/${tableName}/put`, { item }, operator.headers)
  return tableName
}

t.test('fine-grained access control', needsDynamoDB, async (t) => {
  const service = await startService(t, {}, undefined, policy)
  const table = await createNumberTable(t, service)
  const path = (operation: string) => `/v1/tables/${table}/${operation}`
  const typed = { ...zero.headers, 'content-type': TYPED, accept: TYPED }
  const getTyped = (number: string) => service.post(path('get'), { key: { id: { N: number } } }, typed)

  t.test(
    'a number is the same key in every spelling, and no other spelling is a key of the caller',
    async (t) => {
      for (const own of ['0', '0.0', '-0', '0e3']) t.equal((await getTyped(own)).status, 200, own)
      for (const other of ['5', '5.0', '50e-1']) {
        const { status, text } = await getTyped(other)
        t.equal(status, 403, `${other}: ${text}`)
        t.notOk(text.includes(SECRET))
      }
      // DynamoDB reads digits of other scripts, too. They do not get as far as the policy.
      for (const digit of ['\u0665', '\uff15', '\u0660']) t.equal((await getTyped(digit)).status, 400, digit)
    },
  )

  t.test('a Scan, and a Query without an equality on the partition key, name no leading key', async (t) => {
    t.equal((await service.post(path('scan'), {}, zero.headers)).status, 403)
    const query = { keyConditionExpression: 'id > :z', expressionAttributeValues: { ':z': 0 } }
    t.equal((await service.post(path('query'), query, zero.headers)).status, 403)
  })

  t.test('old and new values need the right to read', async (t) => {
    const update = { key: { id: 0 }, updateExpression: 'SET a = :a', expressionAttributeValues: { ':a': 1 } }
    const send = (more: object, headers: typeof zero.headers) =>
      service.post(path('update'), { ...update, ...more }, headers)
    t.equal((await send({}, writer.headers)).status, 200)
    t.equal((await send({ returnValues: 'NONE' }, writer.headers)).status, 200)
    for (const returnValues of ['ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW']) {
      t.equal((await send({ returnValues }, writer.headers)).status, 403, returnValues)
      t.equal((await send({ returnValues }, zero.headers)).status, 200, returnValues)
    }
    const failing = {
      conditionExpression: 'attribute_exists(x)',
      returnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
    t.equal((await send(failing, writer.headers)).status, 403)
  })

  t.test('one foreign key refuses a whole batch or transaction, and nothing of it is written', async (t) => {
    const put = (id: number) => ({ putRequest: { item: { id, text: 'overwritten' } } })
    const batch = { requestItems: { [table]: [put(0), put(5)] } }
    t.equal((await service.post('/v1/batch/write', batch, zero.headers)).status, 403)
    const transactItems = [0, 5].map((id) => ({
      put: { tableName: table, item: { id, text: 'overwritten' } },
    }))
    t.equal((await service.post('/v1/transact/write', { transactItems }, zero.headers)).status, 403)
    for (const id of [0, 5]) {
      const { text } = await service.post(path('get'), { key: { id } }, operator.headers)
      t.notOk(text.includes('overwritten'), String(id))
    }
  })

  t.test(
    'a caller without the attribute has no grant: no item, no description, no name of a table',
    async (t) => {
      for (const id of [0, 5])
        t.equal((await service.post(path('get'), { key: { id } }, nobody.headers)).status, 403)
      t.equal((await service.get(`/v1/tables/${table}`, nobody.headers)).status, 403)
      t.notOk((await service.get('/v1/tables', nobody.headers)).text.includes(table))
    },
  )
})
