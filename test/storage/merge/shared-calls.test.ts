/** Reads that share a call as callers and operators see them, and as DynamoDB Local answers them. */
import t, { type Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { TableMerging, MergedTables } from '../../../src/storage/merge/table-merging.js'
import { keyHolder } from '../../helpers/access.js'
import { grown, scrape } from '../../helpers/admin.js'
import { answer, refuse, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'
import { startFaultyProxy } from '../../helpers/faulty-proxy.js'
import { scaled } from '../../helpers/machine-speed.js'
import { speak, statusesIn } from '../../helpers/raw-http.js'
import { createTable, needsDynamoDB, type Service, startService } from '../../helpers/service.js'

const soon = () => ({ deadline: performance.now() + scaled(10_000) })

interface Sent {
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** Requests on one connection that arrive together; the last one closes it. */
function together(t: Test, service: Service, path: string, requests: readonly Sent[]): Promise<string> {
  const texts = requests.map(({ body, headers }, number) => {
    const lines = Object.entries({ 'content-type': 'application/json', ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    const json = JSON.stringify(body)
    const close = number === requests.length - 1 ? 'connection: close\r\n' : ''
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines}${close}content-length: ${json.length}\r\n\r\n${json}`
  })
  return speak(t, service, texts.join(''))
}

/** A fake in which `a` and `b` exist, and a service that knows how large they are. */
async function start(t: Test, settings: Parameters<typeof startService>[1], policy?: object) {
  const fake = await startFakeDynamoDB(t, ({ operation, text }, response) => {
    const found = Array.from('ab').filter((id) => text.includes(`{"S":"${id}"}`))
    const items = found.map((id) => ({ id: { S: id } }))
    if (operation === 'GetItem') answer(response, items.length > 0 ? { Item: items[0] } : {})
    else answer(response, { Responses: { Orders: items } })
  })
  const service = await startService(t, { mergeReads: true, ...settings }, fake.endpoint, policy)
  await service.storage.send('GetItem', { TableName: 'Orders', Key: { id: { S: 'a' } } }, soon())
  fake.requests.length = 0
  return { fake, service }
}

const GET = '/v1/tables/Orders/get'
const keys = (...ids: string[]): Sent[] => ids.map((id) => ({ body: { key: { id } } }))

t.test('DynamoDB Local answers as it answers each get', needsDynamoDB, async (t) => {
  const proxy = await startFaultyProxy(t, { seed: 1, rates: {} })
  const service = await startService(t, { mergeReads: true }, proxy.endpoint)
  const plain = await startService(t)
  const tableName = await createTable(t, service, { sortKey: true })
  for (const n of ['1', '2.5', '-1e20']) {
    const typed = { item: { id: { S: 'ä' }, n: { N: n }, v: { S: `v of ${n}` } } }
    const headers = { 'content-type': 'application/vnd.dynamodb+json' }
    t.equal((await service.post(`/v1/tables/${tableName}/put`, typed, headers)).status, 200)
  }
  const requests = [
    ['ä', '1.0'],
    ['ä', '25e-1'],
    ['ä', '-100000000000000000000'],
    ['ä', '3'],
    ['b', '1'],
  ].flatMap(([S = '', N = '']) =>
    [undefined, true].map((ConsistentRead) => ({
      TableName: tableName,
      Key: { n: { N }, id: { S } },
      ConsistentRead,
    })),
  )
  const send = async ({ storage }: Service) =>
    (await Promise.all(requests.map((request) => storage.send('GetItem', request, soon())))).map(
      (json) => JSON.parse(String(json)) as unknown,
    )
  const expected = await send(plain)
  await send(service)
  proxy.requests.length = 0
  t.strictSame(await send(service), expected)
  t.strictSame(
    proxy.requests.map(({ operation }) => operation),
    ['BatchGetItem', 'BatchGetItem'],
  )
  proxy.requests.length = 0
  const missing = ['x', 'y'].map((S) => ({ TableName: tableName, Key: { id: { S }, n: { N: '1' } } }))
  const answers = await Promise.all(
    missing.map((request) => service.storage.send('GetItem', request, soon())),
  )
  t.strictSame(answers.map(String), ['{}', '{}'])
  t.equal(proxy.requests.length, 1, 'an answer without any item is trusted')
})

t.test('requests of callers share a call, and are counted one by one', async (t) => {
  const { fake, service } = await start(t, { adminPort: 0 })
  const before = await scrape(service)
  const text = await together(t, service, GET, keys('b', 'nobody', 'a'))
  t.strictSame(statusesIn(text), [200, 404, 200])
  t.match(text, /"item":\{"id":"b"\}[^]*"item":\{"id":"a"\}/)
  t.strictSame(
    fake.requests.map(({ operation }) => operation),
    ['BatchGetItem'],
  )
  const changes = grown(before, await scrape(service))
  t.match(changes, {
    'dynamodb_storage_shared_calls_total{outcome="answered"}': 1,
    'dynamodb_storage_shared_reads_total{outcome="answered"}': 3,
    'db_client_operation_duration_seconds_count{db_system_name="aws.dynamodb",db_operation_name="GetItem",db_collection_name="Orders",error_type=""}': 3,
  })
  const lines = service.log.filter(({ route }) => route === '/v1/tables/{table}/get')
  t.match(lines, Array(3).fill({ operation: 'GetItem', attempts: 1 }))
})

t.test('each request is authorized by itself', async (t) => {
  const shop = keyHolder('shop', ['shop'])
  const other = keyHolder('other', ['other'])
  const policy = {
    roles: {
      shop: [{ tables: ['Orders'], actions: ['read'] }],
      other: [{ tables: ['Others'], actions: ['read'] }],
    },
    keys: [shop.entry, other.entry],
  }
  const { fake, service } = await start(t, {}, policy)
  const [a, b] = keys('a', 'b')
  const requests = [
    { ...b, headers: other.headers },
    { ...a, headers: shop.headers },
    { ...a, headers: shop.headers },
  ].map(({ body = {}, headers }) => ({ body, headers }))
  t.strictSame(statusesIn(await together(t, service, GET, requests)), [403, 200, 200])
  t.equal(fake.requests.length, 1)
  t.notMatch(fake.requests[0]?.text, '"b"')
})

t.test('requests in DynamoDB’s own protocol share none', async (t) => {
  const { fake, service } = await start(t, { wireProtocol: true })
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.GetItem',
  }
  const requests = ['a', 'b'].map((id) => ({
    body: { TableName: 'Orders', Key: { id: { S: id } } },
    headers,
  }))
  t.strictSame(statusesIn(await together(t, service, '/', requests)), [200, 200])
  t.strictSame(
    fake.requests.map(({ operation }) => operation),
    ['GetItem', 'GetItem'],
  )
})

t.test('the log says which permission is missing, and callers notice nothing', async (t) => {
  const { fake, service } = await start(t, {})
  const { behave } = fake
  fake.behave = (received, response, number) => {
    if (received.operation === 'BatchGetItem') refuse(response, 400, 'AccessDeniedException')
    else behave(received, response, number)
  }
  t.strictSame(statusesIn(await together(t, service, GET, keys('a', 'b'))), [200, 200])
  t.strictSame(statusesIn(await together(t, service, GET, keys('a', 'b'))), [200, 200])
  t.strictSame(
    fake.requests.map(({ operation }) => operation),
    ['BatchGetItem', 'GetItem', 'GetItem', 'GetItem', 'GetItem'],
  )
  t.match(
    service.log.filter(({ pauseMs }) => pauseMs !== undefined),
    [
      {
        level: 40,
        table: 'Orders',
        reason: 'AccessDeniedException',
        permission: 'dynamodb:BatchGetItem',
        pauseMs: 300_000,
        msg: 'reads of the table share no calls for a while',
      },
    ],
  )
})

t.test('the reads of a table share calls again after a pause', async (t) => {
  const { fake, service } = await start(t, { mergeReadsPauseMs: 50 })
  const { behave } = fake
  fake.behave = (_received, response) => {
    refuse(response, 400, 'ValidationException')
  }
  await together(t, service, GET, keys('a', 'b'))
  fake.behave = behave
  await sleep(60)
  fake.requests.length = 0
  t.strictSame(statusesIn(await together(t, service, GET, keys('a', 'b'))), [200, 200])
  t.strictSame(
    fake.requests.map(({ operation }) => operation),
    ['BatchGetItem'],
  )
})

t.test('the keys in a call follow the average size of items', async (t) => {
  const table = new TableMerging()
  t.equal(table.keysPerCall, 1, 'nothing is known')
  table.learn(400, 1)
  t.equal(table.keysPerCall, 100)
  for (let time = 0; time < 100; time++) table.learn(10_000, 1)
  t.equal(table.keysPerCall, 52)
  for (let time = 0; time < 10; time++) table.learn(50_000, 1)
  t.equal(table.keysPerCall, 1)
  table.learn(2 * 100, 100)
  t.ok(table.keysPerCall > 50, 'one call tells as much as its gets would')
})

t.test('of any number of tables, the last thousand are remembered', async (t) => {
  const tables = new MergedTables()
  const [first, last] = [tables.of('0'), tables.of('1')]
  for (let number = 2; number <= 1000; number++) tables.of(String(number))
  t.not(tables.of('0'), first)
  t.equal(tables.of('2'), tables.of('2'))
  t.not(tables.of('1'), last)
})
