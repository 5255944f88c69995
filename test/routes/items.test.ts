/** The operations on the items of one table: put, get, update, delete, query and scan. */
import t from 'tap'
import { createTable, needsDynamoDB, type Service, startService, TYPED } from '../helpers/service.js'

t.test('put', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const put = `/v1/tables/${table}/put`
  const get = `/v1/tables/${table}/get`

  t.test('put stores an item that get returns with every digit', async (t) => {
    const written = await service.post(
      put,
      `{"item": {
        "id": "all", "exact": 12345678901234567890.12, "large": 99999999999999999999999999999999999999,
        "list": [1, "a", null, true, {"b": []}], "empty": "", "bytes": {"$binary": "AAEC"},
        "strings": {"$stringSet": ["x", "y"]}, "numbers": {"$numberSet": [1, 2.5]},
        "binaries": {"$binarySet": ["AA==", "AQ=="]}, "escaped": {"$map": {"$binary": "no"}},
        "__proto__": {"constructor": "kept"}, "hasOwnProperty": "😀 \\u00e9"
      }}`,
    )
    t.equal(written.status, 200, written.text)
    t.equal(written.text, '{}')
    t.match(written.headers.get('content-type'), /^application\/json/)

    const read = await service.post(get, { key: { id: 'all' } })
    t.equal(read.status, 200)
    const { item } = JSON.parse(read.text.replaceAll('"__proto__"', '"proto"')) as {
      item: Record<string, unknown>
    }
    t.match(read.text, '"exact":12345678901234567890.12')
    t.match(read.text, '"large":99999999999999999999999999999999999999')
    t.match(item, {
      list: [1, 'a', null, true, { b: [] }],
      empty: '',
      bytes: { $binary: 'AAEC' },
      strings: { $stringSet: ['x', 'y'] },
      numbers: { $numberSet: [1, 2.5] },
      binaries: { $binarySet: ['AA==', 'AQ=='] },
      escaped: { $map: { $binary: 'no' } },
      proto: { constructor: 'kept' },
      hasOwnProperty: '😀 é',
    })
  })

  t.test('put reads and writes typed items as application/vnd.dynamodb+json', async (t) => {
    const item = {
      id: { S: 'typed' },
      n: { N: '1.5' },
      m: { M: { l: { L: [{ NULL: true }] } } },
      b: { B: 'AAEC' },
    }
    const written = await service.post(put, { item, returnValues: 'ALL_OLD' }, { 'content-type': TYPED })
    t.equal(written.status, 200, written.text)
    t.equal(written.headers.get('content-type'), TYPED)

    const again = await service.post(
      put,
      { item: { id: { S: 'typed' } }, returnValues: 'ALL_OLD' },
      { 'content-type': TYPED },
    )
    t.same(again.body, { attributes: item })
  })

  t.test('put responds in the representation of Accept, independent of the request', async (t) => {
    await service.post(put, { item: { id: 'both', n: 1 } })
    const asTyped = await service.post(
      put,
      { item: { id: 'both', n: 2 }, returnValues: 'ALL_OLD' },
      { accept: TYPED },
    )
    t.same(asTyped.body, { attributes: { id: { S: 'both' }, n: { N: '1' } } })
    const asDocument = await service.post(
      put,
      { item: { id: { S: 'both' } }, returnValues: 'ALL_OLD' },
      { 'content-type': TYPED, accept: 'application/json' },
    )
    t.same(asDocument.body, { attributes: { id: 'both', n: 2 } })
  })

  t.test('put returns the consumed capacity on request', async (t) => {
    const { body } = await service.post(put, { item: { id: 'capacity' }, returnConsumedCapacity: 'INDEXES' })
    t.match(body, { consumedCapacity: { tableName: table, capacityUnits: 1, table: { capacityUnits: 1 } } })
  })

  t.test('put writes only if its condition is true, and returns the item on request', async (t) => {
    await service.post(put, { item: { id: 'once', n: 12.5 } })
    const request = {
      item: { id: 'once' },
      conditionExpression: 'attribute_not_exists(#id) OR n > :n',
      expressionAttributeNames: { '#id': 'id' },
      expressionAttributeValues: { ':n': 100 },
    }
    const refused = await service.post(put, request)
    t.equal(refused.status, 412)
    t.match(refused.body, { code: 'ConditionalCheckFailedException', retryable: false, attempts: 1 })
    t.notOk('item' in refused.body)

    const shown = await service.post(put, { ...request, returnValuesOnConditionCheckFailure: 'ALL_OLD' })
    t.match(shown.body, { status: 412, item: { id: 'once', n: 12.5 } })
    const read = await service.post(get, { key: { id: 'once' } })
    t.same(read.body, { item: { id: 'once', n: 12.5 } })
  })

  t.test('put accepts a percent-encoded table ARN', async (t) => {
    const arn = `arn:aws:dynamodb:eu-central-1:000000000000:table/${table}`
    const written = await service.post(`/v1/tables/${encodeURIComponent(arn)}/put`, { item: { id: 'arn' } })
    t.equal(written.status, 200, written.text)
    t.equal((await service.post(get, { key: { id: 'arn' } })).status, 200)
  })

  t.test('put passes on DynamoDB’s own validation message', async (t) => {
    const { status, body } = await service.post(put, { item: { id: 5 } })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', detail: /Type mismatch for key/, dynamodbRequestId: /./ })
  })
})

t.test('get', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true })
  const get = `/v1/tables/${table}/get`
  await service.post(
    `/v1/tables/${table}/put`,
    '{"item":{"id":"a","n":-1.50,"deep":{"list":[1,{"x":"y"}]},"other":1}}',
  )

  t.test('get finds an item by its whole key, in any notation of its numbers', async (t) => {
    for (const n of ['-1.5', '-1.50', '-15e-1']) {
      const { status, text } = await service.post(get, `{"key":{"id":"a","n":${n}},"consistentRead":true}`)
      t.equal(status, 200, text)
      t.match(text, '"n":-1.5')
    }
    const typed = await service.post(
      get,
      { key: { id: { S: 'a' }, n: { N: '-1.5' } } },
      { 'content-type': TYPED },
    )
    t.match(typed.body, { item: { n: { N: '-1.5' }, deep: { M: { list: { L: [{ N: '1' }, {}] } } } } })
  })

  t.test('get returns only the projected attributes', async (t) => {
    const { body } = await service.post(get, {
      key: { id: 'a', n: -1.5 },
      projectionExpression: 'deep.#l[1].x',
      expressionAttributeNames: { '#l': 'list' },
    })
    t.same(body, { item: { deep: { list: [{ x: 'y' }] } } })
  })

  t.test('get answers 404 ItemNotFound for a missing item, with the consumed capacity', async (t) => {
    const { status, headers, body } = await service.post(get, {
      key: { id: 'a', n: 0 },
      returnConsumedCapacity: 'TOTAL',
    })
    t.equal(status, 404)
    t.match(headers.get('content-type'), /^application\/problem\+json/)
    t.match(body, { code: 'ItemNotFound', retryable: false, consumedCapacity: { capacityUnits: 0.5 } })
  })

  t.test('get distinguishes a missing table from a missing item', async (t) => {
    const { status, body } = await service.post('/v1/tables/Missing/get', { key: { id: 'a' } })
    t.equal(status, 404)
    t.match(body, { code: 'ResourceNotFoundException' })
  })
})

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

  t.test('update sets, removes and increments attributes', async (t) => {
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

  t.test('update adds elements to sets and deletes elements from them', async (t) => {
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

  t.test('update reads typed values', async (t) => {
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

  t.test('update creates a missing item', async (t) => {
    const { status } = await service.post(update, { key: { id: 'new' } })
    t.equal(status, 200)
    const { body } = await service.post(`/v1/tables/${table}/get`, { key: { id: 'new' } })
    t.same(body, { item: { id: 'new' } })
  })

  t.test('update returns the old attributes on request', async (t) => {
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

t.test('delete', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const remove = `/v1/tables/${table}/delete`
  const get = `/v1/tables/${table}/get`
  t.beforeEach(() => service.post(`/v1/tables/${table}/put`, { item: { id: 'a', n: 1.25 } }))

  t.test('delete removes an item and returns the old item', async (t) => {
    const { status, body } = await service.post(remove, { key: { id: 'a' }, returnValues: 'ALL_OLD' })
    t.equal(status, 200)
    t.same(body, { attributes: { id: 'a', n: 1.25 } })
    t.equal((await service.post(get, { key: { id: 'a' } })).status, 404)
  })

  t.test('delete reads and writes typed items', async (t) => {
    const request = { key: { id: { S: 'a' } }, returnValues: 'ALL_OLD' }
    const { body } = await service.post(remove, request, { 'content-type': TYPED })
    t.same(body, { attributes: { id: { S: 'a' }, n: { N: '1.25' } } })
  })

  t.test('delete of a missing item succeeds', async (t) => {
    const { status, body } = await service.post(remove, { key: { id: 'none' }, returnValues: 'ALL_OLD' })
    t.equal(status, 200)
    t.notOk('attributes' in body)
  })

  t.test('delete removes nothing if its condition is false', async (t) => {
    const { status } = await service.post(remove, {
      key: { id: 'a' },
      conditionExpression: 'n > :n',
      expressionAttributeValues: { ':n': 2 },
    })
    t.equal(status, 412)
    t.equal((await service.post(get, { key: { id: 'a' } })).status, 200)
  })
})

t.test('query and scan', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  const query = `/v1/tables/${table}/query`
  const scan = `/v1/tables/${table}/scan`
  const items = Array.from({ length: 30 }, (_, n) => ({
    id: n < 25 ? 'a' : 'b',
    n,
    color: n % 3 === 0 ? 'red' : 'blue',
  }))
  const { status } = await service.post('/v1/batch/write', {
    requestItems: { [table]: items.map((item) => ({ putRequest: { item } })) },
  })
  t.equal(status, 200)

  const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
  const numbers = (found: unknown) => (found as { n: number }[]).map(({ n }) => n)

  t.test('query returns the items of one partition in the order of the sort key', async (t) => {
    const { body } = await service.post(query, ofA)
    t.same(numbers(body['items']), [...Array(25).keys()])
    t.match(body, { count: 25, scannedCount: 25 })
    t.notOk('lastEvaluatedKey' in body)
  })

  t.test('query returns items in reverse order over several pages', async (t) => {
    const found = await pages(service, query, { ...ofA, scanIndexForward: false, limit: 10 })
    t.same(
      found.map(({ length }) => length),
      [10, 10, 5],
    )
    t.same(numbers(found.flat()), [...Array(25).keys()].reverse())
  })

  t.test('query pages through typed items', async (t) => {
    const request = {
      keyConditionExpression: 'id = :id',
      expressionAttributeValues: { ':id': { S: 'a' } },
      limit: 10,
    }
    const found = await pages(service, query, request, TYPED)
    t.same(found.flat()[24], { id: { S: 'a' }, n: { N: '24' }, color: { S: 'red' } })
  })

  t.test('query filters after reading and returns the number of items read', async (t) => {
    const { body } = await service.post(query, {
      keyConditionExpression: 'id = :id AND n BETWEEN :from AND :to',
      filterExpression: '#c = :c',
      projectionExpression: 'n',
      expressionAttributeNames: { '#c': 'color' },
      expressionAttributeValues: { ':id': 'a', ':from': 5, ':to': 10, ':c': 'red' },
      consistentRead: true,
    })
    t.same(body, { items: [{ n: 6 }, { n: 9 }], count: 2, scannedCount: 6 })
  })

  t.test('query reads a global secondary index', async (t) => {
    const { body } = await service.post(query, {
      indexName: 'byColor',
      keyConditionExpression: 'color = :c',
      expressionAttributeValues: { ':c': 'red' },
      returnConsumedCapacity: 'INDEXES',
    })
    t.equal(body['count'], 10)
    t.match(body['consumedCapacity'], { globalSecondaryIndexes: { byColor: { capacityUnits: Number } } })
  })

  t.test('query counts items without returning them', async (t) => {
    const { body } = await service.post(query, { ...ofA, select: 'COUNT' })
    t.same(body, { count: 25, scannedCount: 25 })
  })

  t.test('scan reads a table in parallel segments of several pages', async (t) => {
    const segments = await Promise.all(
      [0, 1, 2].map((segment) => pages(service, scan, { segment, totalSegments: 3, limit: 7 })),
    )
    const found = numbers(segments.flat(2)).sort((a, b) => a - b)
    t.same(found, [...Array(30).keys()])
  })

  t.test('scan filters typed items', async (t) => {
    const request = { filterExpression: 'n >= :n', expressionAttributeValues: { ':n': { N: '28' } } }
    const { body } = await service.post(scan, request, { 'content-type': TYPED })
    t.match(body, { count: 2, scannedCount: 30 })
  })

  t.test('query answers 400 with DynamoDB’s message for an invalid key condition', async (t) => {
    const { status, body } = await service.post(query, { ...ofA, keyConditionExpression: 'id ==== :id' })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', detail: /KeyConditionExpression/ })
  })
})

/** Reads all pages of a query or a scan by following `lastEvaluatedKey`. */
async function pages(service: Service, path: string, request: object, type = 'application/json') {
  const found: Record<string, unknown>[][] = []
  let exclusiveStartKey: unknown
  do {
    const { body, status, text } = await service.post(
      path,
      { ...request, exclusiveStartKey },
      { 'content-type': type },
    )
    if (status !== 200) throw new Error(text)
    found.push(body['items'] as Record<string, unknown>[])
    exclusiveStartKey = body['lastEvaluatedKey']
  } while (exclusiveStartKey !== undefined)
  return found
}
