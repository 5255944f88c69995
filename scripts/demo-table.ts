/** The table that the README's examples use: orders, by customer and day, with an index by status. */
import type { Json } from '../src/json.js'
import { StorageError } from '../src/storage/errors.js'
import type { Storage } from '../src/storage/storage.js'

const table = {
  AttributeDefinitions: [
    { AttributeName: 'customer', AttributeType: 'S' },
    { AttributeName: 'placed', AttributeType: 'S' },
    { AttributeName: 'status', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'customer', KeyType: 'HASH' },
    { AttributeName: 'placed', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byStatus',
      KeySchema: [
        { AttributeName: 'status', KeyType: 'HASH' },
        { AttributeName: 'placed', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST',
}

const items = [
  ['ada', '2026-11-02', 'shipped', '129.95', ['books', 'maps']],
  ['ada', '2026-11-15', 'open', '18.00', ['books']],
  ['grace', '2026-11-07', 'open', '12345678901234567890.12', ['compilers']],
] as const

const json = (value: object): Json => Buffer.from(JSON.stringify(value))

/** Creates the table with its items, unless it is there already. */
export async function createDemoTable(storage: Storage, tableName = 'Orders'): Promise<void> {
  const limits = { deadline: performance.now() + 30_000 }
  try {
    await storage.send('CreateTable', json({ TableName: tableName, ...table }), limits)
  } catch (error) {
    if (error instanceof StorageError && error.name === 'ResourceInUseException') return
    throw error
  }
  const writes = items.map(([customer, placed, status, amount, tags]) => ({
    PutRequest: {
      Item: {
        customer: { S: customer },
        placed: { S: placed },
        status: { S: status },
        amount: { N: amount },
        tags: { SS: tags },
      },
    },
  }))
  await storage.batchWrite(json({ RequestItems: { [tableName]: writes } }), limits)
}
