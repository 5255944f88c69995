/**
 * Changes of a table of DynamoDB Local: 16 writers, and three subscribers that disconnect at random and go on at one of two
 * replicas in turn. TEST_SOAK=true makes 20,000 changes.
 */
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { Storage } from '../../../src/storage/client.js'
import type { From } from '../../../src/storage/streams/subscription.js'
import { scaled } from '../../helpers/machine-speed.js'
import { connectionTo, dynamodbEndpoint, needsDynamoDB, testConfig } from '../../helpers/service.js'
import { failureOf, subscribe, summary, take } from '../../helpers/subscriber.js'

const WRITERS = 16
/** Each of them writes so many items in one batch, again and again. */
const BATCH = 25
const ROUNDS = process.env['TEST_SOAK'] === 'true' ? 50 : 6
const CHANGES = WRITERS * BATCH * ROUNDS

const soon = () => ({ deadline: performance.now() + scaled(30_000) })

async function startStorages(t: Test, count: number): Promise<Storage[]> {
  const storages = []
  for (let n = 0; n < count; n++) {
    const storage = new Storage(await connectionTo(dynamodbEndpoint ?? ''), testConfig())
    t.teardown(() => storage.close())
    storages.push(storage)
  }
  return storages
}

const specification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }

async function createTable(storage: Storage): Promise<string> {
  const TableName = `Changes-${randomUUID()}`
  await storage.send(
    'CreateTable',
    {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: specification,
    },
    soon(),
  )
  return TableName
}

const put = (storage: Storage, TableName: string, id: string, v: number | string) =>
  storage.send('PutItem', { TableName, Item: { id: { S: id }, v: { N: String(v) } } }, soon())

const putBatch = (storage: Storage, table: string, writer: string, v: number) => {
  const writes = Array.from({ length: BATCH }, (_, n) => ({
    PutRequest: { Item: { id: { S: `${writer}-item-${n}` }, v: { N: String(v) } } },
  }))
  return storage.batchWrite({ RequestItems: { [table]: writes } }, soon())
}

t.test('every change comes once, in the order of its item', needsDynamoDB, async (t) => {
  const storages = await startStorages(t, 2)
  const [writer] = storages
  if (writer === undefined) return
  const table = await createTable(writer)
  const first = await subscribe(writer, table, 'now')
  const beginning = first.position()
  first.close()
  const follow = async (n: number) => {
    const taken = new Map<string, number[]>()
    let from: From = n === 0 ? { after: beginning } : 'start'
    let count = 0
    for (let connection = n; count < CHANGES; connection++) {
      const storage = storages[connection % storages.length]
      if (storage === undefined) return taken
      const subscription = await subscribe(storage, table, from)
      const until = performance.now() + 500 + 1000 * Math.random()
      for await (const batch of subscription) {
        const left = performance.now() < until ? batch.length : Math.ceil(batch.length * Math.random())
        for (const change of batch.slice(0, left)) {
          const [item = '', value] = summary(change).split(' ')
          taken.set(item, [...(taken.get(item) ?? []), Number(value)])
          from = { after: change.id() }
          count++
        }
        if (left < batch.length || performance.now() > until || count >= CHANGES) break
      }
    }
    return taken
  }
  const following = [0, 1, 2].map(follow)
  const writing = Array.from({ length: WRITERS }, async (_, first) => {
    for (let n = 1; n <= ROUNDS; n++) await putBatch(writer, table, `writer-${first}`, n)
  })
  await Promise.all(writing)
  const expected = Array.from({ length: ROUNDS }, (_, n) => n + 1)
  for (const taken of await Promise.all(following)) {
    t.equal(taken.size, WRITERS * BATCH)
    const wrong = [...taken].filter(([, values]) => values.join() !== expected.join())
    t.strictSame(wrong, [])
  }
})

t.test('a number keeps all its digits', needsDynamoDB, async (t) => {
  const [storage] = await startStorages(t, 1)
  if (storage === undefined) return
  const table = await createTable(storage)
  const subscription = await subscribe(storage, table, 'now')
  await put(storage, table, 'a', '12345678901234567890.123456')
  const [change] = await take(subscription, 1)
  t.match(String(change?.change.newItem), '{"N":"12345678901234567890.123456"}')
})

t.test('changes made before “now” do not come, also when others are subscribed', needsDynamoDB, async (t) => {
  const [storage] = await startStorages(t, 1)
  if (storage === undefined) return
  const table = await createTable(storage)
  const other = await subscribe(storage, table, 'start')
  for (let n = 1; n <= 3; n++) {
    await put(storage, table, 'before', n)
    const subscription = await subscribe(storage, table, 'now')
    await put(storage, table, 'after', n)
    t.strictSame((await take(subscription, 1)).map(summary), [`after ${n}`])
  }
  other.close()
})

t.test('an empty stream loses nothing, whatever happens in other tables', needsDynamoDB, async (t) => {
  const [storage] = await startStorages(t, 1)
  if (storage === undefined) return
  const [table, other] = [await createTable(storage), await createTable(storage)]
  const subscription = await subscribe(storage, table, 'now')
  await put(storage, other, 'a', 1)
  await put(storage, table, 'a', 1)
  t.strictSame((await take(subscription, 1)).map(summary), ['a 1'])
})

t.test('a stream that was switched off and on is read on', needsDynamoDB, async (t) => {
  const [storage] = await startStorages(t, 1)
  if (storage === undefined) return
  const TableName = await createTable(storage)
  const subscription = await subscribe(storage, TableName, 'now')
  await put(storage, TableName, 'a', 1)
  const [change] = await take(subscription, 1)
  await put(storage, TableName, 'a', 2)
  await storage.send('UpdateTable', { TableName, StreamSpecification: { StreamEnabled: false } }, soon())
  t.match(await failureOf(subscribe(storage, TableName, 'now')), { name: 'StreamNotEnabledError' })
  await put(storage, TableName, 'a', 3)
  await storage.send('UpdateTable', { TableName, StreamSpecification: specification }, soon())
  await put(storage, TableName, 'a', 4)
  const resumed = await subscribe(storage, TableName, { after: change?.id() ?? '' })
  t.strictSame(
    (await take(resumed, 2)).map(summary),
    ['a 2', 'a 4'],
    'what was written in between is in no stream',
  )
})

t.test('a subscription ends with its table', needsDynamoDB, async (t) => {
  const [storage] = await startStorages(t, 1)
  if (storage === undefined) return
  const TableName = await createTable(storage)
  const subscription = await subscribe(storage, TableName, 'now')
  await storage.send('DeleteTable', { TableName }, soon())
  t.match(await failureOf(subscription), { name: 'StreamNotEnabledError' })
})
