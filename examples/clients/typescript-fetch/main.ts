/** What a program does with the client that openapi-typescript and openapi-fetch make. SERVICE_URL is the service's. */
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { components, paths } from './generated/api.js'

type Problem = components['schemas']['Problem']

const baseUrl = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:3000'
const documents = createClient<paths, 'application/json' | 'application/problem+json'>({ baseUrl })
const typed = createClient<paths, 'application/vnd.dynamodb+json' | 'application/problem+json'>({
  baseUrl,
  headers: { 'content-type': 'application/vnd.dynamodb+json' },
})

/** The answer, or the problem as an exception. */
function done<Data>({ data, error }: { data?: Data; error?: Problem }): Data {
  if (error !== undefined) throw new Error(`${error.code}: ${error.detail} (${error.requestId})`)
  assert.ok(data !== undefined)
  return data
}

const table = 'ClientsTypescriptFetch'
const params = { path: { table } }

const created = await documents.POST('/v1/tables', {
  body: {
    tableName: table,
    attributeDefinitions: [
      { attributeName: 'customer', attributeType: 'S' },
      { attributeName: 'placed', attributeType: 'S' },
    ],
    keySchema: [
      { attributeName: 'customer', keyType: 'HASH' },
      { attributeName: 'placed', keyType: 'RANGE' },
    ],
    billingMode: 'PAY_PER_REQUEST',
  },
})
assert.equal(done(created).tableDescription.tableName, table)

const key = { customer: 'ada', placed: '2026-11-02' }
done(
  await documents.POST('/v1/tables/{table}/put', {
    params,
    body: { item: { ...key, amount: 129.95, tags: { $stringSet: ['books'] } } },
  }),
)
const found = done(await documents.POST('/v1/tables/{table}/get', { params, body: { key } }))
assert.deepEqual(found.item, { ...key, amount: 129.95, tags: { $stringSet: ['books'] } })

const updated = done(
  await documents.POST('/v1/tables/{table}/update', {
    params,
    body: {
      key,
      updateExpression: 'SET #s = :shipped',
      expressionAttributeNames: { '#s': 'status' },
      expressionAttributeValues: { ':shipped': 'shipped' },
      returnValues: 'UPDATED_NEW',
    },
  }),
)
assert.deepEqual(updated.attributes, { status: 'shipped' })

// Any number of writes in one batch.
const days = Array.from({ length: 30 }, (_, day) => `2026-12-${String(day + 1).padStart(2, '0')}`)
done(
  await documents.POST('/v1/batch/write', {
    body: {
      requestItems: {
        [table]: days.map((placed) => ({ putRequest: { item: { customer: 'eve', placed } } })),
      },
    },
  }),
)
const some = done(
  await documents.POST('/v1/batch/get', {
    body: {
      requestItems: { [table]: { keys: days.slice(0, 3).map((placed) => ({ customer: 'eve', placed })) } },
    },
  }),
)
assert.equal(some.responses[table]?.length, 3)

// All pages of a query.
const seen: unknown[] = []
let start: components['schemas']['Item'] | undefined
do {
  const page = done(
    await documents.POST('/v1/tables/{table}/query', {
      params,
      body: {
        keyConditionExpression: 'customer = :c',
        expressionAttributeValues: { ':c': 'eve' },
        limit: 7,
        exclusiveStartKey: start,
      },
    }),
  )
  seen.push(...(page.items ?? []).map((item) => item['placed']))
  start = page.lastEvaluatedKey
} while (start !== undefined)
assert.deepEqual(seen, days)

// Digits that no double holds stand as strings in the typed representation.
const digits = '12345678901234567890.12'
const typedKey = { customer: { S: 'grace' }, placed: { S: '2026-11-07' } }
done(
  await typed.POST('/v1/tables/{table}/put', {
    params,
    body: { item: { ...typedKey, amount: { N: digits } } },
  }),
)
const exact = done(await typed.POST('/v1/tables/{table}/get', { params, body: { key: typedKey } }))
assert.equal(exact.item['amount']?.N, digits)

// A transaction that is cancelled says why, entry by entry.
const transaction = await documents.POST('/v1/transact/write', {
  params: { header: { 'idempotency-key': 'clients-typescript-fetch' } },
  body: {
    transactItems: [
      { put: { tableName: table, item: { customer: 'eve', placed: '2027-01-01' } } },
      {
        conditionCheck: {
          tableName: table,
          key,
          conditionExpression: 'amount > :most',
          expressionAttributeValues: { ':most': 1000 },
        },
      },
    ],
  },
})
assert.equal(transaction.error?.code, 'TransactionCanceledException')
assert.deepEqual(
  transaction.error.cancellationReasons?.map(({ code }) => code),
  ['None', 'ConditionalCheckFailed'],
)

// An error, by its code.
const missing = await documents.POST('/v1/tables/{table}/get', {
  params,
  body: { key: { customer: 'nobody', placed: '2026-11-02' } },
})
switch (missing.error?.code) {
  case 'ItemNotFound':
    assert.equal(missing.error.retryable, false)
    break
  default:
    assert.fail(JSON.stringify(missing))
}

done(await documents.DELETE('/v1/tables/{table}', { params }))
