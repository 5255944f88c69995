/** The reference pages list what the code has: no more, and no less. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { withRoutes } from '../../scripts/openapi/routes-page.js'
import { packageRoot } from '../../src/package-root.js'
import { keyHolder } from '../helpers/access.js'
import { needsDynamoDB, startService } from '../helpers/service.js'
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
  // OpenAPI describes these in another way (media types, security), or they belong to HTTP itself.
  const general = [
    'accept',
    'authorization',
    'content-type',
    'expect',
    'host',
    'origin',
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
  const { url } = await startService(t, { corsOrigins: ['https://app.example.com'] }, undefined, policy)
  const origin = 'https://app.example.com'
  const answers = await Promise.all([
    fetch(`${url}/v1/tables`, { headers: { ...key, origin } }),
    fetch(`${url}/v1/tables`),
    fetch(`${url}/v1/tables`, { method: 'PATCH', headers: key }),
    fetch(`${url}/docs`),
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
