/** Errors that say what is right: the key of the table, similar names, reserved words, and values with types. */
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { createTableOf } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('an error of DynamoDB ends with what is right', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTableOf(t, service, { customer: 'S', placed: 'N' })
  const indexed = await createTable(t, service, { index: true })
  const post = (operation: string, body: object, headers = {}, of = table) =>
    service.post(`/v1/tables/${of}/${operation}`, body, headers)
  const key = { customer: 'ada', placed: 1 }
  const set = (values: object) => ({
    key,
    updateExpression: 'ADD points :n',
    expressionAttributeValues: values,
  })

  t.test('a wrong key names the attributes of the key and their types', async (t) => {
    for (const [operation, body] of [
      ['get', { key: { customer: 'ada' } }],
      ['get', { key: { ...key, more: 1 } }],
      ['get', { key: { customer: 'ada', placed: 'one' } }],
      ['delete', { key: { id: 'ada' } }],
      ['update', { ...set({ ':n': 1 }), key: { customer: 1, placed: 1 } }],
      ['put', { item: { customer: 'ada' } }],
      ['put', { item: { customer: 'ada', placed: '1' } }],
      ['query', { keyConditionExpression: 'id = :i', expressionAttributeValues: { ':i': 'a' } }],
    ] as const) {
      const { body: problem } = await post(operation, body)
      t.match(problem, {
        status: 400,
        code: 'ValidationException',
        detail: /\. The key of the table is "customer" \(S\) and "placed" \(N\)\.$/,
      })
    }
    const { body } = await post(
      'query',
      { indexName: 'byColor', keyConditionExpression: 'id = :i', expressionAttributeValues: { ':i': 'a' } },
      {},
      indexed,
    )
    t.match(body['detail'], /The key of the index is "color" \(S\)\.$/)
    const withKey = await post('put', { item: { customer: 'ada' } }, { 'idempotency-key': 'hint' })
    t.match(withKey.body['detail'], /The key of the table is "customer" \(S\) and "placed" \(N\)\.$/)
  })

  t.test('a reserved word says to use a placeholder', async (t) => {
    const { body } = await post('update', {
      key,
      updateExpression: 'SET status = :s',
      expressionAttributeValues: { ':s': 'open' },
    })
    t.match(body, {
      status: 400,
      code: 'ValidationException',
      detail: /Write #status instead of status, and add "expressionAttributeNames": {"#status":"status"}\.$/,
    })
  })

  t.test('a value with a type in a document is explained, once DynamoDB has refused it', async (t) => {
    const hint = /The value of ":n" is written with DynamoDB’s type, {"N": …}.*vnd\.dynamodb\+json\.$/
    t.match((await post('update', set({ ':n': { N: '1' } }))).body, { status: 400, detail: hint })
    t.match((await post('get', { key: { customer: { S: 'ada' }, placed: { N: '1' } } })).body, {
      status: 400,
      detail: /The key of the table is .*The value of "customer" is written with DynamoDB’s type, {"S": …}/,
    })
    const typed = { customer: { S: 'ada' }, placed: { N: '1' } }
    const inTypes = { ...set({ ':n': { M: { N: { S: '1' } } } }), key: typed }
    t.notMatch((await post('update', inTypes, { 'content-type': TYPED })).body['detail'], /written with/)
    const legal = { item: { ...key, size: { S: 'small' } } }
    t.equal((await post('put', legal)).status, 200, 'it is a map like any other')
    t.notMatch((await post('update', set({ ':n': { a: '1' } }))).body['detail'], /written with/)
  })

  t.test('an unknown field asks for the one that was meant', async (t) => {
    for (const [path, body, meant] of [
      ['/v1/transact/write', { transactItems: [{ put: { TableName: table, item: {} } }] }, 'tableName'],
      [`/v1/tables/${table}/put`, { Item: {} }, 'item'],
      [`/v1/tables/${table}/update`, { updateExpresion: 'x' }, 'updateExpression'],
      [`/v1/tables/${table}/query`, { KeyConditionExpression: 'x' }, 'keyConditionExpression'],
    ] as const) {
      const { body: problem } = await service.post(path, body)
      t.match(problem['detail'], new RegExp(`\\(did you mean "${meant}"\\?\\)`))
    }
    const { body } = await service.get('/v1/tables?Limit=1')
    t.match(body['detail'], /^querystring has an unknown field "Limit" \(did you mean "limit"\?\)/)
    t.notMatch((await post('put', { quantity: 1 })).body['detail'], /did you mean/)
  })

  t.test('a table that does not exist names similar ones', async (t) => {
    await createTable(t, service, { tableName: 'Hints-orders' })
    for (const [path, body] of [
      ['/v1/tables/hints-order/get', { key: { id: 'a' } }],
      ['/v1/tables/HINTS-ORDERS/scan', {}],
      ['/v1/tables/Hints-orders-test/put', { item: { id: 'a' } }],
    ] as const) {
      const { body: problem } = await service.post(path, body)
      t.match(problem, {
        status: 404,
        detail: /Did you mean Hints-orders\? GET \/v1\/tables lists the tables\.$/,
      })
    }
    t.match(
      (await service.get('/v1/tables/Hints-order/items/a')).body['detail'],
      /Did you mean Hints-orders\?/,
    )
    t.notMatch((await post('get', { key }, {}, 'Nothing-like-it')).body['detail'], /Did you mean/)
  })
})

t.test('a caller learns of similar tables only what its grants allow', async (t) => {
  const some = keyHolder('some', ['some'])
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'ListTables') answer(response, { TableNames: ['Orders', 'Orderz'] })
    else refuse(response, 400, 'ResourceNotFoundException', 'Requested resource not found')
  })
  const policy = {
    roles: { some: [{ tables: ['Order', 'Orderz'], actions: ['read'] }] },
    keys: [some.entry],
  }
  const service = await startService(t, {}, dynamodb.endpoint, policy)
  const get = () => service.post('/v1/tables/Order/get', { key: { id: 'a' } }, some.headers)
  t.match((await get()).body['detail'], /Did you mean Orderz\? GET/)
  await Promise.all([get(), get(), get()])
  const listed = dynamodb.requests.filter(({ operation }) => operation === 'ListTables')
  t.equal(listed.length, 1, 'the names are kept for a few seconds')
})

t.test('a hint that cannot be had changes nothing', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'GetItem')
      refuse(response, 400, 'ResourceNotFoundException', 'Requested resource not found')
    else if (operation === 'PutItem')
      refuse(response, 400, 'ValidationException', 'Missing the key id in the item')
    else refuse(response, 400, 'AccessDeniedException')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  t.match((await service.post('/v1/tables/T/get', { key: { id: 'a' } })).body, {
    status: 404,
    detail: 'Requested resource not found. Check the name; GET /v1/tables lists the tables.',
  })
  t.match((await service.post('/v1/tables/T/put', { item: { a: 1 } })).body, {
    status: 400,
    detail: 'Missing the key id in the item',
  })
})

t.test('throttling tells its reasons, without the AWS account', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    const name = operation === 'PutItem' ? 'ProvisionedThroughputExceededException' : 'ThrottlingException'
    refuse(response, 400, name, 'Too much', {
      members: {
        [operation === 'PutItem' ? 'ThrottlingReasons' : 'throttlingReasons']: [
          {
            reason: 'TableWriteProvisionedThroughputExceeded',
            resource: 'arn:aws:dynamodb:eu-central-1:123456789012:table/T',
          },
        ],
      },
    })
  })
  const service = await startService(t, { maxAttempts: 1 }, dynamodb.endpoint)
  for (const [operation, body] of [
    ['put', { item: { id: 'a' } }],
    ['get', { key: { id: 'a' } }],
  ] as const) {
    const { body: problem, text } = await service.post(`/v1/tables/T/${operation}`, body)
    t.match(problem, {
      status: 429,
      throttlingReasons: [{ reason: 'TableWriteProvisionedThroughputExceeded', resource: 'table/T' }],
    })
    t.notMatch(text, /123456789012/)
  }
})
