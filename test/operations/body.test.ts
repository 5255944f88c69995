/** Bodies that are refused before anything is sent to DynamoDB, in answers of a bounded size. */
import t from 'tap'
import { ProblemError } from '../../src/problem/problem-error.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { DOCUMENT, NDJSON, startService, TYPED } from '../helpers/service.js'

t.test('bodies that no item can have', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    const table = {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }
    answer(response, operation === 'DescribeTable' ? { Table: table } : {})
  })
  const service = await startService(t, { maxBatchEntries: 200 }, dynamodb.endpoint)
  const writes = () => dynamodb.requests.filter(({ operation }) => operation !== 'DescribeTable').length

  t.test('an item nested 255 levels is refused, and was not sent', async (t) => {
    const document = `{"id":"a","m":${'{"a":'.repeat(255)}1${'}'.repeat(255)}}`
    const typed = `{"id":{"S":"a"},"m":${'{"M":{"a":'.repeat(255)}{"N":"1"}${'}}'.repeat(255)}}`
    const batch = (item: string) =>
      `{"requestItems":{"T":[${`{"putRequest":{"item":${item}}},`.repeat(26)}{"deleteRequest":{"key":{}}}]}}`
    const refused = [
      await service.post('/v1/tables/T/put', `{"item":${document}}`),
      await service.post('/v1/tables/T/put', `{"item":${typed}}`, { 'content-type': TYPED }),
      await service.post('/v1/batch/write', batch(document)),
      await service.post('/v1/batch/write', batch(typed), { 'content-type': TYPED }),
      await service.post('/v1/tables/T/import', `${document}\n`, { 'content-type': NDJSON }),
      await service.post('/v1/tables/T/import', `{"Item":${typed}}\n`, { 'content-type': NDJSON }),
      await service.request('/v1/tables/T/items/a', {
        method: 'PUT',
        body: document,
        headers: { 'content-type': DOCUMENT },
      }),
    ]
    for (const { status, body } of refused) {
      t.equal(status, 400)
      t.match(body, {
        code: 'InvalidRequest',
        maybeApplied: false,
        detail: /nested deeper than the 32 levels/,
      })
    }
    t.equal(writes(), 0)
  })

  t.test('too long a number or expression is refused with the name of its field', async (t) => {
    const number = `1${'0'.repeat(1000)}`
    const fields: [path: string, body: string, detail: RegExp][] = [
      ['put', `{"item":{"n":${number}}}`, /^body\/item\/n is a number of more than 1000 characters/],
      ['put', `{"item":{"n":{"$numberSet":[${number}]}}}`, /^body\/item\/n\/\$numberSet\/0 is a number of/],
      [
        'put',
        `{"item":{},"conditionExpression":"${'a'.repeat(4097)}"}`,
        /^body\/conditionExpression must have/,
      ],
      [
        'update',
        `{"key":{},"updateExpression":"${'a'.repeat(4097)}"}`,
        /^body\/updateExpression must have at most 4096/,
      ],
      [
        'query',
        `{"keyConditionExpression":"${'a'.repeat(4097)}"}`,
        /^body\/keyConditionExpression must have/,
      ],
    ]
    for (const [path, body, detail] of fields) {
      t.match((await service.post(`/v1/tables/T/${path}`, body)).body, { code: 'InvalidRequest', detail })
    }
    const typed = await service.post('/v1/tables/T/put', `{"item":{"n":{"N":"${number}"}}}`, {
      'content-type': TYPED,
    })
    t.match(typed.body, { detail: /^body\/item\/n\/N is a number of more than 1000 characters/ })
    t.equal(writes(), 0)
  })

  t.test('MAX_BATCH_ENTRIES limits the entries of all tables together', async (t) => {
    const keys = (table: string, count: number) =>
      `"${table}":{"keys":[${Array.from({ length: count }, (_, i) => `{"id":"${i}"}`).join(',')}]}`
    const { body } = await service.post(
      '/v1/batch/get',
      `{"requestItems":{${keys('A', 100)},${keys('B', 101)}}}`,
    )
    t.match(body, {
      code: 'InvalidRequest',
      detail:
        'body/requestItems has more than 200 entries (MAX_BATCH_ENTRIES). Split it into several requests',
    })
    t.equal(writes(), 0)
  })

  t.test('two equal keys of a megabyte do not come back', async (t) => {
    const long = 'x'.repeat(1024 * 1024)
    const keys =
      `{"id":"${long}"},`.repeat(2) + Array.from({ length: 99 }, (_, i) => `{"id":"${i}"}`).join(',')
    const { status, text, body } = await service.post(
      '/v1/batch/get',
      `{"requestItems":{"T":{"keys":[${keys}]}}}`,
    )
    t.equal(status, 400)
    t.match(body, {
      code: 'ValidationException',
      detail: /contains duplicates: table T, key \{"id":\{"S":"x/,
    })
    t.ok(text.length < 2000)
    t.equal(writes(), 0)
  })

  t.test('more than ten errors end with "and more"', async (t) => {
    const fields = Array.from({ length: 20 }, (_, i) => `"f${i}":1`).join(',')
    const { body } = await service.post('/v1/tables/T/put', `{${fields}}`)
    t.match(body, { detail: /unknown field "f9"; and more$/ })
  })
})

t.test('a detail is bounded, whatever it quotes, and keeps its end', async (t) => {
  const { message } = new ProblemError('ValidationException', `${'x'.repeat(5_000_000)} Send it again.`)
  t.ok(message.length < 15_000)
  t.ok(message.endsWith('Send it again.'))
})
