/** The operations of the ready-made clients, from the description of the API. */
import { isArray, isObject, type Json, type JsonObject } from '../openapi/json-value.js'

export interface ClientOperation {
  /** Its name in the description, such as `putItem`. */
  readonly id: string
  readonly method: string
  /** As in the description: `/v1/tables/{table}/put`. */
  readonly path: string
  readonly summary: string
  readonly pathParameters: readonly string[]
  /** The parameters in the query and the headers. */
  readonly options: readonly OptionParameter[]
  /** Undefined for an operation without a body. */
  readonly body: Body | undefined
  /** The JSON bodies of success, each as its schema; more than one if they differ by status. */
  readonly answers: readonly JsonObject[]
  /** Whether there is success without a body, such as 204 or 304. */
  readonly mayBeEmpty: boolean
  /** Whether it changes nothing, so that it may be sent again after a lost answer. */
  readonly reads: boolean
  /** Where the token of a page goes, if it answers pages of items. */
  readonly pages: 'body' | 'query' | undefined
}

interface OptionParameter {
  readonly name: string
  readonly in: 'query' | 'header'
  readonly required: boolean
  readonly description: string
  readonly schema: JsonObject
}

interface Body {
  readonly mediaType: string
  readonly schema: JsonObject
}

/** The iterator over the items of all pages: `queryItems`, and `listAllItems` for `listItems`. */
export const itemsIterator = (id: string): string =>
  id.includes('Items') ? id.replace('Items', 'AllItems') : `${id}Items`

/** Reads that are a POST, since their parameters are a body. Every other POST counts as a write. */
const READS = new Set(['getItem', 'query', 'scan', 'countItems', 'batchGetItem', 'transactGetItems'])

/** An answer without an end. Browsers and HTTP clients have readers of their own for server-sent events. */
const EVENTS = 'text/event-stream'

/** The description itself, pages for browsers and the probes are not for these clients. */
const isForClients = (path: string) => path.startsWith('/v1/')

/** @param description with one representation of items */
export function clientOperations(description: JsonObject): readonly ClientOperation[] {
  return entriesOf(description['paths'])
    .filter(([path, methods]) => isForClients(path) && !answersEvents(fieldsOf(fieldsOf(methods)['get'])))
    .flatMap(([path, methods]) =>
      entriesOf(methods).map(([method, operation]) =>
        clientOperation(path, method.toUpperCase(), fieldsOf(operation), description),
      ),
    )
}

function answersEvents({ responses }: JsonObject): boolean {
  return EVENTS in fieldsOf(fieldsOf(fieldsOf(responses)['200'])['content'])
}

function clientOperation(
  path: string,
  method: string,
  operation: JsonObject,
  description: JsonObject,
): ClientOperation {
  const id = textOf(operation['operationId'])
  const parameters = elementsOf(operation['parameters']).map(fieldsOf)
  const options = parameters.flatMap((parameter) => optionOf(parameter))
  const body = bodyOf(operation['requestBody'])
  const successes = entriesOf(operation['responses']).filter(([status]) => /^[23]/.test(status))
  const answers = successes.flatMap(([, response]): readonly JsonObject[] => {
    const answer = bodyOf(response)
    return answer === undefined ? [] : [answer.schema]
  })
  const has = (schema: JsonObject | undefined, field: string) =>
    schema !== undefined && field in fieldsOf(resolve(schema, description)['properties'])
  const hasPages = answers.some((answer) => has(answer, 'nextPageToken') && has(answer, 'items'))
  return {
    id,
    method,
    path,
    summary: textOf(operation['summary']),
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    options,
    body,
    answers: [...new Map(answers.map((answer) => [JSON.stringify(answer), answer])).values()],
    mayBeEmpty: successes.some(([, response]) => bodyOf(response) === undefined),
    reads: method === 'GET' || method === 'HEAD' || READS.has(id),
    pages: !hasPages
      ? undefined
      : has(body?.schema, 'pageToken')
        ? 'body'
        : options.some(({ name }) => name === 'pageToken')
          ? 'query'
          : undefined,
  }
}

function optionOf(parameter: JsonObject): readonly OptionParameter[] {
  const where = parameter['in']
  if (where !== 'query' && where !== 'header') return []
  return [
    {
      name: textOf(parameter['name']),
      in: where,
      required: parameter['required'] === true,
      description: textOf(parameter['description']),
      schema: fieldsOf(parameter['schema']),
    },
  ]
}

/** The first media type of a request body or a response. */
function bodyOf(body: Json | undefined): Body | undefined {
  const [first] = entriesOf(fieldsOf(body)['content'])
  if (first === undefined) return undefined
  return { mediaType: first[0], schema: fieldsOf(fieldsOf(first[1])['schema']) }
}

/** The schema that a reference names, or the schema itself. */
function resolve(schema: JsonObject, description: JsonObject): JsonObject {
  const { $ref } = schema
  return typeof $ref === 'string' ? fieldsOf(schemasOf(description)[nameOf($ref)]) : schema
}

export function schemasOf(description: JsonObject): JsonObject {
  return fieldsOf(fieldsOf(description['components'])['schemas'])
}

/** The name of a component. */
export function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

export function fieldsOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

export function entriesOf(value: Json | undefined): [string, Json][] {
  return Object.entries(fieldsOf(value))
}

export function elementsOf(value: Json | undefined): readonly Json[] {
  return isArray(value) ? value : []
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
