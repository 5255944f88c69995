/** `PUT` and `DELETE` of the URL of an item: the body, conditions and lost responses. */
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { put, remove } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

t.test('PUT and DELETE of an item URL', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const pair = await createTable(t, service, { sortKey: true })
  const items = `/v1/tables/${table}/items`
  const pairs = `/v1/tables/${pair}/items`

  t.test('PUT writes the body as the item, and GET returns it', async (t) => {
    const digits =
      '{"amount":12345678901234567890.12,"tags":{"$stringSet":["a","b"]},"deep":{"list":[1,{"x":null}]}}'
    const written = await put(service, `${items}/whole`, digits)
    t.equal(written.status, 201, written.text)
    t.equal(written.text, '')

    const read = await service.get(`${items}/whole`)
    t.equal(read.status, 200)
    t.equal(read.headers.get('content-type'), 'application/json')
    t.equal(
      read.text,
      '{"amount":12345678901234567890.12,"deep":{"list":[1,{"x":null}]},"id":"whole","tags":{"$stringSet":["a","b"]}}',
    )
    const typed = await service.get(`${items}/whole`, { accept: TYPED })
    t.equal(typed.headers.get('content-type'), TYPED)
    t.match(typed.body, {
      id: { S: 'whole' },
      amount: { N: '12345678901234567890.12' },
      tags: { SS: ['a', 'b'] },
    })

    const again = await put(service, `${items}/whole`, '{"id":{"S":"whole"},"n":{"N":"1"}}', {
      'content-type': TYPED,
    })
    t.equal(again.status, 204, again.text)
    t.same((await service.get(`${items}/whole`)).body, { id: 'whole', n: 1 }, 'replaced as a whole')
    const bare = await put(service, `${items}/bare`, '{ }')
    t.equal(bare.status, 201)
    t.same((await service.get(`${items}/bare`)).body, { id: 'bare' })
  })

  t.test('PUT refuses a body whose key differs from the path', async (t) => {
    for (const body of ['{"id":"k","n":1.0,"v":1}', '{"n":10e-1}', '{"id":"\\u006b"}', '{"v":[1],"n":1}']) {
      const { status, text } = await put(service, `${pairs}/k/1`, body)
      t.ok(status === 201 || status === 204, text)
      t.match((await service.get(`${pairs}/k/1`)).body, { id: 'k', n: 1 })
    }
    for (const [body, detail] of [
      ['{"id":"other"}', 'body/id must be the same as params/partitionKey, or be left out'],
      ['{"id":"k","n":2}', 'body/n must be the same as params/sortKey, or be left out'],
      ['{"n":"1"}', 'body/n must be the same as params/sortKey, or be left out'],
      ['{"id":null}', 'body/id must be the same as params/partitionKey, or be left out'],
    ] as const) {
      t.match((await put(service, `${pairs}/k/1`, body)).body, {
        status: 400,
        code: 'InvalidRequest',
        detail,
      })
    }
  })

  t.test('PUT refuses a body that is not an item', async (t) => {
    for (const body of ['', '[]', 'null', '"x"', '{"a":1,"a":2}', '{"v":{"$binary":"?"}}', '{']) {
      t.match((await put(service, `${items}/none`, body)).body, { status: 400, code: 'InvalidRequest' }, body)
    }
    t.match((await service.request(`${items}/none`, { method: 'PUT' })).body, {
      status: 400,
      detail: 'body must not be empty',
    })
    const large = await put(service, `${items}/none`, JSON.stringify({ v: 'x'.repeat(400 * 1024) }))
    t.match(large.body, { status: 400, code: 'ValidationException' })
    const part = await put(service, `${items}/none`, '{}', { 'content-range': 'bytes 0-1/2' })
    t.match(part.body, { status: 400, detail: /^headers\/content-range/ })
    t.equal((await service.get(`${items}/none`)).status, 404)
  })

  t.test(
    'If-Match: * requires the item to exist, and If-None-Match: * requires it not to exist',
    async (t) => {
      const only = `${items}/only`
      const there = { 'if-match': '*' }
      const absent = { 'if-none-match': ' * ' }
      const refused = { status: 412, code: 'ConditionalCheckFailedException', maybeApplied: false }
      t.match((await put(service, only, '{"v":1}', there)).body, refused)
      t.match((await remove(service, only, there)).body, refused)
      t.equal((await put(service, only, '{"v":2}', absent)).status, 201)
      t.match((await put(service, only, '{"v":3}', absent)).body, refused)
      t.same((await service.get(only)).body, { id: 'only', v: 2 })
      t.equal((await put(service, only, '{"v":4}', there)).status, 204)
      t.same((await service.get(only)).body, { id: 'only', v: 4 })
      t.equal((await remove(service, only, there)).status, 204)
      t.equal((await service.get(only)).status, 404)
    },
  )

  t.test('a write with an unsupported condition gets 400 and writes nothing', async (t) => {
    const never = `${items}/never`
    const date = new Date().toUTCString()
    for (const headers of [
      { 'if-match': '"tag"' },
      { 'if-none-match': 'W/"tag"' },
      { 'if-unmodified-since': date },
    ]) {
      const [name = ''] = Object.keys(headers)
      for (const answer of [
        await put(service, never, '{}', headers),
        await remove(service, never, headers),
      ]) {
        t.match(answer.body, { status: 400, code: 'InvalidRequest' })
        t.match(answer.body['detail'], new RegExp(`^headers/${name} .* Use a conditionExpression`))
      }
    }
    for (const answer of [
      await put(service, never, '{}', { 'if-match': '*', 'if-none-match': '*' }),
      await remove(service, never, { 'if-none-match': '*' }),
      await put(service, `${never}?projection=id`, '{}'),
      await remove(service, `${never}?consistentRead=true`),
    ])
      t.match(answer.body, { status: 400, code: 'InvalidRequest' })
    t.equal((await service.get(never)).status, 404)
  })
})

t.test('a PUT or DELETE of an item URL whose response was lost', async (t) => {
  /** Loses the responses to the first `lost` writes; answers later ones with `then`. */
  const start = async (t: Test, lost: number, then: (response: ServerResponse) => void) => {
    const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
      if (operation === 'DescribeTable') {
        answer(response, {
          Table: {
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          },
        })
      } else if (lost-- > 0) response.socket?.resetAndDestroy()
      else then(response)
    })
    const writes = () => dynamodb.requests.filter(({ operation }) => operation !== 'DescribeTable')
    return { service: await startService(t, {}, dynamodb.endpoint), writes }
  }
  const path = '/v1/tables/T/items/a'

  t.test('PUT is retried, and answers 200 if it cannot tell a creation from a replacement', async (t) => {
    const found = { Attributes: { id: { S: 'a' } } }
    const cases: [lost: number, output: object, status: number][] = [
      [0, {}, 201],
      [0, found, 204],
      [1, {}, 201],
      [1, found, 200],
    ]
    for (const [lost, output, status] of cases) {
      const { service, writes } = await start(t, lost, (response) => {
        answer(response, output)
      })
      const written = await put(service, path, '{"v":1}')
      t.equal(written.status, status, `${lost} lost, ${JSON.stringify(output)}`)
      t.equal(written.text, '')
      t.equal(writes().length, lost + 1)
      for (const { body } of writes()) {
        t.same(body, { TableName: 'T', ReturnValues: 'ALL_OLD', Item: { id: { S: 'a' }, v: { N: '1' } } })
      }
    }
  })

  t.test(
    'a conditional write answers 412 with maybeApplied if the retry finds the condition false',
    async (t) => {
      for (const headers of [{ 'if-none-match': '*' }, { 'if-match': '*' }]) {
        const { service, writes } = await start(t, 1, (response) => {
          refuse(response, 400, 'ConditionalCheckFailedException')
        })
        t.match((await put(service, path, '{}', headers)).body, {
          status: 412,
          maybeApplied: true,
          detail: /An earlier attempt was not answered and may have been applied/,
        })
        t.match(writes()[1]?.body, {
          ConditionExpression:
            'if-match' in headers ? 'attribute_exists(#key)' : 'attribute_not_exists(#key)',
          ExpressionAttributeNames: { '#key': 'id' },
        })
      }
    },
  )

  t.test('a write whose retry succeeds answers as if it were applied once', async (t) => {
    const { service } = await start(t, 1, (response) => {
      answer(response, {})
    })
    t.equal((await put(service, path, '{}', { 'if-none-match': '*' })).status, 201)
    for (const headers of [{}, { 'if-match': '*' }] as Record<string, string>[]) {
      const { service: other, writes } = await start(t, 1, (response) => {
        answer(response, {})
      })
      t.equal((await remove(other, path, headers)).status, 204)
      t.equal(writes().length, 2)
    }
  })

  t.test('a write without any response answers 503 with maybeApplied and retryable', async (t) => {
    const { service, writes } = await start(t, Infinity, () => undefined)
    for (const answered of [await put(service, path, '{}'), await remove(service, path)]) {
      t.match(answered.body, { status: 503, maybeApplied: true, retryable: true })
    }
    t.equal(writes().length, 10)
  })
})
