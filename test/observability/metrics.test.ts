import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { adminUrl, grown, scrape, scrapeText } from '../helpers/admin.js'
import { keyHolder } from '../helpers/access.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { needsPrometheus, promtool } from '../helpers/prometheus.js'
import { NDJSON, startService } from '../helpers/service.js'
import { within } from '../helpers/within.js'

const ADMIN = { adminPort: 0 }
const key = { key: { id: 'a' } }
const ITEM = { Item: { id: { S: 'a' } } }

const http = (method: string, route: string, status: number, error = '') =>
  `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="${route}",http_response_status_code="${status}",error_type="${error}"}`
const bodies = (part: 'sum' | 'count', method: string, route: string) =>
  `http_server_request_body_size_bytes_${part}{http_request_method="${method}",http_route="${route}"}`
const attempts = (operation: string, table: string, error = '') =>
  `db_client_operation_duration_seconds_count{db_system_name="aws.dynamodb",db_operation_name="${operation}",db_collection_name="${table}",error_type="${error}"}`
const GET = '/v1/tables/{table}/get'

t.test('a request, its attempts and its body are counted', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, ITEM)
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  const before = await scrape(service)
  await service.post('/v1/tables/Orders/get', key)
  await service.post('/v1/tables/Orders/get', key)
  t.strictSame(grown(before, await scrape(service)), {
    [http('POST', GET, 200)]: 2,
    [bodies('sum', 'POST', GET)]: 2 * JSON.stringify(key).length,
    [bodies('count', 'POST', GET)]: 2,
    [attempts('GetItem', 'Orders')]: 2,
    'db_client_connection_count{db_client_connection_state="idle"}': 1,
  })
})

t.test(
  'retries are counted by their reason, with their waits and what they take from the budget',
  async (t) => {
    const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
      if (number === 1) refuse(response, 400, 'ThrottlingException')
      else if (number === 2) refuse(response, 500, 'InternalServerError')
      else if (number === 3) response.destroy()
      else answer(response, ITEM)
    })
    const service = await startService(t, ADMIN, dynamodb.endpoint)
    const before = await scrape(service)
    t.equal((await service.post('/v1/tables/Orders/get', key)).status, 200)
    const changes = grown(before, await scrape(service))
    const retries = (reason: string) =>
      changes[`dynamodb_storage_retries_total{operation="GetItem",reason="${reason}"}`]
    t.equal(retries('throttling'), 1)
    t.equal(retries('transient'), 1)
    t.equal(retries('network'), 1)
    t.equal(changes['dynamodb_storage_backoff_seconds_count{operation="GetItem"}'], 3)
    t.equal(changes[attempts('GetItem', '_other', 'ThrottlingException')], 1)
    t.equal(changes[attempts('GetItem', '_other', 'InternalServerError')], 1)
    t.equal(changes[attempts('GetItem', '_other', 'NetworkError')], 1)
    t.equal(changes[attempts('GetItem', 'Orders')], 1)
    t.equal(service.log.at(-1)?.['attempts'], 4, 'the log has the same number')
  },
)

t.test('entries of a batch are counted as done, resent and given up', async (t) => {
  const writes = ['a', 'b', 'c'].map((id) => ({ putRequest: { item: { id } } }))
  const dynamodb = await startFakeDynamoDB(t, ({ body }, response) => {
    const { RequestItems } = body as { RequestItems: Record<string, unknown[]> }
    const [first, ...others] = RequestItems['Orders'] ?? []
    // It processes two entries of three, and then none.
    const left = others.length > 0 ? [first] : RequestItems['Orders']
    answer(response, { UnprocessedItems: { Orders: left } })
  })
  const service = await startService(t, { ...ADMIN, maxAttempts: 2 }, dynamodb.endpoint)
  const before = await scrape(service)
  const { status, text } = await service.post('/v1/batch/write', { requestItems: { Orders: writes } })
  t.equal(status, 503, text)
  const changes = grown(before, await scrape(service))
  const entries = (outcome: string) =>
    changes[`dynamodb_storage_batch_entries_total{operation="BatchWriteItem",outcome="${outcome}"}`]
  t.equal(entries('done'), 2)
  t.equal(entries('given_up'), 1)
  // Once after the two were done, and once more until two attempts in a row have done nothing.
  t.equal(entries('resent'), 2)
  t.equal(changes['dynamodb_storage_errors_total{code="BatchIncomplete",table="Orders"}'], 1)
})

t.test('a write that may have been applied is counted', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  })
  const service = await startService(t, { ...ADMIN, maxAttempts: 2 }, dynamodb.endpoint)
  const before = await scrape(service)
  t.match((await service.post('/v1/tables/Orders/put', { item: { id: 'a' } })).body, { maybeApplied: true })
  const changes = grown(before, await scrape(service))
  t.equal(changes['dynamodb_storage_writes_maybe_applied_total{operation="PutItem"}'], 1)
})

t.test('refusals are counted by their reason, and DynamoDB is not called', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, ITEM)
  })
  const reader = keyHolder('reader', ['read'])
  const busy = keyHolder('busy', ['read'], { rate: { requests: 1, per: 'minute' } })
  const policy = {
    roles: { read: [{ tables: ['Orders'], actions: ['read'] }] },
    keys: [reader.entry, busy.entry],
  }
  const service = await startService(t, ADMIN, dynamodb.endpoint, policy)
  const before = await scrape(service)
  t.equal((await service.post('/v1/tables/Orders/get', key)).status, 401)
  t.equal((await service.post('/v1/tables/Other/get', key, reader.headers)).status, 403)
  t.equal((await service.post('/v1/tables/Orders/get', key, busy.headers)).status, 200)
  t.equal((await service.post('/v1/tables/Orders/get', key, busy.headers)).status, 429)
  const changes = grown(before, await scrape(service))
  const rejected = (reason: string) => changes[`dynamodb_storage_requests_rejected_total{reason="${reason}"}`]
  t.equal(rejected('unauthenticated'), 1)
  t.equal(rejected('forbidden'), 1)
  t.equal(rejected('rate_limit'), 1)
  t.equal(dynamodb.requests.length, 1)
})

t.test('load shedding is counted, whether a slot is missing or memory for bodies', async (t) => {
  const waiting: (() => void)[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    waiting.push(() => {
      answer(response, ITEM)
    })
  })
  const settings = { ...ADMIN, maxConcurrentRequests: 1, bodyLimitBytes: 5000, batchBodyLimitBytes: 5000 }
  const service = await startService(t, settings, dynamodb.endpoint)
  const before = await scrape(service)
  const first = service.post('/v1/tables/Orders/get', key)
  t.ok(await within(5000, () => waiting.length === 1))
  t.equal((await service.post('/v1/tables/Orders/get', key)).status, 503)
  t.equal(
    (await scrape(service)).get(
      `http_server_active_requests{http_request_method="POST",http_route="${GET}"}`,
    ),
    1,
  )
  waiting[0]?.()
  await first
  // Ten clients send the start of a body each: 8 times the limit fills the memory for bodies.
  const sockets = Array.from({ length: 10 }, () => connect(Number(new URL(service.url).port), '127.0.0.1'))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const statuses: string[] = []
  for (const socket of sockets) {
    socket.on('data', (chunk: Buffer) => statuses.push(chunk.toString().slice(9, 12)))
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(
      `POST /v1/tables/Orders/get HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 4999\r\n\r\n`,
    )
    socket.write(Buffer.alloc(4998, ' '))
  }
  t.ok(await within(5000, () => statuses.includes('503')), 'a body has no room')
  const changes = grown(before, await scrape(service))
  t.equal(changes['dynamodb_storage_requests_rejected_total{reason="overload"}'], 1)
  t.ok((changes['dynamodb_storage_requests_rejected_total{reason="body_memory"}'] ?? 0) >= 1)
  t.equal(changes[http('POST', '', 503, 'ServiceUnavailable')], 1)
})

t.test('items of imports and of answers in lines are counted', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') {
      answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
    } else if (operation === 'Scan')
      answer(response, { Items: [{ id: { S: 'a' } }, { id: { S: 'b' } }], Count: 2 })
    else answer(response, {})
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  const before = await scrape(service)
  const lines = ['a', 'b', 'c'].map((id) => JSON.stringify({ id })).join('\n')
  t.equal((await service.post('/v1/tables/Orders/import', lines, { 'content-type': NDJSON })).status, 200)
  const { text } = await service.post(
    '/v1/tables/Orders/scan',
    {},
    {
      accept: NDJSON,
      'accept-encoding': 'identity',
    },
  )
  t.ok(await within(5000, () => service.log.at(-1)?.['operation'] === 'Scan'))
  const changes = grown(before, await scrape(service))
  t.equal(changes['dynamodb_storage_stream_items_total{direction="in"}'], 3)
  t.equal(changes['dynamodb_storage_stream_items_total{direction="out"}'], 2)
  t.match(service.log.at(-1), { bytesOut: text.length, operation: 'Scan', status: 200 })
})

t.test('10,000 made-up names of tables, methods and paths make no new series', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, 'ResourceNotFoundException')
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  const send = async (n: number) => {
    const response = await fetch(`${service.url}/v1/tables/t${n}/get`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(key),
    })
    await response.arrayBuffer()
  }
  const strange = async () => {
    await (await fetch(`${service.url}/made/up/${Math.random()}`)).arrayBuffer()
    await (await fetch(`${service.url}/v1/tables/x/get`, { method: 'PROPFIND' })).arrayBuffer()
  }
  await send(0)
  await strange()
  const before = await scrape(service)
  for (let n = 1; n <= 10_000; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => send(n + m)))
  await strange()
  const after = await scrape(service)
  t.strictSame(
    [...after.keys()].filter((name) => !before.has(name)),
    [],
  )
  t.equal(
    grown(before, after)['dynamodb_storage_errors_total{code="ResourceNotFoundException",table="_other"}'],
    10_000,
  )
})

t.test('at most 200 tables have series of their own', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, ITEM)
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  for (let n = 0; n < 250; n++) await service.post(`/v1/tables/t${n}/get`, key)
  const tables = new Set((await scrapeText(service)).match(/db_collection_name="t\d+"/g))
  t.equal(tables.size, 200)
  t.equal((await scrape(service)).get(attempts('GetItem', '_other')), 50)
})

t.test('capacity is counted if callers ask for it, and with CAPACITY_METRICS in any case', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ body }, response) => {
    const asked = body['ReturnConsumedCapacity'] === 'TOTAL'
    answer(response, {
      ...ITEM,
      ...(asked && { ConsumedCapacity: { TableName: 'Orders', CapacityUnits: 0.5 } }),
    })
  })
  const units =
    'dynamodb_storage_consumed_capacity_units_total{table="Orders",operation="GetItem",kind="read"}'
  const asking = { ...key, returnConsumedCapacity: 'TOTAL' }
  const plain = await startService(t, ADMIN, dynamodb.endpoint)
  await plain.post('/v1/tables/Orders/get', key)
  t.match((await plain.post('/v1/tables/Orders/get', asking)).body, {
    consumedCapacity: { capacityUnits: 0.5 },
  })
  t.equal((await scrape(plain)).get(units), 0.5)

  const counting = await startService(t, { ...ADMIN, capacityMetrics: true }, dynamodb.endpoint)
  t.equal((await counting.post('/v1/tables/Orders/get', key)).text, '{"item":{"id":"a"}}')
  t.match((await counting.post('/v1/tables/Orders/get', asking)).body, {
    consumedCapacity: { capacityUnits: 0.5 },
  })
  t.equal((await scrape(counting)).get(units), 1)
})

t.test('a capacity that makes no sense fails no call', async (t) => {
  for (const ConsumedCapacity of [
    null,
    7,
    { TableName: 'Orders', CapacityUnits: 'x' },
    { CapacityUnits: -1 },
  ]) {
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      answer(response, { ...ITEM, ConsumedCapacity })
    })
    const service = await startService(t, { ...ADMIN, capacityMetrics: true }, dynamodb.endpoint)
    const { status, text } = await service.post('/v1/tables/Orders/get', key)
    t.equal(status, 200, JSON.stringify(ConsumedCapacity))
    t.equal(text, '{"item":{"id":"a"}}')
  }
})

t.test('the capacity of a long answer is counted, and the answer is the same', async (t) => {
  const item = { id: { S: 'a' }, text: { S: 'x'.repeat(700_000) } }
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    const ConsumedCapacity = [{ TableName: 'Orders', CapacityUnits: 86 }]
    answer(response, { Responses: { Orders: [item] }, UnprocessedKeys: {}, ConsumedCapacity })
  })
  const service = await startService(t, { ...ADMIN, capacityMetrics: true }, dynamodb.endpoint)
  const body = { requestItems: { Orders: { keys: [{ id: 'a' }] } } }
  const { body: found } = await service.post('/v1/batch/get', body)
  t.same(found, { responses: { Orders: [{ id: 'a', text: item.text.S }] } })
  const units =
    'dynamodb_storage_consumed_capacity_units_total{table="Orders",operation="BatchGetItem",kind="read"}'
  t.equal((await scrape(service)).get(units), 86)
})

t.test('SERVER_TIMING tells the time of each step, and the capacity', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number === 1) refuse(response, 400, 'ThrottlingException')
    else answer(response, { ...ITEM, ConsumedCapacity: { TableName: 'Orders', CapacityUnits: 0.5 } })
  })
  const service = await startService(t, { serverTiming: true }, dynamodb.endpoint)
  const { headers, text } = await service.post('/v1/tables/Orders/get', key)
  t.match(
    headers.get('server-timing'),
    /^auth;dur=\d+\.\d{3}, upstream;dur=\d+\.\d{3}, retry;dur=\d+\.\d{3}, translate;dur=\d+\.\d{3}$/,
  )
  t.equal(headers.get('x-consumed-capacity'), '0.5')
  t.equal(text, '{"item":{"id":"a"}}')
  const off = await startService(t, {}, dynamodb.endpoint)
  const answered = await off.post('/v1/tables/Orders/get', key)
  t.equal(answered.headers.get('server-timing'), null)
})

t.test('promtool finds no fault in the metrics', needsPrometheus, async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, ITEM)
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  await service.post('/v1/tables/Orders/get', key)
  const { status, output } = promtool(['check', 'metrics'], { input: await scrapeText(service) })
  // The conventions' own name: it counts connections.
  const known =
    'db_client_connection_count non-histogram and non-summary metrics should not have "_count" suffix'
  t.equal(output.trim(), known)
  t.equal(status, 3, 'a remark, not an error')
})

t.test('the admin port serves probes and settings, and nothing of the API', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, ADMIN, dynamodb.endpoint)
  const admin = adminUrl(service)
  const get = async (path: string) => {
    const response = await fetch(admin + path)
    return { status: response.status, text: await response.text() }
  }
  t.strictSame(await get('/live'), { status: 200, text: '{"status":"live"}' })
  t.strictSame(await get('/ready'), { status: 200, text: '{"status":"ready"}' })
  const config = JSON.parse((await get('/config')).text) as Record<string, unknown>
  t.equal(config['MAX_CONNECTIONS'], 128)
  t.equal(config['AWS_SECRET_ACCESS_KEY'], '***')
  t.equal((await get('/v1/tables')).status, 404)
  t.equal((await fetch(`${service.url}/metrics`)).status, 404, 'the main port has no metrics')
  dynamodb.behave = (_received, response) => response.destroy()
  t.ok(await within(5000, async () => (await get('/ready')).status === 503))
  await service.close()
  await t.rejects(fetch(`${admin}/live`))
})
