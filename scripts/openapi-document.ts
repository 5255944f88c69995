/**
 * The description of the API (OpenAPI 3.1), made from what the service itself runs on: the routes as they are
 * registered, and the TypeBox schemas that validate their bodies. Nothing in it is written twice.
 */
import Fastify, { type RouteOptions } from 'fastify'
import { stringify } from 'yaml'
import { routes } from '../routes/index.js'
import { CODES, Problem } from '../schemas/problem.js'
import type { App } from '../src/fastify.js'
import { version } from '../src/package-root.js'
import { document, ndjson, type Representation, typed } from '../src/representation/media-type.js'
import { SHAPE } from '../src/representation/shape.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = Record<string, Json>

/** The parts of a route's schema that end up in the description. */
interface RouteSchema {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly params?: ObjectSchema
  readonly querystring?: ObjectSchema
  readonly headers?: ObjectSchema
  readonly body?: object
  readonly bodyLines?: object
  readonly response: Readonly<Record<string, object>>
  readonly responseLines?: object
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/** What an item is in each representation. */
const itemSchemas = new Map<Representation, string>([
  [document, 'Item'],
  [typed, 'TypedItem'],
])

const only = (type: string, schema: Json): Json => ({
  type: 'object',
  properties: { [type]: schema },
  required: [type],
  additionalProperties: false,
})
const base64: Json = { type: 'string', contentEncoding: 'base64' }
const digits: Json = {
  type: 'string',
  description: 'A number, as its digits.',
  examples: ['12345678901234567890.12'],
}
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
const arrayOf = (items: Json): Json => ({ type: 'array', items })

const fixedSchemas: JsonObject = {
  Item: {
    type: 'object',
    description:
      'An item as a plain document. Strings, booleans, null, arrays and objects are S, BOOL, NULL, L and M; a ' +
      'number is N with exactly its digits, up to 38. The other types are objects with one key: ' +
      '`{"$binary": "<base64>"}`, `{"$stringSet": […]}`, `{"$numberSet": […]}`, `{"$binarySet": […]}`; a map ' +
      'that would look like one of them is written `{"$map": {…}}`.',
    additionalProperties: true,
    examples: [{ id: 'u1', age: 36, tags: { $stringSet: ['a', 'b'] } }],
  },
  TypedItem: {
    type: 'object',
    description: 'An item as DynamoDB writes it itself.',
    additionalProperties: ref('AttributeValue'),
    examples: [{ id: { S: 'u1' }, age: { N: '36' }, tags: { SS: ['a', 'b'] } }],
  },
  AttributeValue: {
    description: 'A value with its type.',
    oneOf: [
      only('S', { type: 'string' }),
      only('N', digits),
      only('B', base64),
      only('BOOL', { type: 'boolean' }),
      only('NULL', { const: true }),
      only('M', ref('TypedItem')),
      only('L', arrayOf(ref('AttributeValue'))),
      only('SS', arrayOf({ type: 'string' })),
      only('NS', arrayOf(digits)),
      only('BS', arrayOf(base64)),
    ],
  },
}

/** The description as YAML, as it stands in `openapi.yaml`. */
export async function openapiYaml(): Promise<string> {
  const found: RouteOptions[] = []
  const app = Fastify()
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.decorate('config', { tableAdmin: true } as App['config'])
  app.addHook('onRoute', (route) => {
    found.push(route)
  })
  await app.register(routes)
  await app.close()

  const schemas: JsonObject = { ...fixedSchemas, Problem: inEither(plain(Problem)) }
  const paths: Record<string, JsonObject> = {}
  for (const { method, url, schema } of found) {
    if (schema === undefined || method === 'HEAD') continue
    const path = url.replace(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [String(method).toLowerCase()]: operationOf(schema as RouteSchema, schemas),
    }
  }
  return stringify(
    {
      openapi: '3.1.0',
      info: {
        title: 'dynamodb-storage-service',
        version,
        description: 'REST in front of DynamoDB, with retries, batches of any size and exact types.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: 'http://127.0.0.1:3000', description: 'As npm run dev and npm start listen' }],
      security: [],
      tags: ['Items', 'Batches', 'Transactions', 'Tables', 'Health'].map((name) => ({ name })),
      paths,
      components: { responses: { Problem: problemResponse }, schemas },
    },
    { lineWidth: 110, aliasDuplicateObjects: false },
  )
}

const requestIdHeader: Json = {
  'x-request-id': {
    description: 'The id of the request: the caller’s if it sent a sane one.',
    schema: { type: 'string' },
  },
}

const problemResponse: Json = {
  description: `Not done. The codes: ${Object.entries(CODES)
    .map(([code, { status }]) => `${status} \`${code}\``)
    .join(', ')}.`,
  headers: requestIdHeader,
  content: { 'application/problem+json': { schema: ref('Problem') } },
}

function operationOf(schema: RouteSchema, schemas: JsonObject): JsonObject {
  const { operationId, summary, description, tags, params, querystring, headers, body, response } = schema
  const { bodyLines, responseLines } = schema
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1)
  const parameters = [
    ...parametersOf('path', params),
    ...parametersOf('query', querystring),
    ...parametersOf('header', headers),
  ]
  const [[status, answer] = ['200', {}]] = Object.entries(response)
  return {
    operationId,
    summary,
    description,
    tags,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: contentOf(`${name}Request`, body, schemas) },
    }),
    ...(bodyLines !== undefined && { requestBody: { required: true, content: linesContent(bodyLines) } }),
    responses: {
      [status]: {
        description: 'Done.',
        headers: requestIdHeader,
        content: {
          ...contentOf(`${name}Answer`, answer, schemas),
          ...(responseLines !== undefined && linesContent(responseLines)),
        },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function parametersOf(where: string, schema: ObjectSchema | undefined): Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const { description = '', ...rest } = plain(property) as { description?: string } & JsonObject
    const required = schema?.required?.includes(name) ?? false
    return { name, in: where, required, description, schema: rest }
  })
}

function linesContent(schema: object): JsonObject {
  return { [ndjson.mediaType]: { schema: plain(schema) } }
}

/** The body in both representations, where it makes a difference. */
function contentOf(name: string, schema: object, schemas: JsonObject): JsonObject {
  const whole = plain(schema)
  if (!JSON.stringify(whole).includes(`"${SHAPE}":"item"`)) {
    schemas[name] = inEither(whole)
    return { [document.mediaType]: { schema: ref(name) } }
  }
  schemas[name] = withItems(whole, ref('Item'))
  schemas[`Typed${name}`] = withItems(whole, ref('TypedItem'))
  return {
    [document.mediaType]: { schema: ref(name) },
    [typed.mediaType]: { schema: ref(`Typed${name}`) },
  }
}

/** A schema without what TypeBox keeps in it for itself. */
function plain(schema: object): Json {
  return JSON.parse(JSON.stringify(schema)) as Json
}

function inEither(schema: Json): Json {
  return withItems(schema, { anyOf: [...itemSchemas.values()].map(ref) })
}

/** The schema with `item` wherever it has an item, and without our own keyword. */
function withItems(schema: Json, item: Json): Json {
  if (Array.isArray(schema)) return schema.map((element: Json) => withItems(element, item))
  if (typeof schema !== 'object' || schema === null) return schema
  const { [SHAPE]: shape, ...rest } = schema as JsonObject
  if (shape === 'item') return { ...(item as JsonObject), ...rest }
  return Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, withItems(inner, item)]))
}
