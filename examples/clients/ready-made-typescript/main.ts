/**
 * A program that uses the ready-made client. SERVICE_URL is the address of the service, SERVICE_KEY the API key, if it
 * needs one.
 */
import assert from 'node:assert/strict'
import { createClient, NotFoundError, TransactionCanceledError } from 'dynamodb-storage-client'

const options = {
  baseUrl: process.env['SERVICE_URL'] ?? 'http://127.0.0.1:3000',
  apiKey: process.env['SERVICE_KEY'],
}
const client = createClient(options)
const table = 'ClientsReadyMadeTypescript'

const created = await client.createTable({
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
})
assert.equal(created.tableDescription.tableName, table)

const key = { customer: 'ada', placed: '2026-11-02' }
const order = { ...key, amount: 129.95, tags: { $stringSet: ['books'] } }
await client.putItem(table, { item: order })
assert.deepEqual((await client.getItem(table, { key })).item, order)
assert.deepEqual(await client.readItemWithSortKey(table, 'ada', '2026-11-02', { projection: 'amount' }), {
  amount: 129.95,
})

// With a key the update is applied once, however often it is sent, so the client retries it after a lost answer.
await client.updateItem(
  table,
  { key, updateExpression: 'ADD visits :one', expressionAttributeValues: { ':one': 1 } },
  { idempotencyKey: 'clients-ready-made-typescript' },
)

// A batch of any number of writes.
const days = Array.from({ length: 30 }, (_, day) => `2026-12-${String(day + 1).padStart(2, '0')}`)
await client.batchWriteItem({
  requestItems: { [table]: days.map((placed) => ({ putRequest: { item: { customer: 'eve', placed } } })) },
})

// In the typed representation numbers are strings, so every digit survives.
const typed = createClient({ ...options, representation: 'typed' })
const digits = '12345678901234567890.12'
const typedKey = { customer: { S: 'grace' }, placed: { S: '2026-11-07' } }
await typed.putItem(table, { item: { ...typedKey, amount: { N: digits } } })
assert.equal((await typed.getItem(table, { key: typedKey })).item['amount']?.N, digits)

// Errors have classes; the exact code is beside them.
try {
  await client.transactWriteItems(
    { transactItems: [{ conditionCheck: { tableName: table, key, conditionExpression: 'amount > price' } }] },
    { idempotencyKey: 'clients-ready-made-typescript-2' },
  )
  assert.fail('the transaction was not canceled')
} catch (error) {
  assert.ok(error instanceof TransactionCanceledError)
  assert.equal(error.problem?.cancellationReasons?.[0]?.code, 'ConditionalCheckFailed')
}
try {
  await client.getItem(table, { key: { customer: 'nobody', placed: '2026-11-02' } })
  assert.fail('there is no such item')
} catch (error) {
  assert.ok(error instanceof NotFoundError)
  assert.equal(error.code, 'ItemNotFound')
}

await client.deleteTable(table)
