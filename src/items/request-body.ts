/**
 * Request bodies. A body is read into an object whose items are already DynamoDB's JSON. The schema validates that
 * object, and it becomes DynamoDB's request.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  type Json,
  JsonReader,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
  parse,
} from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import type { DynamoDBRequest, Parameter } from '../storage/request.js'
import type { Representation } from './representation.js'
import type { Shape } from './shape.js'

/** One for all: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/**
 * Reads a request body. Items come as {@link Json} of DynamoDB's, everything else as the value it is.
 * @throws JsonError if the bytes are not JSON, have a field that the shape does not know or a name twice in one
 *   object, or hold an item that is none
 */
export function readBody(json: Json, shape: Shape, representation: Representation): unknown {
  const reader = new JsonReader(json, { wellFormed: true })
  const body = readValue(reader, shape, representation)
  reader.end()
  return body
}

function readValue(reader: JsonReader, shape: Shape, representation: Representation): unknown {
  if (shape.kind === 'item') {
    writer.clear()
    representation.decode(reader, writer)
    return writer.take()
  }
  const code = reader.peek()
  if (code === OPEN_BRACE && (shape.kind === 'struct' || shape.kind === 'map')) {
    return readObject(reader, shape, representation)
  }
  if (code === OPEN_BRACKET && shape.kind === 'list') {
    reader.position++
    const list: unknown[] = []
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      list.push(readValue(reader, shape.elements, representation))
    }
    return list
  }
  return parse(reader.take())
}

function readObject(
  reader: JsonReader,
  shape: Extract<Shape, { kind: 'struct' | 'map' }>,
  representation: Representation,
): object {
  const start = reader.position++
  const names = new Names(reader)
  const object: Record<string, unknown> = {}
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    names.add()
    const name = reader.nameText()
    const inner = shape.kind === 'map' ? shape.values : shape.fields.get(name)?.shape
    // Before anything else is found wrong: a misspelt name explains why another one is missing.
    if (inner === undefined) return reader.fail(`has an unknown field ${JSON.stringify(name)}`, start)
    const value = readValue(reader, inner, representation)
    setProperty(object, name, value)
  }
  return object
}

/**
 * DynamoDB's request for a body that {@link readBody} has read and its schema has found valid. Fields get DynamoDB's
 * names, items stay Buffers, and nothing is serialized.
 * @param shape of the body
 * @param parameters of the request that do not come from the body, such as `{ TableName: 't' }`; they come first
 */
export function toRequest(body: object, shape: Shape, parameters: DynamoDBRequest = {}): DynamoDBRequest {
  if (!isRecord(body)) throw new TypeError('a request body must be an object')
  const request = { ...parameters }
  addParameters(request, body, shape)
  return request
}

function addParameters(to: Record<string, Parameter>, from: Values, shape: Shape): void {
  // A third cheaper than Object.entries, which counts in a batch of 10,000 entries.
  for (const name of Object.keys(from)) {
    if (shape.kind === 'struct') {
      const field = shape.fields.get(name)
      if (field !== undefined) to[field.dynamoDBName] = parameterOf(from[name], field.shape)
    } else setProperty(to, name, parameterOf(from[name], shape.kind === 'map' ? shape.values : plain))
  }
}

function parameterOf(value: unknown, shape: Shape): Parameter {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
  }
  if (value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) {
    const elements = shape.kind === 'list' ? shape.elements : plain
    return value.map((element) => parameterOf(element, elements))
  }
  if (!isRecord(value)) throw new TypeError(`a request body cannot hold a ${typeof value}`)
  const parameters: Record<string, Parameter> = {}
  addParameters(parameters, value, shape)
  return parameters
}

const plain: Shape = { kind: 'plain' }

type Values = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a property that may have any name: assigning to `__proto__` would set the prototype instead. */
function setProperty<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true })
  else object[name] = value
}
