/** What generators of clients need of openapi.yaml, for every schema in it. docs/clients.md names the generators. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { openapiYaml } from '../../scripts/openapi/document.js'
import { inRepresentation } from '../../src/explorer/one-representation.js'
import { document, typed } from '../../src/items/representation.js'
import { packageRoot } from '../../src/package-root.js'
import { startService } from '../helpers/service.js'

const redocly = join(packageRoot, 'node_modules/.bin/redocly')
const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }

type JsonObject = Readonly<Record<string, unknown>>

interface Body {
  readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>>
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly schema: JsonObject }[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonObject>> }
}

const whole = parse(await openapiYaml()) as Description & JsonObject
const { schemas } = whole.components
const operationsOf = ({ paths }: Description) =>
  Object.values(paths).flatMap((methods) => Object.values(methods))
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null

function resolve(schema: JsonObject): JsonObject {
  const { $ref } = schema
  return typeof $ref === 'string' ? (schemas[$ref.replace('#/components/schemas/', '')] ?? {}) : schema
}

const isMap = (schema: JsonObject) => {
  const { type, properties } = resolve(schema)
  return type === 'object' && properties === undefined
}
const isContainer = (schema: JsonObject) => isMap(schema) || resolve(schema)['type'] === 'array'

/** Every schema of the description, with the path to it. Examples are not schemas. */
function* schemasIn(value: unknown, path = ''): Generator<readonly [schema: JsonObject, path: string]> {
  if (!isObject(value)) return
  if (['type', '$ref', 'enum'].some((name) => typeof value[name] === 'string')) yield [value, path]
  for (const [name, inner] of Object.entries(value)) {
    if (!/^examples?$/.test(name)) yield* schemasIn(inner, `${path}/${name}`)
  }
}

t.test('every integer says whether it has 32 or 64 bits', async (t) => {
  for (const [{ type, format, minimum = -Infinity, maximum = Infinity }, path] of schemasIn(whole)) {
    if (type !== 'integer') continue
    const fits = Number(minimum) >= -(2 ** 31) && Number(maximum) < 2 ** 31
    if (path.startsWith('/components/headers/')) t.equal(format, 'int32', path)
    else t.equal(format, fits ? 'int32' : 'int64', path)
  }
})

t.test('an optional array or map of a request is a reference with a description', async (t) => {
  const seen = new Set<JsonObject>()
  const check = (schema: JsonObject, path: string): void => {
    const resolved = resolve(schema)
    if (seen.has(resolved)) return
    seen.add(resolved)
    const { properties = {}, required = [], items, additionalProperties } = resolved
    for (const [name, field] of Object.entries(properties as Readonly<Record<string, JsonObject>>)) {
      check(field, `${path}.${name}`)
      if (!isContainer(field) || (required as readonly string[]).includes(name)) continue
      t.ok(field['$ref'] && field['description'], `${path}.${name} needs a title and a description`)
    }
    if (isObject(items)) check(items, `${path}[]`)
    if (isObject(additionalProperties)) check(additionalProperties, `${path}.*`)
  }
  for (const { operationId, requestBody } of operationsOf(whole)) {
    for (const { schema } of Object.values(requestBody?.content ?? {})) check(schema, operationId)
  }
  t.ok(seen.size > 50)
})

t.test(
  'a map is a bare reference as a whole body, and no reference as the element of an array',
  async (t) => {
    for (const { operationId, requestBody = {}, responses } of operationsOf(whole)) {
      for (const { content = {} } of [requestBody, ...Object.values(responses)]) {
        for (const [mediaType, { schema }] of Object.entries(content)) {
          if (isMap(schema)) t.same(Object.keys(schema), ['$ref'], `${operationId} ${mediaType}`)
          t.notOk(
            schema['anyOf'] ?? schema['oneOf'],
            `${operationId} ${mediaType}: Java has no choice with a map in it`,
          )
        }
      }
    }
    for (const [schema, path] of schemasIn(whole)) {
      if (schema['$ref'] !== undefined && path.endsWith('/items')) t.notOk(isMap(schema), path)
    }
  },
)

t.test('lines are bytes, so that no generator takes them for JSON', async (t) => {
  for (const { operationId, requestBody = {}, responses } of operationsOf(whole)) {
    for (const { content = {} } of [requestBody, ...Object.values(responses)]) {
      for (const [mediaType, { schema }] of Object.entries(content)) {
        if (mediaType.includes('ndjson') || mediaType.includes('jsonl'))
          t.match(schema, { type: 'string', format: 'binary' }, operationId)
      }
    }
  }
})

t.test('no enumeration has the words true and false', async (t) => {
  for (const [{ enum: words }, path] of schemasIn(whole)) {
    if (Array.isArray(words)) t.notOk(words.includes('true'), path)
  }
  const parameters = operationsOf(whole).flatMap(({ parameters = [] }) => parameters)
  const flags = parameters.filter(({ name }) => name === 'consistentRead')
  t.not(flags.length, 0)
  for (const { schema } of flags) t.equal(schema['type'], 'boolean')
})

t.test('each representation has a valid description of its own, with every operation', async (t) => {
  const service = await startService(t, {}, 'http://127.0.0.1:9')
  for (const [name, representation] of [
    ['documents', document],
    ['typed', typed],
  ] as const) {
    await t.test(name, async (t) => {
      const yaml = await service.get(`/openapi.${name}.yaml`)
      t.equal(yaml.headers.get('content-type'), 'application/yaml')
      const only = parse(yaml.text) as Description & JsonObject
      t.same(only, inRepresentation(whole, representation))
      const json = await service.get(`/openapi.${name}.json`)
      t.match(json.headers.get('content-type'), /^application\/json/)
      t.same(JSON.parse(json.text), only)
      t.equal(only['openapi'], '3.1.0')

      const ids = (description: Description) =>
        operationsOf(description).map(({ operationId }) => operationId)
      t.same(ids(only), ids(whole), 'it has every operation')
      const before = operationsOf(whole)
      for (const [index, { operationId, requestBody, responses }] of operationsOf(only).entries()) {
        const bodies = { request: requestBody, ...responses }
        const all = { request: before[index]?.requestBody, ...before[index]?.responses }
        t.same(Object.keys(bodies), Object.keys(all), operationId)
        for (const [where, body] of Object.entries(bodies)) {
          const had = Object.keys(all[where as keyof typeof all]?.content ?? {})
          if (had.length === 0) continue
          const inBoth = [document, typed].every(({ mediaType }) => had.includes(mediaType))
          t.same(
            Object.keys(body?.content ?? {}),
            [inBoth ? representation.mediaType : had[0]],
            `${operationId} ${where}`,
          )
        }
      }
      const text = JSON.stringify(only)
      t.same(
        new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)),
        new Set(Object.keys(only.components.schemas)),
        'its components are those that it refers to',
      )
      t.equal('AttributeValue' in only.components.schemas, representation === typed)

      const file = join(t.testdir({ 'openapi.yaml': yaml.text }), 'openapi.yaml')
      await promisify(execFile)(redocly, ['lint', file], {
        cwd: packageRoot,
        env: { ...process.env, ...quiet },
      })
    })
  }
})
