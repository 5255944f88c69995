/** No request takes time in the square of its size. Each body here did once, or is of a kind that could. */
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'
import { DOCUMENT, NDJSON, startService, TYPED } from '../helpers/service.js'

/** A request whose size grows with `n`. */
interface Growing {
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly type?: string
  readonly body: (n: number) => string
}

const keys = (key: string) => `{"requestItems":{"T":{"keys":[${`${key},`.repeat(100)}${key}]}}}`
const put = '/v1/tables/T/put'
const zeros = (n: number) => `1${'0'.repeat(n)}1`

const requests: readonly Growing[] = [
  ...['1', '0.', '-', ''].flatMap((start): Growing[] => [
    {
      name: `a number that starts with "${start}"`,
      path: put,
      type: TYPED,
      body: (n) => `{"item":{"id":{"N":"${start}${zeros(n)}"}}}`,
    },
    { name: `a set of it`, path: put, body: (n) => `{"item":{"id":{"$numberSet":[${start}${zeros(n)}]}}}` },
  ]),
  {
    name: 'a number among 101 keys',
    path: '/v1/batch/get',
    body: (n) => keys('{"id":"a"}').replace('"a"', zeros(n)),
  },
  {
    name: 'a number among the keys of 26 writes',
    path: '/v1/batch/write',
    type: TYPED,
    body: (n) =>
      `{"requestItems":{"T":[${Array.from({ length: 26 }, (_, i) => `{"deleteRequest":{"key":{"id":{"N":"${i}${i === 9 ? zeros(n) : ''}"}}}}`).join(',')}]}}`,
  },
  {
    name: 'a number in an import',
    path: '/v1/tables/T/import',
    type: NDJSON,
    body: (n) => `{"id":"a"}\n{"id":${zeros(n)}}\n`,
  },
  {
    name: 'a number at the URL of an item',
    method: 'PUT',
    path: '/v1/tables/T/items/5',
    body: (n) => `{"id":${zeros(n)}}`,
  },
  ...[',', '(,', 'a,', ')(', 'SET ', 'SET a=:a,', 'a.', ' ', '#'].map((part) => ({
    name: `an update expression of "${part}"`,
    path: '/v1/tables/T/update',
    body: (n: number) =>
      JSON.stringify({ key: { id: 'a' }, updateExpression: `SET a = :a${part.repeat(n / part.length)}` }),
  })),
  ...['conditionExpression', 'expressionAttributeNames', 'returnValues', 'foo'].flatMap((field) =>
    ['[', '{"a":', '[{},', '{"a":[],', '"\\u0061'].map((part) => ({
      name: `${field} of ${part}`,
      path: put,
      body: (n: number) => `{"item":{},"${field}":${part.repeat(n / part.length)}`,
    })),
  ),
  ...['{"$map":', '{"$binary":', '[{"$map":1},', '{"$x":[],"a":', '[[],', '"\\u0061\\', '{"\\u0024map":'].map(
    (part) => ({
      name: `an item of ${part}`,
      path: put,
      body: (n: number) => `{"item":{"a":${part.repeat(n / part.length)}}}`,
    }),
  ),
  {
    name: 'an item of many names',
    path: put,
    body: (n) => `{"item":{${Array.from({ length: n / 10 }, (_, i) => `"n${i}":${i}`).join(',')}}}`,
  },
  {
    name: 'many unknown fields',
    path: put,
    body: (n) => `{${Array.from({ length: n / 10 }, (_, i) => `"n${i}":${i}`).join(',')}}`,
  },
  {
    name: 'many entries that are not items',
    path: '/v1/batch/get',
    body: (n) => `{"requestItems":{"T":{"keys":[${'5,'.repeat(n / 2)}5]}}}`,
  },
  {
    name: 'many tables',
    path: '/v1/batch/write',
    body: (n) => `{"requestItems":{${Array.from({ length: n / 10 }, (_, i) => `"t${i}":[]`).join(',')}}}`,
  },
  {
    name: 'many entries of a transaction',
    path: '/v1/transact/write',
    body: (n) => `{"transactItems":[${'{},'.repeat(n / 3)}{}]}`,
  },
  {
    name: 'many tags of a table',
    path: '/v1/tables',
    body: (n) => `{"tags":[${'{},'.repeat(n / 3)}{}]}`,
  },
  ...['/v1/tables/T/get', '/v1/tables/T/delete', '/v1/tables/T/query', '/v1/tables/T/scan'].map((path) => ({
    name: `two equal long names, ${path}`,
    path,
    body: (n: number) =>
      `{"key":{"${'x'.repeat(n / 2)}":1,"${'x'.repeat(n / 2)}":1},"exclusiveStartKey":{"${'x'.repeat(n)}":[]}}`,
  })),
]

/** The length of a short body in bytes. A long one takes seconds, if the time is in the square of it. */
const SHORT = 25_000

const answers: Readonly<Record<string, object>> = {
  DescribeTable: {
    Table: {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
    },
  },
  BatchGetItem: { Responses: {} },
  Query: { Items: [], Count: 0, ScannedCount: 0 },
  Scan: { Items: [], Count: 0, ScannedCount: 0 },
}

t.test('no body takes time in the square of its size', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, answers[operation] ?? {})
  })
  const service = await startService(t, { maxAttempts: 1 }, dynamodb.endpoint)

  for (const { name, method = 'POST', path, type = DOCUMENT, body } of requests) {
    const headers = { 'content-type': type }
    const grown = await growth((n) => service.request(path, { method, body: body(n), headers }), SHORT)
    t.ok(grown < TOO_MUCH, `${name}: ${grown.toFixed(1)}`)
  }
})
