import t from 'tap'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('put', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const put = `/v1/tables/${table}/put`
  const get = `/v1/tables/${table}/get`

  t.test('creates an item, which get gives back digit by digit', async (t) => {
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

  t.test('takes and gives DynamoDB’s own types as application/vnd.dynamodb+json', async (t) => {
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

  t.test(
    'answers in the representation that Accept names, whatever the request was written in',
    async (t) => {
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
    },
  )

  t.test('says what was consumed where it is asked to', async (t) => {
    const { body } = await service.post(put, { item: { id: 'capacity' }, returnConsumedCapacity: 'INDEXES' })
    t.match(body, { consumedCapacity: { tableName: table, capacityUnits: 1, table: { capacityUnits: 1 } } })
  })

  t.test('writes only where the condition is true, and shows the item if it is asked to', async (t) => {
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

  t.test('takes the ARN of a table, URL-encoded', async (t) => {
    const arn = `arn:aws:dynamodb:eu-central-1:000000000000:table/${table}`
    const written = await service.post(`/v1/tables/${encodeURIComponent(arn)}/put`, { item: { id: 'arn' } })
    t.equal(written.status, 200, written.text)
    t.equal((await service.post(get, { key: { id: 'arn' } })).status, 200)
  })

  t.test('passes DynamoDB’s own message on for what only DynamoDB can know', async (t) => {
    const { status, body } = await service.post(put, { item: { id: 5 } })
    t.equal(status, 400)
    t.match(body, { code: 'ValidationException', detail: /Type mismatch for key/, dynamodbRequestId: /.+/ })
  })
})
