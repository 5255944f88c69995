/** The tables of the examples: orders by customer and day, with an index by status, and customers. */
import { StorageError } from '../storage/errors.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Storage } from '../storage/client.js'

const tables = {
  Orders: {
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
  },
  Customers: {
    AttributeDefinitions: [{ AttributeName: 'customer', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'customer', KeyType: 'HASH' }],
  },
}

/** So that their changes can be followed. */
const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }

const order = (
  customer: string,
  placed: string,
  status: string,
  amount: string,
  tags: readonly string[],
) => ({
  customer: { S: customer },
  placed: { S: placed },
  status: { S: status },
  amount: { N: amount },
  tags: { SS: tags },
})

const items: Readonly<Record<keyof typeof tables, readonly DynamoDBRequest[]>> = {
  Orders: [
    order('ada', '2026-11-02', 'shipped', '129.95', ['books', 'maps']),
    order('ada', '2026-11-15', 'open', '18.00', ['books']),
    order('grace', '2026-11-07', 'open', '12345678901234567890.12', ['compilers']),
  ],
  Customers: [{ customer: { S: 'ada' }, name: { S: 'Ada Lovelace' }, points: { N: '1815' } }],
}

/** Creates the tables with their items, unless they exist. `suffix` is appended to their names. */
export async function createDemoTables(storage: Storage, suffix = ''): Promise<void> {
  const limits = { deadline: performance.now() + 30_000 }
  for (const [name, table] of Object.entries(tables)) {
    const TableName = name + suffix
    try {
      const request = { TableName, BillingMode: 'PAY_PER_REQUEST', StreamSpecification, ...table }
      await storage.send('CreateTable', request, limits)
    } catch (error) {
      if (error instanceof StorageError && error.name === 'ResourceInUseException') continue
      throw error
    }
    const writes = items[name as keyof typeof tables].map((Item) => ({ PutRequest: { Item } }))
    await storage.batchWrite({ RequestItems: { [TableName]: writes } }, limits)
  }
}
