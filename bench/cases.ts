/** The cases: for each one the call to DynamoDB, its answer, and both as the client of a gateway sees them. */
import { type AttributeValue, type Item, mapMembers, order, type Represent } from './items.js'

export interface Case {
  readonly name: string
  readonly operation: 'GetItem' | 'PutItem' | 'Query' | 'BatchGetItem' | 'TransactWriteItems'
  /** The request to DynamoDB, its attributes written by `write` (typed, or without sets). */
  readonly input: (write: (value: AttributeValue) => AttributeValue) => Record<string, unknown>
  /** DynamoDB's answer. */
  readonly output: Record<string, unknown>
  readonly path: string
  readonly body: (represent: Represent) => object
  readonly answer: (represent: Represent) => object
}

const key = { id: { S: 'order-000001' } }
const tableOf = (name: string) => name.replaceAll(' ', '-')
const orders = (count: number) =>
  Array.from({ length: count }, (_, index) => order(`order-${String(index).padStart(6, '0')}`, 400))
const written = (items: readonly Item[], represent: Represent) =>
  items.map((item) => mapMembers(item, represent))

function get(name: string, bytes: number): Case {
  const TableName = tableOf(name)
  const item = order('order-000001', bytes)
  return {
    name,
    operation: 'GetItem',
    input: () => ({ TableName, Key: key }),
    output: { Item: item },
    path: `/v1/tables/${TableName}/get`,
    body: (represent) => ({ key: mapMembers(key, represent) }),
    answer: (represent) => ({ item: mapMembers(item, represent) }),
  }
}

function put(name: string, bytes: number): Case {
  const TableName = tableOf(name)
  const item = order('order-000001', bytes)
  return {
    name,
    operation: 'PutItem',
    input: (write) => ({ TableName, Item: mapMembers(item, write) }),
    output: {},
    path: `/v1/tables/${TableName}/put`,
    body: (represent) => ({ item: mapMembers(item, represent) }),
    answer: () => ({}),
  }
}

function query(name: string, count: number): Case {
  const TableName = tableOf(name)
  const items = orders(count)
  const values = { ':c': { S: 'ada.lovelace@mail.example' } }
  return {
    name,
    operation: 'Query',
    input: () => ({
      TableName,
      KeyConditionExpression: 'customer = :c',
      ExpressionAttributeValues: values,
    }),
    output: { Items: items, Count: count, ScannedCount: count },
    path: `/v1/tables/${TableName}/query`,
    body: (represent) => ({
      keyConditionExpression: 'customer = :c',
      expressionAttributeValues: mapMembers(values, represent),
    }),
    answer: (represent) => ({ items: written(items, represent), count, scannedCount: count }),
  }
}

function batchGet(name: string, count: number): Case {
  const table = tableOf(name)
  const items = orders(count)
  const keys = items.map(({ id }) => ({ id: id ?? { S: '' } }))
  return {
    name,
    operation: 'BatchGetItem',
    input: () => ({ RequestItems: { [table]: { Keys: keys } } }),
    output: { Responses: { [table]: items }, UnprocessedKeys: {} },
    path: '/v1/batch/get',
    body: (represent) => ({ requestItems: { [table]: { keys: written(keys, represent) } } }),
    answer: (represent) => ({ responses: { [table]: written(items, represent) } }),
  }
}

function transactWrite(name: string, count: number): Case {
  const tableName = tableOf(name)
  const items = orders(count)
  return {
    name,
    operation: 'TransactWriteItems',
    input: (write) => ({
      TransactItems: items.map((item) => ({ Put: { TableName: tableName, Item: mapMembers(item, write) } })),
    }),
    output: {},
    path: '/v1/transact/write',
    body: (represent) => ({
      transactItems: written(items, represent).map((item) => ({ put: { tableName, item } })),
    }),
    answer: () => ({}),
  }
}

export const cases: readonly Case[] = [
  get('get 400 B', 400),
  put('put 400 B', 400),
  get('get 4 kB', 4000),
  put('put 4 kB', 4000),
  get('get 100 kB', 100_000),
  put('put 100 kB', 100_000),
  query('query 100', 100),
  batchGet('batch get 100', 100),
  transactWrite('transact write 10', 10),
]

export function caseNamed(name: string): Case {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no case "${name}"`)
  return found
}

/** A table whose queries have a page of 100 items, and more behind it. */
export const PAGES = 'pages'

/** DynamoDB's answer to a query of {@link PAGES}. */
export function pageOutput(): object {
  const { output } = caseNamed('query 100')
  const LastEvaluatedKey = { customer: { S: 'ada.lovelace@mail.example' }, id: { S: 'order-000099' } }
  return { ...output, LastEvaluatedKey }
}

const BATCH = 10_000

/** The body of a batch write of 10,000 entries with different keys, and its first BatchWriteItem request. */
export function batchWrite(represent: Represent): { readonly body: object; readonly first: object } {
  const items = orders(BATCH)
  const puts = (some: readonly Item[]) => some.map((item) => ({ PutRequest: { Item: item } }))
  return {
    body: { requestItems: { batch: written(items, represent).map((item) => ({ putRequest: { item } })) } },
    first: { RequestItems: { batch: puts(items.slice(0, 25)) } },
  }
}

/** The items of one page of a stream: about 1 MB, DynamoDB's limit for a page. */
export const streamed: readonly Item[] = orders(2500)
