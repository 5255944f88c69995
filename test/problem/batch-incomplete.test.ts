/** BatchIncomplete: the unprocessed entries that its problem lists. */
import t from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { startService, TYPED } from '../helpers/service.js'

t.test(
  'an incomplete batch lists its unprocessed entries in the representation of the response',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (received, response) => {
      const requestItems = received.body['RequestItems'] as Record<string, unknown>
      const left = received.operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems'
      answer(response, { [left]: requestItems, ...(left === 'UnprocessedKeys' && { Responses: {} }) })
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    const requestItems = '{"T":[{"putRequest":{"item":{"n":1.50,"b":{"$binary":"AA=="}}}}]}'
    const written = await service.post('/v1/batch/write', `{"requestItems":${requestItems}}`)
    t.equal(written.status, 503)
    t.match(written.body, { code: 'BatchIncomplete', retryable: true })
    t.ok(written.text.includes(`"unprocessedItems":${requestItems}`), 'the list can be sent again as is')
    t.equal(written.headers.get('retry-after'), '1')

    const keys = { T: { keys: [{ id: { S: 'a' } }], consistentRead: true } }
    const read = await service.post(
      '/v1/batch/get',
      { requestItems: keys },
      { 'content-type': TYPED, accept: TYPED },
    )
    t.match(read.body, { code: 'BatchIncomplete', responses: { T: [] }, unprocessedKeys: keys })

    const failed = service.log.filter(({ status }) => status === 503)
    t.equal(failed.length, 2)
    t.notMatch(JSON.stringify(failed), /1\.50|AA==/, 'callers’ data is not logged')
  },
)

t.test('an incomplete batch lists its unprocessed keys even if the found items cannot be read', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    answer(response, { Responses: { T: [{ a: { X: 1 } }] }, UnprocessedKeys: received.body['RequestItems'] })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const keys = { T: { keys: [{ id: 'a' }] } }
  const { body } = await service.post('/v1/batch/get', { requestItems: keys })
  t.match(body, { status: 503, code: 'BatchIncomplete', unprocessedKeys: keys })
  t.notOk('responses' in body)
})

t.test('a batch that ends early is BatchIncomplete, whatever the cause', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const requestItems = { T: [{ putRequest: { item: { id: 'a' } } }] }
  const { body } = await service.post('/v1/batch/write', { requestItems })
  t.match(body, { status: 503, code: 'BatchIncomplete', attempts: 5, unprocessedItems: requestItems })
})

t.test('a batch that DynamoDB throttles has its reasons', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    const reasons = [
      { reason: 'TableWriteProvisionedThroughputExceeded', resource: 'arn:aws:dynamodb:x:1:table/T' },
    ]
    const members = { ThrottlingReasons: reasons }
    refuse(response, 400, 'ProvisionedThroughputExceededException', undefined, { members })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const throttlingReasons = [{ reason: 'TableWriteProvisionedThroughputExceeded', resource: 'table/T' }]
  const requestItems = { T: [{ putRequest: { item: { id: 'a' } } }] }
  t.match((await service.post('/v1/batch/write', { requestItems })).body, {
    code: 'BatchIncomplete',
    unprocessedItems: requestItems,
    throttlingReasons,
  })
})

t.test('the detail of an incomplete batch gives one piece of advice that fits its entries', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, () => undefined)
  const service = await startService(t, {}, dynamodb.endpoint)
  const read = async (ids: string[]) => {
    const keys = ids.map((id) => ({ id }))
    const { body } = await service.post('/v1/batch/get', { requestItems: { T: { keys } } })
    return body['detail']
  }
  const write = async (ids: string[]) => {
    const T = ids.map((id) => ({ putRequest: { item: { id } } }))
    const { body } = await service.post('/v1/batch/write', { requestItems: { T } })
    return body['detail']
  }

  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'ThrottlingException')
  }
  t.equal(
    await read(['a']),
    '1 entry of the batch was not read; see unprocessedKeys. Send only the listed entry again.',
  )
  t.equal(
    await read(['a', 'b']),
    '2 entries of the batch were not read; see unprocessedKeys. Send only the listed entries again.',
  )
  dynamodb.behave = (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  }
  t.equal(
    await write(['a', 'b']),
    '2 entries of the batch are not confirmed; see unprocessedItems. Some of them may have been applied. Send only the listed entries again.',
  )
  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'ValidationException', 'The item is too large.')
  }
  t.equal(
    await write(['a']),
    'The item is too large. 1 entry of the batch is not confirmed; see unprocessedItems. Correct what was refused. Send only the listed entry again.',
  )
  dynamodb.behave = (_received, response) => {
    refuse(response, 400, 'AccessDeniedException')
  }
  t.match(await write(['a']), /in the log\. 1 entry of the batch is not confirmed; see unprocessedItems\.$/)
  dynamodb.behave = (_received, response) => {
    answer(response, 'no JSON')
  }
  t.match(
    await read(['a']),
    /malformed response\. 1 entry .* unprocessedKeys\. Send only the listed entry again\.$/,
  )
})
