/**
 * The description of the API (OpenAPI 3.1), made from what the service itself runs on: the routes as they are
 * registered, and the TypeBox schemas that validate their bodies. Nothing in it is written twice: the examples of errors
 * are those of `docs/errors.md`, and those in DynamoDB's own types are made from the documents.
 */
import { readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { join } from 'node:path'
import Fastify, { type RouteOptions } from 'fastify'
import * as Type from 'typebox'
import { Document, visit } from 'yaml'
import { routes } from '../../routes/index.js'
import { anyErrors, bodyErrors, callErrors } from '../../schemas/parts/errors.js'
import { type Code, CODES, Problem } from '../../schemas/problem.js'
import type { App } from '../../src/fastify.js'
import { packageRoot, version } from '../../src/package-root.js'
import { translateAnswer } from '../../src/items/answer.js'
import { readBody, toRequest } from '../../src/items/request-body.js'
import { document, ndjson, type Representation, typed } from '../../src/items/representation.js'
import { SHAPE, shapeOf } from '../../src/items/shape.js'
import { serialize } from '../../src/storage/request.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = Record<string, Json>

/** The parts of a route's schema that end up in the description. Those that Fastify does not know, it leaves alone. */
interface RouteSchema {
  /** Whether it is left out. */
  readonly hide?: boolean
  /** The name of the method in generated clients. */
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly params?: ObjectSchema
  readonly querystring?: ObjectSchema
  readonly headers?: ObjectSchema
  readonly body?: BodySchema
  /** A body of lines, which are no JSON as a whole. */
  readonly bodyLines?: BodySchema
  /** By status. */
  readonly response: Readonly<Record<string, AnswerSchema>>
  /** The answer as lines, for those who ask for them. */
  readonly responseLines?: BodySchema
  /** Codes of its own; those of any request, of a body and of a call of DynamoDB go without saying. */
  readonly errors?: readonly Code[]
  /** Whether the HEAD that Fastify makes of a GET is described too. */
  readonly head?: boolean
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, PropertySchema>>
  readonly required?: readonly string[]
}

interface PropertySchema {
  readonly description?: string
  readonly examples?: readonly Json[]
}

/**
 * A TypeBox schema of a body in JSON, which is described in both representations if there are items in it. `examples`
 * of it are documents, and `content` are the schemas of other media types, as Fastify has them.
 */
interface BodySchema {
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly Json[]
  readonly content?: Readonly<
    Record<string, { readonly schema: object; readonly examples?: readonly Json[] }>
  >
}

/** A body, or none at all if its type is `null`. */
interface AnswerSchema extends BodySchema {
  readonly type?: string
  /** By name, in lower case. */
  readonly headers?: Readonly<Record<string, PropertySchema>>
}

const tags: Readonly<Record<string, string>> = {
  Items: 'One item, and pages of them.',
  Batches: 'Any number of items, each for itself.',
  Transactions: 'Some items, all or nothing.',
  Tables: 'What tables there are. They are created and deleted with `TABLE_ADMIN=true` only.',
  Service: 'The service itself.',
}

const itemSchemas = new Map<Representation, string>([
  [document, 'Item'],
  [typed, 'TypedItem'],
])

const ref = (name: string, kind = 'schemas'): JsonObject => ({ $ref: `#/components/${kind}/${name}` })
const arrayOf = (items: Json, description: string): Json => ({ type: 'array', items, description })
// Generators make bytes of one or the other.
const base64: JsonObject = { type: 'string', format: 'byte', contentEncoding: 'base64' }

const schemasOfItems: JsonObject = {
  Item: {
    type: 'object',
    description:
      'An item as a plain document. Strings, booleans, null, arrays and objects are S, BOOL, NULL, L and M; a ' +
      'number is N with exactly its digits, up to 38. The other types are objects with one key: ' +
      '`{"$binary": "<base64>"}`, `{"$stringSet": […]}`, `{"$numberSet": […]}`, `{"$binarySet": […]}`; a map ' +
      'that would look like one of them is written `{"$map": {…}}`.',
    additionalProperties: true,
    examples: [{ customer: 'ada', placed: '2026-11-02', amount: 129.95, tags: { $stringSet: ['books'] } }],
  },
  TypedItem: {
    type: 'object',
    description: 'An item as DynamoDB writes it itself.',
    additionalProperties: ref('AttributeValue'),
    examples: [{ customer: { S: 'ada' }, placed: { S: '2026-11-02' }, amount: { N: '129.95' } }],
  },
  AttributeValue: {
    type: 'object',
    description: 'A value with its type: exactly one of these.',
    properties: {
      S: { type: 'string', description: 'A string.' },
      N: { type: 'string', description: 'A number, as its digits.', examples: ['12345678901234567890.12'] },
      B: { ...base64, description: 'Bytes, in base64.' },
      BOOL: { type: 'boolean', description: 'A boolean.' },
      NULL: { type: 'boolean', description: 'Null; always true.' },
      M: ref('TypedItem'),
      L: arrayOf(ref('AttributeValue'), 'A list.'),
      SS: arrayOf({ type: 'string' }, 'A set of strings.'),
      NS: arrayOf({ type: 'string' }, 'A set of numbers, as their digits.'),
      BS: arrayOf(base64, 'A set of bytes.'),
    },
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  },
}

const headers: JsonObject = {
  'x-request-id': {
    description: 'The id of the request: the caller’s own `x-request-id` if it sent a sane one.',
    required: true,
    schema: { type: 'string' },
    example: '7d5a0f4e-5b1c-4a57-9d0c-1f6f7f1e8b52',
  },
  'retry-after': {
    description: 'After how many seconds, at the earliest, to try again.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
}
const requestId = { 'x-request-id': ref('x-request-id', 'headers') }
const retryAfter = { 'retry-after': ref('retry-after', 'headers') }

/** The description as YAML, as it stands in `openapi.yaml`. */
export async function openapiYaml(): Promise<string> {
  const schemas: JsonObject = { ...schemasOfItems }
  const paths: Record<string, JsonObject> = {}
  const found = await registeredRoutes()
  for (const route of found) {
    const schema = route.schema as RouteSchema | undefined
    if (schema === undefined) throw new Error(`${route.url} has no schema`)
    if (schema.hide === true || (route.method === 'HEAD' && schema.head !== true)) continue
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [String(route.method).toLowerCase()]: operationOf(route, schema, schemas),
    }
  }
  withItems(Problem, document, schemas)
  return asYaml({
    openapi: '3.1.0',
    info: {
      title: 'dynamodb-storage-service',
      version,
      summary: 'REST in front of DynamoDB, with retries, batches of any size and exact types.',
      description:
        'Items stand in bodies in one of two representations: as documents in `application/json`, and with their ' +
        'types in `application/vnd.dynamodb+json`. `Content-Type` says how the request writes them, `Accept` how ' +
        'the answer shall; without it, as the request did. Numbers go through with exactly their digits; a client ' +
        'whose JSON library reads numbers into doubles gets them all in `application/vnd.dynamodb+json`, where ' +
        'they are strings.\n\n' +
        'Every error is `application/problem+json` with a `code` and says whether to send the request again. ' +
        'Every answer has `x-request-id`, which a caller may choose. The service does not ask who its callers are.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:3000', description: 'As npm run dev and npm start listen' }],
    security: [],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas, headers, examples: problemExamples(paths) },
  })
}

/** As YAML 1.2 which readers of YAML 1.1 take for nothing else: they have more words for booleans, and dates. */
function asYaml(value: JsonObject): string {
  const yaml = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  visit(yaml, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && /^\d{4}-\d/.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return yaml.toString({ lineWidth: 110 })
}

async function registeredRoutes(): Promise<readonly RouteOptions[]> {
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
  return found
}

function operationOf({ method, config }: RouteOptions, schema: RouteSchema, schemas: JsonObject): JsonObject {
  const { operationId, summary, description, params, querystring, body, bodyLines, response } = schema
  const name = operationId.charAt(0).toUpperCase() + operationId.slice(1)
  const head = method === 'HEAD'
  const parameters = [
    ...parametersOf('path', params, schemas),
    ...parametersOf('query', querystring, schemas),
    ...parametersOf('header', schema.headers, schemas),
  ]
  const codes: readonly Code[] = [
    ...anyErrors,
    ...(config?.api === true ? callErrors : []),
    ...((body ?? bodyLines) === undefined ? [] : bodyErrors),
    ...(schema.errors ?? []),
  ]
  return {
    operationId: head ? `head${name}` : operationId,
    summary: head ? `${summary}, without the body` : summary,
    description,
    tags: schema.tags,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: contentOf(`${name}Request`, body, schemas) },
    }),
    ...(bodyLines !== undefined && { requestBody: { required: true, content: linesContent(bodyLines) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(response).map(([status, answer]) => [
          status,
          answerOf(`${name}Answer`, answer, schema.responseLines, head, schemas),
        ]),
      ),
      ...problemsOf(codes, head),
    },
  }
}

function parametersOf(where: string, schema: ObjectSchema | undefined, schemas: JsonObject): Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const required = schema?.required?.includes(name) ?? false
    return { name, in: where, required, ...withExample(property, schemas) }
  })
}

/** What a parameter and a header are beside their name. */
function withExample(property: PropertySchema, schemas: JsonObject): JsonObject {
  const { description = '', examples: [example] = [], ...schema } = property
  return {
    description,
    schema: withItems(schema, document, schemas),
    ...(example !== undefined && { example }),
  }
}

function answerOf(
  name: string,
  answer: AnswerSchema,
  lines: BodySchema | undefined,
  head: boolean,
  schemas: JsonObject,
): JsonObject {
  const { headers = {}, ...body } = answer
  return {
    description: answer.description ?? 'Done.',
    headers: {
      ...requestId,
      ...Object.fromEntries(
        Object.entries(headers).map(([header, schema]) => [
          header,
          { required: !Type.IsOptional(schema), ...withExample(schema, schemas) },
        ]),
      ),
    },
    ...(!head &&
      body.type !== 'null' && {
        content: { ...contentOf(name, body, schemas), ...(lines && linesContent(lines)) },
      }),
  }
}

/** The errors with these codes, by their status. */
function problemsOf(codes: readonly Code[], head: boolean): JsonObject {
  const statuses = [...new Set(codes.map((code) => CODES[code].status))].sort((one, other) => one - other)
  return Object.fromEntries(
    statuses.map((status) => {
      const those = Object.entries(CODES).filter(
        ([code, entry]) => entry.status === status && codes.includes(code as Code),
      )
      const content = {
        'application/problem+json': {
          schema: ref('Problem'),
          examples: Object.fromEntries(those.map(([code]) => [code, ref(code, 'examples')])),
        },
      }
      return [
        status,
        {
          description: `${STATUS_CODES[status] ?? ''}.\n${those.map(([code, { title }]) => `- \`${code}\`: ${title}.`).join('\n')}`,
          headers: { ...requestId, ...([429, 503, 504].includes(status) && retryAfter) },
          ...(!head && { content }),
        },
      ]
    }),
  )
}

/** What the page of errors shows that the service has really answered, for the codes that stand in the paths. */
function problemExamples(paths: Json): JsonObject {
  const used = JSON.stringify(paths)
  const page = readFileSync(join(packageRoot, 'docs', 'errors.md'), 'utf8')
  const examples = [...page.matchAll(/^### (\w+)\n\n```http\n[^{]*(\{.*?\n\})\n```/gms)]
    .filter(([, code = '']) => used.includes(`#/components/examples/${code}"`))
    .map(([, code = '', json = '']) => [
      code,
      { summary: CODES[code as Code].title, value: JSON.parse(json) as Json },
    ])
  return Object.fromEntries(examples) as JsonObject
}

/** A body by its media types: in both representations, where it makes a difference, and what else there is. */
function contentOf(name: string, schema: BodySchema, schemas: JsonObject): JsonObject {
  const { examples, content = {}, ...body } = schema
  const others = Object.entries(content).map(([mediaType, { schema, examples }]) => [
    mediaType,
    { schema: withItems(schema, document, schemas), ...examplesOf(examples) },
  ])
  return {
    ...(Object.keys(body).some((key) => key !== 'description') && jsonContent(name, body, examples, schemas)),
    ...(Object.fromEntries(others) as JsonObject),
  }
}

function linesContent({ examples, ...schema }: BodySchema): JsonObject {
  return { [ndjson.mediaType]: { schema: plain(schema), ...examplesOf(examples) } }
}

function jsonContent(
  name: string,
  body: BodySchema,
  examples: readonly Json[] | undefined,
  schemas: JsonObject,
): JsonObject {
  const isItem = SHAPE in body && body[SHAPE] === 'item'
  const schema = isItem ? body : { title: name, ...body }
  const inDocuments = { schema: withItems(schema, document, schemas), ...examplesOf(examples) }
  if (!hasItems(body)) return { [document.mediaType]: inDocuments }
  return {
    [document.mediaType]: inDocuments,
    [typed.mediaType]: {
      schema: withItems(schema, typed, schemas),
      ...examplesOf(examples?.map((example) => inTypes(example, body))),
    },
  }
}

function examplesOf(examples: readonly Json[] | undefined): JsonObject {
  if (examples === undefined) return {}
  return { examples: Object.fromEntries(examples.map((value, i) => [`example${i + 1}`, { value }])) }
}

/** An example in DynamoDB's own types, by the way that a body takes through the service. */
function inTypes(example: Json, schema: object): Json {
  const whole = Type.Object({ value: schema })
  const shape = shapeOf(whole)
  const { value: body } = readBody(Buffer.from(JSON.stringify({ value: example })), shape, document)
  const { json } = translateAnswer(serialize(toRequest(body as object, shape)), shape, typed)
  return (JSON.parse(json.toString()) as { value: Json }).value
}

/** A schema without what TypeBox keeps in it for itself. */
function plain(schema: object): JsonObject {
  return JSON.parse(JSON.stringify(schema)) as JsonObject
}

function hasItems(schema: object): boolean {
  return JSON.stringify(schema).includes(`"${SHAPE}":"item"`)
}

/**
 * The schema in a representation. What has a title becomes a component of that name, with `Typed` in front where items
 * are in it and stand with their types; in its place stands a reference.
 */
function withItems(schema: object, representation: Representation, schemas: JsonObject): Json {
  const { title, [SHAPE]: shape, ...rest } = plain(schema)
  if (shape === 'item') return { ...ref(itemSchemas.get(representation) ?? ''), ...rest }
  const inner: JsonObject = { ...rest }
  for (const keyword of ['items', 'additionalProperties']) {
    const value = rest[keyword]
    if (isObject(value)) inner[keyword] = withItems(value, representation, schemas)
  }
  if (isObject(rest['properties'])) {
    inner['properties'] = Object.fromEntries(
      Object.entries(rest['properties']).map(([name, property]) => [
        name,
        isObject(property) ? withItems(property, representation, schemas) : property,
      ]),
    )
  }
  if (typeof title !== 'string') return inner
  const name = representation === typed && hasItems(schema) ? `Typed${title}` : title
  if (JSON.stringify(schemas[name] ?? inner) !== JSON.stringify(inner)) {
    throw new Error(`two schemas have the title ${title}`)
  }
  schemas[name] = inner
  return ref(name)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
