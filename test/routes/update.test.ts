import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('update', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const update = `/v1/tables/${table}/update`
  const start = {
    id: 'a',
    n: 1,
    gone: true,
    strings: { $stringSet: ['x', 'y'] },
    numbers: { $numberSet: [1, 2] },
    binaries: { $binarySet: ['AA==', 'AQ=='] },
  }
  t.beforeEach(() => service.post(`/v1/tables/${table}/put`, { item: start }))

  t.test('sets, removes and adds', async (t) => {
    const { status, body } = await service.post(update, {
      key: { id: 'a' },
      updateExpression: 'SET #s = :s, n = n + :one REMOVE gone',
      expressionAttributeNames: { '#s': 'set' },
      expressionAttributeValues: { ':s': { nested: ['here'] }, ':one': 1 },
      returnValues: 'ALL_NEW',
    })
    t.equal(status, 200)
    const { id, strings, numbers, binaries } = start
    t.same(body, { attributes: { id, n: 2, strings, numbers, binaries, set: { nested: ['here'] } } })
  })

  t.test('adds to and deletes from sets', async (t) => {
    const { body } = await service.post(update, {
      key: { id: 'a' },
      updateExpression: 'ADD strings :s, numbers :n DELETE binaries :b',
      expressionAttributeValues: {
        ':s': { $stringSet: ['z'] },
        ':n': { $numberSet: [3] },
        ':b': { $binarySet: ['AA=='] },
      },
      returnValues: 'UPDATED_NEW',
    })
    t.same(body, {
      attributes: {
        strings: { $stringSet: ['x', 'y', 'z'] },
        numbers: { $numberSet: [1, 2, 3] },
        binaries: { $binarySet: ['AQ=='] },
      },
    })
  })

  t.test('takes DynamoDB’s own types', async (t) => {
    const { body } = await service.post(
      update,
      {
        key: { id: { S: 'a' } },
        updateExpression: 'ADD n :n DELETE strings :s',
        expressionAttributeValues: { ':n': { N: '0.5' }, ':s': { SS: ['x'] } },
        returnValues: 'UPDATED_NEW',
      },
      { 'content-type': TYPED },
    )
    t.same(body, { attributes: { n: { N: '1.5' }, strings: { SS: ['y'] } } })
  })

  t.test('creates an item where there is none', async (t) => {
    const { status } = await service.post(update, { key: { id: 'new' } })
    t.equal(status, 200)
    const { body } = await service.post(`/v1/tables/${table}/get`, { key: { id: 'new' } })
    t.same(body, { item: { id: 'new' } })
  })

  t.test('gives the attributes as they were', async (t) => {
    const request = {
      key: { id: 'a' },
      updateExpression: 'SET n = :n',
      expressionAttributeValues: { ':n': 9 },
    }
    t.same((await service.post(update, { ...request, returnValues: 'UPDATED_OLD' })).body, {
      attributes: { n: 1 },
    })
    t.match((await service.post(update, { ...request, returnValues: 'ALL_OLD' })).body, {
      attributes: { n: 9 },
    })
  })
})
