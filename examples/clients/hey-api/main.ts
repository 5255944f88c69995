/** What a program does with the client that @hey-api/openapi-ts makes. SERVICE_URL is the service's. */
import assert from 'node:assert/strict'
import { client } from './generated/client.gen.js'
import {
  batchGetItem,
  batchWriteItem,
  createTable,
  deleteTable,
  getItem,
  putItem,
  query,
  transactWriteItems,
  updateItem,
} from './generated/sdk.gen.js'
import type { Item, Problem, TypedGetItemAnswer } from './generated/types.gen.js'

client.setConfig({ baseUrl: process.env['SERVICE_URL'] ?? 'http://127.0.0.1:3000' })

/** The answer, or the problem as an exception. */
function done<Data>({ data, error }: { data?: Data; error?: Problem }): Data {
  if (error !== undefined) throw new Error(`${error.code}: ${error.detail} (${error.requestId})`)
  assert.ok(data !== undefined)
  return data
}

const table = 'ClientsHeyApi'
const path = { table }

const created = await createTable({
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
done(await putItem({ path, body: { item: { ...key, amount: 129.95, tags: { $stringSet: ['books'] } } } }))
const found = done(await getItem({ path, body: { key } }))
assert.deepEqual(found.item, { ...key, amount: 129.95, tags: { $stringSet: ['books'] } })

const updated = done(
  await updateItem({
    path,
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
  await batchWriteItem({
    body: {
      requestItems: {
        [table]: days.map((placed) => ({ putRequest: { item: { customer: 'eve', placed } } })),
      },
    },
  }),
)
const some = done(
  await batchGetItem({
    body: {
      requestItems: { [table]: { keys: days.slice(0, 3).map((placed) => ({ customer: 'eve', placed })) } },
    },
  }),
)
assert.equal(some.responses[table]?.length, 3)

// All pages of a query.
const seen: unknown[] = []
let start: Item | undefined
do {
  const page = done(
    await query({
      path,
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
const headers = { 'content-type': 'application/vnd.dynamodb+json' }
const typedKey = { customer: { S: 'grace' }, placed: { S: '2026-11-07' } }
done(await putItem({ path, headers, body: { item: { ...typedKey, amount: { N: digits } } } }))
const exact = done(await getItem({ path, headers, body: { key: typedKey } })) as TypedGetItemAnswer
assert.equal(exact.item['amount']?.N, digits)

// A transaction that is cancelled says why, entry by entry.
const transaction = await transactWriteItems({
  headers: { 'idempotency-key': 'clients-hey-api' },
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
const missing = await getItem({ path, body: { key: { customer: 'nobody', placed: '2026-11-02' } } })
switch (missing.error?.code) {
  case 'ItemNotFound':
    assert.equal(missing.error.retryable, false)
    break
  default:
    assert.fail(JSON.stringify(missing))
}

done(await deleteTable({ path }))
