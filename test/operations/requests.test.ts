/** Requests that the service refuses, or translates, before DynamoDB sees them. */
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { DOCUMENT, startService, TYPED } from '../helpers/service.js'

t.test('requests', async (t) => {
  const answers: Readonly<Record<string, object>> = {
    Query: { Count: 0, ScannedCount: 0 },
    Scan: { Count: 0, ScannedCount: 0 },
    GetItem: { Item: {} },
    BatchGetItem: { Responses: {} },
    DeleteTable: { TableDescription: {} },
  }
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, answers[operation] ?? {})
  })
  const service = await startService(t, { bodyLimitBytes: 100_000 }, dynamodb.endpoint)
  const put = '/v1/tables/T/put'
  const item = { id: 'a' }

  t.test(
    'requests with a field that the schema does not allow get 400 with the name of the field',
    async (t) => {
      const wrong: [path: string, body: unknown, detail: string][] = [
        [put, { item, conditionExpresion: 'x' }, 'body has an unknown field "conditionExpresion"'],
        [put, { itm: item }, 'body has an unknown field "itm"'],
        [put, {}, 'body must have the field "item"'],
        ['/v1/batch/write', { requestItems: {} }, 'body/requestItems must not be empty'],
        ['/v1/batch/get', { requestItems: {} }, 'body/requestItems must not be empty'],
        ['/v1/tables/T/scan', { limit: 2 ** 31 }, 'body/limit must be at most 2147483647'],
        [put, { item: 'x' }, 'body/item must be an object'],
        [put, { item: [] }, 'body/item must be an object'],
        [put, { item: null }, 'body must have the field "item"'],
        [put, { item, conditionExpression: 5 }, 'body/conditionExpression must be a string'],
        [
          put,
          { item, returnValues: 'ALL_NEW' },
          'body/returnValues must be one of NONE, ALL_OLD, not "ALL_NEW"',
        ],
        [
          put,
          { item, expressionAttributeNames: { '#a': 1 } },
          'body/expressionAttributeNames/#a must be a string',
        ],
        [put, { item, expressionAttributeValues: ['x'] }, 'body/expressionAttributeValues must be an object'],
        [put, '{"item":{},"__proto__":{"returnValues":"NONE"}}', 'body has an unknown field "__proto__"'],
        [put, '{"item":{},"item":{}}', 'body/item has the name "item" twice'],
        [put, '[]', 'body must be an object'],
        [put, 'null', 'body must be an object'],
        [put, '"x"', 'body must be an object'],
        ['/v1/tables/T/get', { key: item, consistentRead: 'true' }, 'body/consistentRead must be a boolean'],
        ['/v1/tables/T/query', { keyConditionExpression: 'x', limit: '10' }, 'body/limit must be an integer'],
        ['/v1/tables/T/query', { keyConditionExpression: 'x', limit: 0 }, 'body/limit must be at least 1'],
        ['/v1/tables/T/query', { keyConditionExpression: 'x', limit: 1.5 }, 'body/limit must be an integer'],
        ['/v1/tables/T/scan', { scanIndexForward: false }, 'body has an unknown field "scanIndexForward"'],
        [
          '/v1/batch/get',
          { requestItems: { T: { keys: [] } } },
          'body/requestItems/T/keys must not be empty',
        ],
        [
          '/v1/batch/get',
          { requestItems: { T: { keys: item } } },
          'body/requestItems/T/keys must be an array',
        ],
        [
          '/v1/batch/write',
          { requestItems: { T: [{ putRequest: { item }, deleteRequest: { key: item } }] } },
          'body/requestItems/T/0 must have exactly one field',
        ],
        ['/v1/batch/write', { requestItems: { T: [{}] } }, 'body/requestItems/T/0 must not be empty'],
        [
          '/v1/batch/write',
          { requestItems: { T: [{ putRequest: { item } }, { putRequest: { itm: item } }] } },
          'body/requestItems/T/1/putRequest has an unknown field "itm"',
        ],
        [
          '/v1/transact/write',
          { transactItems: [{ put: { tableName: 'T', item, returnValues: 'NONE' } }] },
          'body/transactItems/0/put has an unknown field "returnValues"',
        ],
        [
          '/v1/transact/write',
          { transactItems: [{ conditionCheck: { tableName: 'T', key: item } }] },
          'body/transactItems/0/conditionCheck must have the field "conditionExpression"',
        ],
        [
          '/v1/transact/get',
          { transactItems: [{ put: {} }] },
          'body/transactItems/0 has an unknown field "put"',
        ],
      ]
      for (const [path, body, detail] of wrong) {
        const { status, body: problem } = await service.post(path, body)
        t.equal(status, 400, detail)
        t.match(problem, { code: 'InvalidRequest', detail, retryable: false, instance: path })
      }
    },
  )

  t.test('requests with an unknown query parameter get 400', async (t) => {
    for (const path of [`${put}?dry=1`, '/v1/tables/T/delete?x']) {
      const { status, body } = await service.post(path, path.startsWith(put) ? { item } : { key: item })
      t.equal(status, 400)
      t.match(body, { code: 'InvalidRequest', detail: /^querystring has an unknown field/ })
    }
    t.match((await service.get('/v1/tables?limit=0')).body, { status: 400, detail: /^querystring\/limit/ })
    t.match((await service.get('/v1/tables?limt=1')).body, { status: 400, detail: /unknown field "limt"/ })
  })

  t.test(
    'requests whose body is not valid JSON, UTF-8 or Unicode get 400 with the place of the error',
    async (t) => {
      const wrong: [body: string | Buffer, detail: RegExp][] = [
        ['', /^body must not be empty/],
        [' ', /^body is not valid JSON: expected a value, found the end/],
        [
          '{"item":{"id":"a"}',
          /^body\/item is not valid JSON: expected "," or "}", found the end at character 18/,
        ],
        ['{"item":{"id":tru}}', /^body\/item\/id is not valid JSON: expected a value/],
        ['{"item":{"id":"a"}} x', /^body is not valid JSON: expected the end/],
        ['{"item":{"id":01}}', /^body\/item\/id is not valid JSON/],
        ["{'item':{}}", /^body is not valid JSON/],
        ['{"item":{"id":"\\ud800"}}', /^body\/item\/id has half a surrogate pair/],
        [
          Buffer.from([...Buffer.from('{"item":{"id":"'), 0xff, ...Buffer.from('"}}')]),
          /^body is not valid UTF-8/,
        ],
        [`{"item":{"id":${'['.repeat(1000)}${']'.repeat(1000)}}}`, /is nested deeper than the 32 levels/],
      ]
      for (const [body, detail] of wrong) {
        const { status, body: problem } = await service.request(put, {
          method: 'POST',
          body,
          headers: { 'content-type': DOCUMENT },
        })
        t.equal(status, 400, String(detail))
        t.match(problem, { code: 'InvalidRequest', detail })
      }
    },
  )

  t.test('requests without a body get 400', async (t) => {
    const { status, body } = await service.request(put, { method: 'POST' })
    t.equal(status, 400)
    t.match(body, { code: 'InvalidRequest', detail: 'body must not be empty' })
  })

  t.test('requests with an unsupported Content-Type get 415, with an unsupported Accept 406', async (t) => {
    for (const type of ['text/plain', 'application/xml', `${DOCUMENT}; charset=iso-8859-1`, 'nonsense']) {
      const { status, body } = await service.post(put, { item }, { 'content-type': type })
      t.equal(status, 415, type)
      t.match(body, { code: 'UnsupportedMediaType' })
    }
    for (const type of [`${DOCUMENT};charset=utf-8`, `${DOCUMENT}; charset="UTF-8"`, 'Application/JSON']) {
      t.equal((await service.post(put, { item }, { 'content-type': type })).status, 200, type)
    }
    for (const accept of ['text/html', 'application/xml, text/*', `${DOCUMENT};q=0`]) {
      const { status, headers, body } = await service.post(put, { item }, { accept })
      t.equal(status, 406, accept)
      t.match(headers.get('content-type'), /^application\/problem\+json/)
      t.match(body, { code: 'NotAcceptable' })
    }
    const both = await service.post(put, { item }, { accept: `text/html, ${TYPED};q=0.5, ${DOCUMENT};q=0.4` })
    t.match(both.headers.get('content-type'), TYPED)
  })

  t.test('requests with a Content-Encoding get 415', async (t) => {
    for (const [path, coding] of [
      [put, 'gzip'],
      [`${put.slice(0, -'put'.length)}import`, 'br'],
    ] as const) {
      const { status, body } = await service.post(path, { item }, { 'content-encoding': coding })
      t.equal(status, 415, path)
      t.match(body, { code: 'UnsupportedMediaType', detail: `Content-Encoding: ${coding}` })
    }
    t.equal((await service.post(put, { item }, { 'content-encoding': 'Identity' })).status, 200)
  })

  t.test('requests with a body larger than BODY_LIMIT_BYTES get 413', async (t) => {
    const { status, body } = await service.post(put, { item: { id: 'a'.repeat(100_000) } })
    t.equal(status, 413)
    t.match(body, { code: 'PayloadTooLarge', retryable: false })
  })

  t.test('requests with a body that their route does not take get 400 and do nothing', async (t) => {
    const before = dynamodb.requests.length
    for (const body of ['{"TableName":"Other"}', '{}', '[1]', 'x']) {
      const { status, body: problem } = await service.request('/v1/tables/T', {
        method: 'DELETE',
        body,
        headers: { 'content-type': DOCUMENT },
      })
      t.equal(status, 400, body)
      t.match(problem, { code: 'InvalidRequest', detail: 'body must be empty for this route' })
    }
    t.equal(dynamodb.requests.length, before)
    await service.request('/v1/tables/T', { method: 'DELETE' })
    t.same(dynamodb.requests.at(-1)?.body, { TableName: 'T' })
  })

  t.test(
    'requests with an item larger than any limit are refused before the item is translated as a whole',
    async (t) => {
      const large = await startService(t, {}, dynamodb.endpoint)
      const { status, body } = await large.post(put, `{"item":{"id":"a","l":[${'1,'.repeat(2_000_000)}1]}}`)
      t.equal(status, 400)
      t.match(body, { code: 'InvalidRequest', detail: /^body\/item\/l\/\d+ is larger than any item can be$/ })
    },
  )

  t.test('requests that are long are quoted only in part in an error', async (t) => {
    const { text } = await service.post(put, { ['x'.repeat(50_000)]: 1 })
    t.ok(text.length < 2000)
  })

  t.test('requests to an unknown route get 404 RouteNotFound', async (t) => {
    const nowhere: [method: string, path: string][] = [
      ['POST', '/v1/tables/T/putt'],
      ['POST', '/v1/tables/T/put/'],
      ['GET', '/metrics'],
    ]
    for (const [method, path] of nowhere) {
      const { status, body } = await service.request(path, { method })
      t.equal(status, 404, `${method} ${path}`)
      t.match(body, { code: 'RouteNotFound', instance: path, requestId: String })
    }
  })

  t.test('requests with an unsupported method get 405 MethodNotAllowed', async (t) => {
    for (const method of ['GET', 'PUT']) {
      const { status, body } = await service.request(put, { method })
      t.equal(status, 405, `${method} ${put}`)
      t.match(body, { code: 'MethodNotAllowed', instance: put, requestId: String })
    }
  })

  t.test('requests reach DynamoDB with its own field names, complete and without additions', async (t) => {
    await service.post(
      '/v1/tables/My%20Table/query',
      `{"keyConditionExpression":"a = :a","expressionAttributeValues":{":a":1.0},"expressionAttributeNames":{"#itemCount":"itemCount"},
        "scanIndexForward":false,"limit":5,"exclusiveStartKey":{"someKey":"x"}}`,
    )
    t.same(dynamodb.requests.at(-1)?.body, {
      TableName: 'My Table',
      KeyConditionExpression: 'a = :a',
      ExpressionAttributeValues: { ':a': { N: '1.0' } },
      ExpressionAttributeNames: { '#itemCount': 'itemCount' },
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: { someKey: { S: 'x' } },
    })
    await service.post('/v1/transact/write', { transactItems: [{ put: { tableName: 'T', item } }] })
    t.match(dynamodb.requests.at(-1)?.body, {
      TransactItems: [{ Put: { TableName: 'T', Item: { id: { S: 'a' } } } }],
      ClientRequestToken: /^[0-9a-f-]{36}$/,
    })
  })
})
