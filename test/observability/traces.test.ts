import t from 'tap'
import { areTracesRequested } from '../../src/observability/traces/requested.js'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { attributeOf, startOtlpReceiver } from '../helpers/otlp-receiver.js'
import { startService } from '../helpers/service.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const traceparent = `00-${TRACE}-${PARENT}-01`
const key = { key: { id: 'secret-key' } }

t.test('traces are off unless OTEL_* asks for them', async (t) => {
  const endpoint = 'http://127.0.0.1:4318'
  t.equal(areTracesRequested({}), false)
  t.equal(areTracesRequested({ OTEL_SERVICE_NAME: 'x' }), false)
  t.equal(areTracesRequested({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }), true)
  t.equal(areTracesRequested({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint }), true)
  t.equal(areTracesRequested({ OTEL_TRACES_EXPORTER: 'otlp' }), true)
  t.equal(areTracesRequested({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'none' }), false)
  t.equal(areTracesRequested({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'true' }), false)
})

t.test('without traces, the log still has the id of the caller’s trace', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  await service.post('/v1/tables/Orders/get', key, { traceparent })
  t.equal(service.log.at(-1)?.['traceId'], TRACE)
  await service.post('/v1/tables/Orders/get', key, { traceparent: 'damaged' })
  t.equal(service.log.at(-1)?.['traceId'], undefined)
})

t.test('a request is followed through log and spans by its trace id', async (t) => {
  const receiver = await startOtlpReceiver(t)
  const before = { ...process.env }
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = receiver.endpoint
  process.env['OTEL_SERVICE_NAME'] = 'orders-gateway'
  t.teardown(() => {
    process.env = before
  })
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number === 1) refuse(response, 400, 'ThrottlingException')
    else if (number === 2) answer(response, { Item: { id: { S: 'secret-value' } } })
    else {
      const capacity = { TableName: 'Orders', CapacityUnits: 1 }
      answer(response, { Items: [], Count: 3, ScannedCount: 4, ConsumedCapacity: capacity })
    }
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  await service.post('/v1/tables/Orders/get', key, { traceparent })
  await service.post('/v1/tables/Orders/query', {
    indexName: 'byColor',
    keyConditionExpression: 'color = :c',
    expressionAttributeValues: { ':c': 'secret-color' },
    returnConsumedCapacity: 'TOTAL',
  })
  await service.get('/v1/tables/Orders/items/secret-key')
  // The spans that wait are exported when the service closes.
  await service.close()

  const line = service.log.find(({ operation }) => operation === 'GetItem')
  t.equal(line?.['traceId'], TRACE)
  const spans = receiver.spans.filter(({ traceId }) => traceId === TRACE)
  const server = spans.find(({ kind }) => kind === 2)
  const clients = spans.filter(({ kind }) => kind === 3)
  t.match(server, { name: 'POST /v1/tables/{table}/get', parentSpanId: PARENT })
  t.equal(clients.length, 2, 'one for each attempt')
  t.ok(
    clients.every(({ parentSpanId, name }) => parentSpanId === server?.spanId && name === 'GetItem Orders'),
  )
  const [failed, ok] = clients
  if (server === undefined || failed === undefined || ok === undefined) throw new Error('spans are missing')
  t.equal(attributeOf(server, 'http.route'), '/v1/tables/{table}/get')
  t.equal(attributeOf(server, 'http.response.status_code'), 200)
  t.equal(attributeOf(failed, 'error.type'), 'ThrottlingException')
  t.equal(attributeOf(failed, 'aws.request_id'), 'STANDIN')
  t.equal(failed.status.code, 2)
  t.equal(attributeOf(ok, 'db.system.name'), 'aws.dynamodb')
  t.equal(attributeOf(ok, 'db.collection.name'), 'Orders')
  t.ok(BigInt(failed.endTimeUnixNano) >= BigInt(failed.startTimeUnixNano))
  t.ok(BigInt(failed.startTimeUnixNano) >= BigInt(server.startTimeUnixNano))
  t.ok(BigInt(ok.endTimeUnixNano) <= BigInt(server.endTimeUnixNano))

  const query = receiver.spans.find(({ name }) => name === 'Query Orders')
  if (query === undefined) throw new Error('the span of the query is missing')
  t.not(query.traceId, TRACE, 'a request without traceparent begins a trace')
  t.equal(attributeOf(query, 'aws.dynamodb.index_name'), 'byColor')
  t.equal(attributeOf(query, 'aws.dynamodb.count'), 3)
  t.equal(attributeOf(query, 'aws.dynamodb.scanned_count'), 4)

  const names = receiver.resources[0]?.find(({ key }) => key === 'service.name')
  t.match(names?.value, { stringValue: 'orders-gateway' })
  t.notMatch(receiver.text(), /secret/, 'no key, value or expression')
})

t.test('a request that is not sampled has no span, but its trace id stands in the log', async (t) => {
  const receiver = await startOtlpReceiver(t)
  const before = { ...process.env }
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = receiver.endpoint
  process.env['OTEL_TRACES_SAMPLER'] = 'traceidratio'
  process.env['OTEL_TRACES_SAMPLER_ARG'] = '0'
  t.teardown(() => {
    process.env = before
  })
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, { Item: { id: { S: 'a' } } })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  await service.post('/v1/tables/Orders/get', key, { traceparent })
  await service.post('/v1/tables/Orders/get', key)
  await service.close()
  const [first, second] = service.log.filter(({ operation }) => operation === 'GetItem')
  t.equal(first?.['traceId'], TRACE)
  t.match(second?.['traceId'], /^[\da-f]{32}$/)
  t.same(receiver.spans, [])
})

t.test('a malformed answer is the same error with traces as without', async (t) => {
  const receiver = await startOtlpReceiver(t)
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, '{"Item":}')
  })
  const ask = async () => {
    const service = await startService(t, {}, dynamodb.endpoint)
    const { status, body } = await service.post('/v1/tables/Orders/get', key)
    return { status, code: body['code'], detail: body['detail'] }
  }
  const without = await ask()
  const before = { ...process.env }
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = receiver.endpoint
  t.teardown(() => {
    process.env = before
  })
  t.strictSame(await ask(), without)
})

t.test(
  'a collector that is away, and a protocol that is not spoken, cost a warning, and no request',
  async (t) => {
    const before = { ...process.env }
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:1'
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '500'
    process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'grpc'
    t.teardown(() => {
      process.env = before
    })
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      answer(response, { Item: { id: { S: 'a' } } })
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    t.equal((await service.post('/v1/tables/Orders/get', key)).status, 200)
    t.match(
      service.log.find(({ protocol }) => protocol === 'grpc'),
      { level: 40, msg: /traces are sent as http\/json: OTEL_EXPORTER_OTLP_PROTOCOL/ },
    )
    await service.close()
  },
)
