import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('delete', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const remove = `/v1/tables/${table}/delete`
  const get = `/v1/tables/${table}/get`
  t.beforeEach(() => service.post(`/v1/tables/${table}/put`, { item: { id: 'a', n: 1.25 } }))

  t.test('deletes an item and gives what it was', async (t) => {
    const { status, body } = await service.post(remove, { key: { id: 'a' }, returnValues: 'ALL_OLD' })
    t.equal(status, 200)
    t.same(body, { attributes: { id: 'a', n: 1.25 } })
    t.equal((await service.post(get, { key: { id: 'a' } })).status, 404)
  })

  t.test('takes and gives DynamoDB’s own types', async (t) => {
    const request = { key: { id: { S: 'a' } }, returnValues: 'ALL_OLD' }
    const { body } = await service.post(remove, request, { 'content-type': TYPED })
    t.same(body, { attributes: { id: { S: 'a' }, n: { N: '1.25' } } })
  })

  t.test('is no error if there is no such item', async (t) => {
    const { status, body } = await service.post(remove, { key: { id: 'none' }, returnValues: 'ALL_OLD' })
    t.equal(status, 200)
    t.notOk('attributes' in body)
  })

  t.test('deletes nothing if the condition is false', async (t) => {
    const { status } = await service.post(remove, {
      key: { id: 'a' },
      conditionExpression: 'n > :n',
      expressionAttributeValues: { ':n': 2 },
    })
    t.equal(status, 412)
    t.equal((await service.post(get, { key: { id: 'a' } })).status, 200)
  })
})
