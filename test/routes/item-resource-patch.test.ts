/** `PATCH` of an item URL: a JSON Merge Patch (RFC 7396). */
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { put, remove } from '../helpers/item-resource.js'
import { createTable, needsDynamoDB, type Service, startService, TYPED } from '../helpers/service.js'

const MERGE_PATCH = 'application/merge-patch+json'

const patch = (service: Service, path: string, body: unknown, headers: Record<string, string> = {}) =>
  service.request(path, {
    method: 'PATCH',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': MERGE_PATCH, ...headers },
  })

t.test('PATCH of an item URL', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const pair = await createTable(t, service, { sortKey: true })
  const items = `/v1/tables/${table}/items`

  t.test('merges as the examples of RFC 7396, appendix A', async (t) => {
    // Those that apply: the target and the patch are objects. Null is a value of DynamoDB, so it stays where it was.
    const examples: readonly (readonly [original: object, patch: object, result: object])[] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [{ x: ['a', 'b'] }, { x: { a: 'b', c: null } }, { x: { a: 'b' } }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
      // More: nulls within lists stay, an empty object makes a map, and an empty patch changes nothing.
      [{ a: 1 }, { a: [null, { b: null }] }, { a: [null, { b: null }] }],
      [{ a: 1 }, { a: {} }, { a: {} }],
      [{ a: { b: 1 } }, { a: {} }, { a: { b: 1 } }],
      [
        { a: { b: { c: 1 } } },
        { a: { b: { d: 2 }, e: { f: 3 } } },
        { a: { b: { c: 1, d: 2 }, e: { f: 3 } } },
      ],
      [{ a: { b: 1 } }, { a: { b: { c: 2 } } }, { a: { b: { c: 2 } } }],
      [{ a: 1 }, {}, { a: 1 }],
      [
        { 'a.b': { 'c[0]': 1, size: 2 } },
        { 'a.b': { 'c[0]': 3, $: 4 } },
        { 'a.b': { 'c[0]': 3, size: 2, $: 4 } },
      ],
      [
        { a: { $stringSet: ['x'] } },
        { a: { $map: { $stringSet: 'y' } } },
        { a: { $map: { $stringSet: 'y' } } },
      ],
      [{ a: { b: 1 } }, { a: { $stringSet: ['x'] } }, { a: { $stringSet: ['x'] } }],
    ]
    for (const [index, [original, change, result]] of examples.entries()) {
      const url = `${items}/rfc-${index}`
      await put(service, url, JSON.stringify(original))
      const { status, body, text } = await patch(service, url, change)
      const name = `${JSON.stringify(original)} and ${JSON.stringify(change)}`
      t.equal(status, 200, `${name}: ${text}`)
      t.strictSame(body, { ...sorted({ ...result, id: `rfc-${index}` }) }, name)
      t.equal((await service.get(`${url}?consistentRead=true`)).text, text, name)
    }
  })

  t.test('creates an item that does not exist, without the nulls', async (t) => {
    const url = `${items}/new`
    const created = await patch(
      service,
      url,
      '{"n":12345678901234567890.12,"m":{"a":null,"b":{"c":null}},"x":null}',
    )
    t.equal(created.status, 201)
    t.equal(created.text, '{"id":"new","m":{"b":{}},"n":12345678901234567890.12}')
    const bare = await patch(service, `${items}/bare`, '{}')
    t.equal(bare.status, 201)
    t.equal(bare.text, '{"id":"bare"}')
    const two = await patch(service, `/v1/tables/${pair}/items/k/1`, { v: 1 })
    t.equal(two.status, 201)
    t.equal(two.text, '{"id":"k","n":1,"v":1}')
  })

  t.test('the key may be left out, and cannot change', async (t) => {
    const url = `/v1/tables/${pair}/items/k/2`
    t.equal((await patch(service, url, '{"id":"k","n":2.0,"v":1}')).text, '{"id":"k","n":2,"v":1}')
    for (const [body, detail] of [
      ['{"id":"other"}', /^body\/id must be the same as params\/partitionKey, or be left out/],
      ['{"n":null}', /^body\/n must be the same as params\/sortKey, or be left out/],
      ['{"n":{"v":2}}', /^body\/n must be the same/],
      ['{"n":"2"}', /^body\/n must be the same/],
    ] as const) {
      t.match((await patch(service, url, body)).body, { status: 400, code: 'InvalidRequest', detail })
    }
  })

  t.test('If-Match: * changes only what exists, and If-None-Match: * only creates', async (t) => {
    const url = `${items}/only`
    const there = { 'if-match': '*' }
    const absent = { 'if-none-match': '*' }
    const refused = {
      status: 412,
      code: 'ConditionalCheckFailedException',
      maybeApplied: false,
      item: undefined,
    }
    t.match((await patch(service, url, { m: { a: 1 } }, there)).body, refused)
    t.equal((await service.get(url)).status, 404)
    t.equal((await patch(service, url, { m: 1 }, absent)).status, 201)
    t.match((await patch(service, url, { m: 2 }, absent)).body, refused)
    t.equal((await patch(service, url, { m: { a: 1 } }, there)).text, '{"id":"only","m":{"a":1}}')
    for (const headers of [{ 'if-match': '"tag"' }, { ...there, ...absent }, { 'idempotency-key': 'k' }]) {
      t.match((await patch(service, url, {}, headers)).body, { status: 400, code: 'InvalidRequest' })
    }
  })

  t.test('refuses a patch that is not an object', async (t) => {
    for (const body of ['', '[]', 'null', '"x"', '1', '{"a":1,"a":2}', '{"v":{"$binary":null}}', '{']) {
      t.match(
        (await patch(service, `${items}/none`, body)).body,
        { status: 400, code: 'InvalidRequest' },
        body,
      )
    }
    t.equal((await service.get(`${items}/none`)).status, 404)
  })

  t.test('another media type gets 415 with Accept-Patch', async (t) => {
    for (const type of ['application/json', TYPED, 'application/json-patch+json']) {
      const { status, headers, body } = await patch(service, `${items}/x`, {}, { 'content-type': type })
      t.equal(status, 415)
      t.equal(headers.get('accept-patch'), MERGE_PATCH)
      t.match(body['detail'], /^Content-Type must be application\/merge-patch\+json\./)
    }
    const charset = { 'content-type': 'Application/Merge-Patch+JSON; charset=utf-8' }
    t.equal((await patch(service, `${items}/x`, {}, charset)).status, 201)
  })

  t.test('the answer is typed if Accept asks for it', async (t) => {
    const { status, headers, text } = await patch(service, `${items}/typed`, '{"n":1.5}', { accept: TYPED })
    t.equal(status, 201)
    t.equal(headers.get('content-type'), TYPED)
    t.equal(text, '{"id":{"S":"typed"},"n":{"N":"1.5"}}')
    t.equal((await patch(service, `${items}/typed`, '{}', { accept: 'text/html' })).status, 406)
  })

  t.test('a patch that is too long for one expression reads the item and compares', async (t) => {
    const url = `${items}/long`
    const fields = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`field-${n}`, n]))
    t.equal((await patch(service, url, { m: fields }, { 'if-match': '*' })).status, 412)
    t.equal((await service.get(url)).status, 404)
    t.equal((await patch(service, url, { m: { 'field-0': 'old', kept: true }, n: 1 })).status, 201)
    const { status, body } = await patch(service, url, { m: { ...fields, 'field-1': null }, n: { deep: {} } })
    t.equal(status, 200)
    const kept = Object.entries(fields).filter(([name]) => name !== 'field-1')
    t.strictSame(body['m'], { kept: true, ...sorted(Object.fromEntries(kept)) })
    t.strictSame(body['n'], { deep: {} })
    t.match((await patch(service, url, fields)).body, {
      status: 400,
      code: 'InvalidRequest',
      detail: /^body has 900 attributes, more than one update/,
    })
    const maps = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`m${n}`, { a: n }]))
    t.match(await patch(service, `${items}/maps`, maps), { status: 201 })
    t.match(await patch(service, `${items}/maps`, maps), { status: 200 })
    t.equal((await patch(service, `${items}/large`, { v: 'x'.repeat(500_000) })).status, 400)
  })

  const WRITERS = 16
  const ROUNDS = 5
  for (const [name, setUp, patchOf] of [
    ['in maps that exist', '{"m":{"deep":{}}}', (field: string) => ({ m: { deep: { [field]: 1 } } })],
    ['in an item without the maps', '{"m":1}', (field: string) => ({ m: { deep: { [field]: 1 } } })],
    ['in no item yet', undefined, (field: string) => ({ m: { deep: { [field]: 1 } } })],
  ] as const) {
    t.test(`16 writers at once, each to its own field, lose no field: ${name}`, async (t) => {
      for (let round = 0; round < ROUNDS; round++) {
        const url = `${items}/writers`
        await remove(service, url)
        if (setUp !== undefined) await put(service, url, setUp)
        const fields = Array.from({ length: WRITERS }, (_, n) => `field-${n}`)
        const answers = await Promise.all(fields.map((field) => patch(service, url, patchOf(field))))
        const statuses = answers.map(({ status }) => status)
        t.equal(statuses.filter((status) => status === 200).length, WRITERS - (setUp === undefined ? 1 : 0))
        const { body } = await service.get(`${url}?consistentRead=true`)
        const { deep } = body['m'] as { deep: object }
        t.strictSame(Object.keys(deep).sort(), fields.sort())
      }
    })
  }

  t.test('writers of patches that have to compare lose no field either', async (t) => {
    const url = `${items}/comparing`
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`f${n}`, 0]))
    await put(service, url, '{"m":{}}')
    const write = async (n: number) => {
      for (let tries = 0; tries < 50; tries++) {
        const { status, body } = await patch(service, url, { m: { ...many, [`own-${n}`]: n } })
        if (status === 200) return
        t.match(body, { status: 409, code: 'WriteConflict', retryable: true, maybeApplied: false })
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, n) => write(n)))
    const { body } = await service.get(`${url}?consistentRead=true`)
    t.match(body['m'], Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`own-${n}`, n])))
  })
})

/** As the service returns it: attributes in the order of their names. */
function sorted(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

t.test('PATCH in front of a DynamoDB that fails', async (t) => {
  const table = {
    Table: {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    },
  }
  const start = async (behave: Behavior, policy?: object) => {
    let updates = 0
    const dynamodb = await startFakeDynamoDB(t, (received, response) => {
      if (received.operation === 'DescribeTable') answer(response, table)
      else behave(received, response, ++updates)
    })
    const service = await startService(t, {}, dynamodb.endpoint, policy)
    return { service, updates: () => dynamodb.requests.filter(({ operation }) => operation === 'UpdateItem') }
  }
  const url = '/v1/tables/T/items/a'
  const Attributes = { id: { S: 'a' }, n: { N: '1' } }

  await t.test('is one conditional UpdateItem, which is repeated after a lost answer', async (t) => {
    const { service, updates } = await start((_received, response, number) => {
      if (number === 1) response.socket?.destroy()
      else answer(response, { Attributes })
    })
    t.match(await patch(service, url, { n: 1, m: { a: { b: 'x' }, c: null } }), { status: 200 })
    t.equal(updates().length, 2)
    t.same(updates()[0]?.body, {
      TableName: 'T',
      Key: { id: { S: 'a' } },
      UpdateExpression: 'SET #1=:0,#2.#3.#4=:1 REMOVE #2.#5',
      ConditionExpression: 'attribute_exists(#0) AND attribute_type(#2.#3,:map)',
      ExpressionAttributeNames: { '#0': 'id', '#1': 'n', '#2': 'm', '#3': 'a', '#4': 'b', '#5': 'c' },
      ExpressionAttributeValues: { ':0': { N: '1' }, ':1': { S: 'x' }, ':map': { S: 'M' } },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
  })

  await t.test('gives up after five conflicts, and says whether it may have been applied', async (t) => {
    const { service, updates } = await start((_received, response, number) => {
      if (number === 2) response.socket?.destroy()
      else refuse(response, 400, 'ConditionalCheckFailedException')
    })
    t.match((await patch(service, url, { n: 1 })).body, {
      status: 409,
      code: 'WriteConflict',
      retryable: true,
      maybeApplied: true,
      detail: /An earlier attempt was not answered and may have been applied/,
    })
    t.equal(updates().length, 6)
  })

  await t.test('keeps in mind that an earlier update may have been applied', async (t) => {
    const { service } = await start((_received, response, number) => {
      if (number === 1) response.socket?.destroy()
      else if (number === 2) refuse(response, 400, 'ConditionalCheckFailedException')
      else refuse(response, 400, 'ValidationException')
    })
    t.match((await patch(service, url, { n: 1 })).body, { status: 400, maybeApplied: true })
    const lost = await start((_received, response) => response.socket?.destroy())
    t.match((await patch(lost.service, url, { n: 1 })).body, {
      status: 503,
      retryable: true,
      maybeApplied: true,
    })
  })

  await t.test('takes the rights to update and to read, since the answer is the item', async (t) => {
    const writer = keyHolder('writer', ['writer'])
    const both = keyHolder('both', ['writer', 'reader'])
    const reader = keyHolder('reader', ['reader'])
    const { service } = await start(
      (_received, response) => {
        answer(response, { Attributes })
      },
      {
        roles: {
          writer: [{ tables: ['T'], actions: ['UpdateItem'] }],
          reader: [{ tables: ['T'], actions: ['read'] }],
        },
        keys: [writer.entry, both.entry, reader.entry],
      },
    )
    t.equal((await patch(service, url, { n: 1 }, both.headers)).status, 200)
    t.equal((await patch(service, url, { n: 1 }, writer.headers)).status, 403)
    t.equal((await patch(service, url, { n: 1 }, reader.headers)).status, 403)
  })
})
