/**
 * A shopping cart with fetch: `npx tsx examples/cart.ts`, or `node examples/cart.ts` from Node.js 22.18 on.
 *
 * JSON.parse reads numbers into doubles, which cannot represent every price. So this example uses DynamoDB's own types, in
 * which a number is a string of its digits.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const url = process.env['SERVICE_URL'] ?? 'http://127.0.0.1:3000'
const table = process.env['TABLE'] ?? 'ExampleCart'

type AttributeValue = { readonly S: string } | { readonly N: string } | { readonly SS: readonly string[] }
type Item = Readonly<Record<string, AttributeValue>>

/** The body of every error of the service (RFC 9457). */
interface Problem {
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
  readonly cancellationReasons?: readonly { readonly code: string; readonly item?: Item }[]
}

class ServiceError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

const TYPED = 'application/vnd.dynamodb+json'

/** @throws ServiceError if the service refuses the request; handle it by its code, never by its text */
async function call<Answer>(
  method: string,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && {
      body: body instanceof Readable ? body : JSON.stringify(body),
      duplex: 'half',
    }),
    headers: { accept: TYPED, ...(body !== undefined && { 'content-type': TYPED }), ...headers },
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new ServiceError(answer as Problem)
  return answer as Answer
}

/** Runs an action that must fail with a problem, and returns that problem; any other outcome is an error. */
async function problemOf(doing: Promise<unknown>, code: string): Promise<Problem> {
  try {
    await doing
  } catch (error) {
    if (error instanceof ServiceError && error.problem.code === code) return error.problem
    throw error
  }
  throw new Error(`expected ${code}`)
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`)
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const S = (text: string) => ({ S: text })
const N = (digits: string) => ({ N: digits })

const digitsOf = (item: Item | undefined, name: string) => {
  const value = item?.[name]
  if (value === undefined || !('N' in value)) throw new Error(`expected a number ${name}`)
  return value.N
}

/** An exact amount in cents, of any size. */
function cents(amount: string): bigint {
  const [units = '', fraction = ''] = amount.split('.')
  return BigInt(units + fraction.padEnd(2, '0'))
}

const amountOf = (all: bigint) => `${all / 100n}.${String(all % 100n).padStart(2, '0')}`

async function createTable(): Promise<void> {
  const creating = call('POST', '/v1/tables', {
    tableName: table,
    attributeDefinitions: [
      { attributeName: 'pk', attributeType: 'S' },
      { attributeName: 'sk', attributeType: 'S' },
    ],
    keySchema: [
      { attributeName: 'pk', keyType: 'HASH' },
      { attributeName: 'sk', keyType: 'RANGE' },
    ],
    billingMode: 'PAY_PER_REQUEST',
  })
  await creating.catch((error: unknown) => {
    if (!(error instanceof ServiceError && error.problem.code === 'ResourceInUseException')) throw error
  })
  for (let attempt = 0; attempt < 60; attempt++) {
    const { table: found } = await call<{ table: { tableStatus: string } }>('GET', `/v1/tables/${table}`)
    if (found.tableStatus === 'ACTIVE') return
    await sleep(1000)
  }
  throw new Error(`the table ${table} does not become ACTIVE`)
}

const put = (item: Item) => call('POST', `/v1/tables/${table}/put`, { item })

const get = async (pk: string, sk: string) => {
  const key = { pk: S(pk), sk: S(sk) }
  const body = { key, consistentRead: true }
  return (await call<{ item: Item }>('POST', `/v1/tables/${table}/get`, body)).item
}

/** One product of an order, with its quantity. */
interface Line {
  readonly product: string
  readonly quantity: string
}

/** Changes the order, the stock and the cart in one transaction: together or not at all. */
function checkout(customer: string, order: string, total: string, lines: readonly Line[], key: string) {
  const stock = lines.map(({ product, quantity }) => ({
    update: {
      tableName: table,
      key: { pk: S(`product#${product}`), sk: S('stock') },
      updateExpression: 'SET stock = stock - :quantity',
      conditionExpression: 'stock >= :quantity',
      expressionAttributeValues: { ':quantity': N(quantity) },
      returnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  }))
  const cart = lines.map(({ product }) => ({
    delete: { tableName: table, key: { pk: S(`cart#${customer}`), sk: S(product) } },
  }))
  const item = { pk: S(`customer#${customer}`), sk: S(`order#${order}`), total: N(total) }
  const ordering = { put: { tableName: table, item, conditionExpression: 'attribute_not_exists(pk)' } }
  const transactItems = [...stock, ordering, ...cart]
  return call('POST', '/v1/transact/write', { transactItems }, { 'idempotency-key': key })
}

/** Reads all items of a partition, page by page. */
async function* query(pk: string, limit: number): AsyncGenerator<readonly Item[]> {
  let exclusiveStartKey: Item | undefined
  do {
    const page: { items: Item[]; lastEvaluatedKey?: Item } = await call('POST', `/v1/tables/${table}/query`, {
      keyConditionExpression: 'pk = :pk',
      expressionAttributeValues: { ':pk': S(pk) },
      limit,
      exclusiveStartKey,
    })
    yield page.items
    exclusiveStartKey = page.lastEvaluatedKey
  } while (exclusiveStartKey !== undefined)
}

async function shop(): Promise<void> {
  const before = ['19.99', '0.10', '0.20', '250000000000000.01', '45.50']
  const items: Item[] = [
    { pk: S('product#coffee'), sk: S('stock'), stock: N('5') },
    { pk: S('product#tea'), sk: S('stock'), stock: N('1') },
    ...before.map((total, i) => ({ pk: S('customer#ada'), sk: S(`order#${i + 1}`), total: N(total) })),
  ]
  await call('POST', '/v1/batch/write', {
    requestItems: { [table]: items.map((item) => ({ putRequest: { item } })) },
  })
  say('There are 5 packets of coffee and 1 of tea. ada has ordered 5 times before.')

  await put({ pk: S('cart#ada'), sk: S('coffee'), quantity: N('2'), price: N('12.50') })
  await put({ pk: S('cart#ada'), sk: S('tea'), quantity: N('1'), price: N('4.25') })
  await put({ pk: S('cart#eve'), sk: S('tea'), quantity: N('1'), price: N('4.25') })
  say('ada has 2 coffee and 1 tea in her cart, eve has 1 tea.')

  const lines = [
    { product: 'coffee', quantity: '2' },
    { product: 'tea', quantity: '1' },
  ]
  const total = amountOf(2n * cents('12.50') + cents('4.25'))
  // One key per checkout, sent again with each retry.
  const key = randomUUID()
  await checkout('ada', '6', total, lines, key)
  say(`ada has checked out: ${total}.`)

  // After a lost response, send the same request with the same key: it is applied once.
  await checkout('ada', '6', total, lines, key)
  const left = digitsOf(await get('product#coffee', 'stock'), 'stock')
  check(left === '3', `3 packets of coffee, not ${left}`)
  say(`She has sent it twice, and ${left} packets of coffee are left: it was applied once.`)

  const tea = [{ product: 'tea', quantity: '1' }]
  const { cancellationReasons = [] } = await problemOf(
    checkout('eve', '1', '4.25', tea, randomUUID()),
    'TransactionCanceledException',
  )
  // One reason for each entry of the transaction, in their order; the lines come first.
  const [reason] = cancellationReasons
  check(reason?.code === 'ConditionalCheckFailed', 'the tea to be the reason')
  await get('cart#eve', 'tea')
  say(`eve came too late: ${digitsOf(reason?.item, 'stock')} tea left. Her cart is as it was.`)

  let sum = 0n
  let pages = 0
  for await (const orders of query('customer#ada', 2)) {
    pages++
    for (const order of orders) sum += cents(digitsOf(order, 'total'))
  }
  check(pages >= 3, `3 pages or more, not ${pages}`)
  check(amountOf(sum) === '250000000000095.05', `250000000000095.05, not ${amountOf(sum)}`)
  say(`ada has ordered for ${amountOf(sum)}, as ${pages} pages say.`)

  // Document JSON, streamed from the file.
  const products = createReadStream(new URL('products.ndjson', import.meta.url))
  const { written } = await call<{ written: number }>('POST', `/v1/tables/${table}/import`, products, {
    accept: 'application/json',
    'content-type': 'application/x-ndjson',
  })
  check(written === 4, `4 products, not ${written}`)
  const price = digitsOf(await get('catalog', 'roastery'), 'price')
  check(price === '12345678901234567.89', `12345678901234567.89, not ${price}`)
  say(`The catalog is imported: ${written} products. The whole roastery costs ${price}.`)
}

try {
  await createTable()
  say(`The table ${table} is there.`)
  await shop()
} finally {
  await call('DELETE', `/v1/tables/${table}`)
}
