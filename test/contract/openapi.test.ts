import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { createDemoTables } from '../../src/local/demo-tables.js'
import { createClient } from '../../clients/typescript/src/index.js'
import { clientFiles } from '../../scripts/clients/files.js'
import { openapiYaml } from '../../scripts/openapi/document.js'
import { CODES } from '../../schemas/parts/codes.js'
import { packageRoot, version as serviceVersion } from '../../src/package-root.js'
import { checkAnswer } from '../helpers/contract.js'
import { needsDynamoDB, startService } from '../helpers/service.js'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

interface Media {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

interface Operation {
  readonly operationId: string
  readonly description: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly example?: string | number | boolean
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>
}

const yaml = readFileSync(join(packageRoot, 'openapi.yaml'), 'utf8')
const document = parse(yaml) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

/** Its answer has no end; test/routes/changes.test.ts reads it. */
const isFeed = ({ responses }: Operation) => 'text/event-stream' in (responses['200']?.content ?? {})

t.test('openapi.yaml is what npm run openapi writes', async (t) => {
  t.equal(yaml, await openapiYaml())
})

t.test('the service serves openapi.yaml and openapi.json', async (t) => {
  const { endpoint } = await startFakeDynamoDB(t, (_received, response) => response.end())
  const service = await startService(t, {}, endpoint)
  const asYaml = await service.get('/openapi.yaml')
  t.equal(asYaml.status, 200)
  t.equal(asYaml.headers.get('content-type'), 'application/yaml')
  t.equal(asYaml.text, yaml)

  const json = await service.get('/openapi.json', { accept: 'application/json' })
  t.equal(json.status, 200)
  t.match(json.headers.get('content-type'), /^application\/json/)
  t.equal(json.body['openapi'], '3.1.0')
})

t.test('every reference resolves, and every component is referenced', async (t) => {
  const wanted = new Set([...yaml.matchAll(/\$ref: "?#\/components\/([\w/-]+)/g)].map(([, name]) => name))
  // Security schemes are named, not referenced.
  const { securitySchemes, ...components } = document.components
  t.same(
    new Set([...yaml.matchAll(/^ +- (\w+): \[\]$/gm)].map(([, name]) => name)),
    new Set(Object.keys(securitySchemes ?? {})),
  )
  const there = Object.entries(components).flatMap(([kind, all]) =>
    Object.keys(all).map((name) => `${kind}/${name}`),
  )
  t.same([...wanted].sort(), there.sort())
  t.same(Object.keys(document.components['examples'] ?? {}), Object.keys(CODES), 'each code has its example')
})

t.test('schemas that occur twice are components', async (t) => {
  const seen = new Set<string>()
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if ('properties' in value || 'enum' in value) {
      const text = JSON.stringify(value)
      t.notOk(seen.has(text), path)
      seen.add(text)
    }
    for (const [name, inner] of Object.entries(value)) {
      if (name !== 'example' && name !== 'examples') visit(inner, `${path}/${name}`)
    }
  }
  visit(document, '')
})

t.test('the check of responses finds what openapi.yaml does not describe', async (t) => {
  const headers = new Headers({ 'x-request-id': 'x', 'content-type': 'application/json' })
  const problem = new Headers({ 'x-request-id': 'x', 'content-type': 'application/problem+json' })
  const get = '/v1/tables/T/get'
  const text = '{"item":{}}'
  checkAnswer('POST', get, { status: 200, headers, text })
  const wrong: [what: RegExp, answer: Parameters<typeof checkAnswer>[2]][] = [
    [/status 201/, { status: 201, headers, text }],
    [
      /content-type text\/html/,
      {
        status: 200,
        headers: new Headers({ ...Object.fromEntries(headers), 'content-type': 'text/html' }),
        text,
      },
    ],
    [
      /no header x-request-id/,
      { status: 200, headers: new Headers({ 'content-type': 'application/json' }), text },
    ],
    [/required property 'item'/, { status: 200, headers, text: '{}' }],
    [/additional properties/, { status: 200, headers, text: '{"item":{},"extra":1}' }],
    [/required property/, { status: 404, headers: problem, text: '{"code":"ItemNotFound"}' }],
  ]
  for (const [what, answer] of wrong) {
    t.throws(
      () => {
        checkAnswer('POST', get, answer)
      },
      { message: what },
    )
  }
})

t.test('every request example gets the response example', needsDynamoDB, async (t) => {
  const service = await startService(t)
  // Tests run at the same time on one DynamoDB Local, so each example gets its own tables.
  const named = (text: string, names: Readonly<Record<string, string>>) =>
    Object.entries(names).reduce((all, [from, to]) => all.replaceAll(from, to), text)
  const drop = (table: string) => service.request(`/v1/tables/${table}`, { method: 'DELETE' })

  for (const { path, method, operation } of operations.filter(({ operation }) => !isFeed(operation))) {
    const bodies = Object.entries(operation.requestBody?.content ?? { '': {} })
    for (const [mediaType, { examples = { '': { value: undefined } } }] of bodies) {
      for (const [name, { value }] of Object.entries(examples)) {
        await t.test([operation.operationId, mediaType, name].join(' '), async (t) => {
          const suffix = `-${randomUUID()}`
          const tables = ['Orders', 'Customers', 'Baskets']
          const names = Object.fromEntries(tables.map((table) => [table, table + suffix]))
          const back = Object.fromEntries(tables.map((table) => [table + suffix, table]))
          await createDemoTables(service.storage, suffix)
          t.teardown(() => Promise.all(Object.values(names).map(drop)))
          const { parameters = [] } = operation
          const url = path.replace(/\{(\w+)\}/g, (_all, parameter: string) => {
            const example = parameters.find((one) => one.name === parameter)?.example
            return encodeURIComponent(example ?? t.fail(`${parameter} has no example`))
          })
          // The page at /docs also sends the examples of optional parameters.
          const given = (where: string) =>
            parameters.flatMap((one) =>
              one.in === where && one.example !== undefined ? [[one.name, String(one.example)] as const] : [],
            )
          const search = new URLSearchParams(Object.fromEntries(given('query'))).toString()
          if (operation.requestBody !== undefined) t.not(value, undefined, 'the request has an example')

          const answer = await service.request(named(`${url}?${search}`, names), {
            method,
            headers: {
              ...Object.fromEntries(given('header')),
              ...(value !== undefined && { 'content-type': mediaType }),
            },
            ...(value !== undefined && {
              body: typeof value === 'string' ? named(value, names) : named(JSON.stringify(value), names),
            }),
          })
          t.ok(answer.status < 300, answer.text)
          const { content = {} } = operation.responses[answer.status] ?? {}
          const expected = content[answer.headers.get('content-type') ?? '']?.examples?.[name || 'example1']
          // The list of tables depends on the other tests.
          if (expected === undefined || operation.operationId === 'listTables') return
          // A token is opaque, and that of another table is another one.
          const token = /"nextPageToken":"([\w-]+)"/
          const [, example = ''] = token.exec(JSON.stringify(expected.value)) ?? []
          const answered = named(answer.text, back).replace(token, `"nextPageToken":"${example}"`)
          t.match(JSON.parse(answered), expected.value)
        })
      }
    }
  }
})

t.test('every pattern is simple enough for the page at /docs to generate an example quickly', async (t) => {
  const patterns = [...yaml.matchAll(/^ +pattern: (.+)$/gm)].map(([, pattern = '']) => pattern)
  for (const pattern of patterns)
    t.notMatch(pattern, /[*+]|\)\{/, 'no unbounded repetition and no repeated group')
})

t.test('every operation has a description, and every JSON body an example', async (t) => {
  for (const { operation } of operations) {
    t.match(operation.description, /\.$/, operation.operationId)
    const bodies = [operation.requestBody ?? {}, ...Object.values(operation.responses)]
    for (const body of bodies as { content?: Record<string, Media> }[]) {
      for (const [mediaType, { examples }] of Object.entries(body.content ?? {})) {
        if (!mediaType.endsWith('json') || /^openapi.*Json$/.test(operation.operationId)) continue
        t.ok(examples, `${operation.operationId} ${mediaType}`)
      }
    }
  }
})

t.test('the generated files of the clients are what npm run openapi writes', async (t) => {
  for (const [path, content] of await clientFiles(yaml)) {
    t.equal(readFileSync(join(packageRoot, path), 'utf8'), content, path)
  }
})

t.test(
  'the ready-made clients have a method for each operation, and the version of the service',
  async (t) => {
    // HTTP clients have readers of their own for these.
    const feeds = new Set(operations.filter(({ operation }) => isFeed(operation)).map(({ path }) => path))
    const inApi = operations
      .filter(({ path }) => path.startsWith('/v1/') && !feeds.has(path))
      .map(({ operation }) => operation.operationId)
    const client: object = createClient({ baseUrl: 'http://127.0.0.1:9' })
    const python = readFileSync(
      join(packageRoot, 'clients/python/src/dynamodb_storage/operations.py'),
      'utf8',
    )
    for (const id of inApi) {
      t.ok(id in client, id)
      t.match(python, `    def ${id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}(`)
    }
    const { version } = JSON.parse(
      readFileSync(join(packageRoot, 'clients/typescript/package.json'), 'utf8'),
    ) as { version: string }
    t.equal(version, serviceVersion)
    t.match(
      readFileSync(join(packageRoot, 'clients/python/pyproject.toml'), 'utf8'),
      `\nversion = "${serviceVersion}"\n`,
    )
  },
)
