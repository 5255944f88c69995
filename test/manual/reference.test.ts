/** The reference pages list what the code has: no more, and no less. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { withRoutes } from '../../scripts/openapi/routes-page.js'
import { createMetrics } from '../../src/observability/metrics/metrics.js'
import { packageRoot } from '../../src/package-root.js'
import { keyHolder } from '../helpers/access.js'
import { refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { createTable, DOCUMENT, needsDynamoDB, startService } from '../helpers/service.js'
import { readPage } from './pages.js'

/** The names in the first column of the tables under a heading of the page. */
function firstColumn(page: string, heading: string): string[] {
  const section =
    readPage(page)
      .split(/^## /m)
      .find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const cells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.toLowerCase()))
}

t.test('docs/routes.md has the routes of the service', async (t) => {
  const page = readPage('docs/routes.md')
  t.equal(page, await withRoutes(page))
})

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}

const openapi = () => {
  const { paths } = parse(readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8')) as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  return Object.values(paths).flatMap((operations) => Object.values(operations))
}

t.test('docs/headers.md has the headers of requests', async (t) => {
  const parameters = openapi().flatMap(({ parameters = [] }) =>
    parameters.filter((one) => one.in === 'header'),
  )
  // OpenAPI describes these in another way (media types, security), or they belong to HTTP itself or to DynamoDB's own
  // protocol.
  const general = [
    'accept',
    'accept-encoding',
    'authorization',
    'content-type',
    'expect',
    'host',
    'origin',
    'x-amz-target',
    'x-api-key',
    'x-request-id',
  ]
  t.strictSame(
    firstColumn('docs/headers.md', 'Of requests').sort(),
    [...new Set([...general, ...parameters.map(({ name }) => name)])].sort(),
  )
})

t.test('docs/headers.md has the headers of answers', needsDynamoDB, async (t) => {
  const described = openapi().flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ headers = {} }) => Object.keys(headers)),
  )
  const { entry, headers: key } = keyHolder('reader', ['reader'], { rate: { requests: 100, per: 'second' } })
  const policy = { roles: { reader: [{ tables: ['*'], actions: ['read'] }] }, keys: [entry] }
  const origin = 'https://app.example.com'
  const { url } = await startService(t, { corsOrigins: [origin] }, undefined, policy)
  const open = await startService(t, { serverTiming: true, wireProtocol: true })
  const table = await createTable(t, open)
  const answers = await Promise.all([
    fetch(`${url}/v1/tables`, { headers: { ...key, origin } }),
    fetch(`${url}/v1/tables`),
    fetch(`${open.url}/v1/tables/${table}/scan`, {
      method: 'POST',
      headers: { 'content-type': DOCUMENT },
      body: '{"returnConsumedCapacity":"TOTAL"}',
    }),
    fetch(open.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    }),
    fetch(`${url}/v1/tables`, { method: 'PATCH', headers: key }),
    fetch(`${url}/docs`),
    fetch(`${url}/v1/tables/${table}/items/a`, { method: 'OPTIONS' }),
    fetch(`${url}/openapi.yaml`, { headers: { 'accept-encoding': 'gzip' } }),
    fetch(`${open.url}/v1/tables/${table}/import`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'content-encoding': 'br' },
      body: 'id',
    }),
    fetch(`${url}/v1/tables`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-api-key',
      },
    }),
  ])
  const sent = answers.flatMap(({ headers }) => [...headers.keys()])
  // Of HTTP itself.
  const transport = ['content-length', 'date', 'keep-alive', 'transfer-encoding']
  t.strictSame(
    firstColumn('docs/headers.md', 'Of answers').sort(),
    [...new Set([...described, ...sent])].filter((name) => !transport.includes(name)).sort(),
  )
})

t.test('docs/metrics.md has the metrics, with their types and labels', needsDynamoDB, async (t) => {
  const { storage } = await startService(t)
  const metrics = createMetrics(storage)
  t.teardown(metrics.close)
  metrics.addRoute('GET', '/v1/tables', '200')
  const text = await metrics.text()
  const measured = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => {
    const series = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} `, 'm').exec(text)?.[1] ?? ''
    const labels = series.split(',').map((label) => label.split('=')[0] ?? '')
    return `${name} ${type} ${labels
      .filter((label) => label !== 'le')
      .sort()
      .join(' ')}`
  })
  const rows = readPage('docs/metrics.md').matchAll(
    /^\| `(\w+)` \| (histogram|gauge|counter|summary) \| (.*?) ?\|/gm,
  )
  const described = [...rows].map(([, name = '', type = '', labels = '']) => {
    return `${name} ${type} ${labels.replace(/[`,]/g, '').split(' ').sort().join(' ')}`
  })
  t.strictSame(described.sort(), measured.sort())
})

t.test('docs/logs.md has the fields of the log', needsDynamoDB, async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, 'AccessDeniedException', 'User is not authorized to perform: dynamodb:PutItem')
  })
  const { entry, headers } = keyHolder('shop', ['shop'])
  const policy = { roles: { shop: [{ tables: ['*'], actions: ['write'] }] }, keys: [entry] }
  const service = await startService(t, { logKeys: true, audit: true }, dynamodb.endpoint, policy)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await service.post('/v1/tables/Orders/put', { item: { id: 'u1' } }, { ...headers, traceparent })
  const fieldsOf = (message: string) => {
    const line = service.log.find(({ msg }) => msg === message) ?? {}
    return Object.keys(line).sort()
  }
  t.strictSame(firstColumn('docs/logs.md', 'Requests').sort(), lowerCase(fieldsOf('request failed')))
  t.strictSame(firstColumn('docs/logs.md', 'Audit').sort(), lowerCase(fieldsOf('audit')))
})

const lowerCase = (names: readonly string[]) => names.map((name) => name.toLowerCase()).sort()
