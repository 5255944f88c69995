/**
 * Request bodies. A body is read into an object whose items are already DynamoDB's JSON. The schema validates that
 * object, and it becomes DynamoDB's request.
 */
import { CLOSE_BRACE, CLOSE_BRACKET, LETTER_N, OPEN_BRACE, OPEN_BRACKET } from '../json/character-codes.js'
import { type Json, parse } from '../json/json.js'
import { Names } from '../json/names.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import type { DynamoDBRequest, Parameter } from '../storage/request.js'
import type { Representation } from './representation.js'
import type { Shape } from './shape.js'

/** Shared by all bodies: nothing waits between the first byte of an item and the last. */
const writer = new JsonWriter()

/** More unknown fields than this are not reported: one message has to hold them. */
const MAX_UNKNOWN_FIELDS = 10

export interface RequestBody {
  /** The body with its items as DynamoDB's {@link Json} and everything else as plain values. */
  readonly value: unknown
  /**
   * The first ten fields that the shape does not know, as texts such as `/transactItems/0 has an unknown field "foo"`.
   * The path is that of a {@link JsonError}. Empty if the shape knows all fields.
   */
  readonly unknownFields: readonly string[]
}

/** A body that cannot be read to its end, and the unknown fields that were found before. */
export class RequestBodyError extends JsonError {
  readonly unknownFields: readonly string[]

  constructor({ message, path }: JsonError, unknownFields: readonly string[]) {
    super(message, path)
    this.unknownFields = unknownFields
  }
}

/**
 * Reads a request body. Unknown fields are skipped and collected, so that all can be reported at once. A field that is
 * `null` is left out of the value; inside an item, null is a value.
 * @throws RequestBodyError if the bytes are not JSON, if a name occurs twice in one object, or if an item is not one
 */
export function readBody(json: Json, shape: Shape, representation: Representation): RequestBody {
  const reader = new JsonReader(json, { wellFormed: true })
  const bodyReader = new BodyReader(reader, representation)
  const { unknownFields } = bodyReader
  try {
    const value = bodyReader.read(shape)
    reader.end()
    return { value, unknownFields }
  } catch (error) {
    throw error instanceof JsonError ? new RequestBodyError(error, unknownFields) : error
  }
}

class BodyReader {
  readonly unknownFields: string[] = []
  readonly #reader: JsonReader
  readonly #representation: Representation
  /**
   * The place of the next value, two numbers a level: the start and the end of a name, or an index and -1. Finding the
   * place in the bytes afterwards would mean walking the whole body for each unknown field.
   */
  readonly #path: number[] = []

  constructor(reader: JsonReader, representation: Representation) {
    this.#reader = reader
    this.#representation = representation
  }

  /** Reads the next value. Its nesting is that of the shape: deeper values are not read here. */
  read(shape: Shape): unknown {
    const reader = this.#reader
    if (shape.kind === 'item') {
      writer.clear()
      this.#representation.decode(reader, writer)
      return writer.take()
    }
    const code = reader.peek()
    if (code === OPEN_BRACE && (shape.kind === 'struct' || shape.kind === 'map')) return this.#object(shape)
    if (code === OPEN_BRACKET && shape.kind === 'list') return this.#list(shape.elements)
    // A value of another type than the shape wants is refused by the schema, which says what is right.
    return parse(reader.take())
  }

  #list(shape: Shape): unknown[] {
    const reader = this.#reader
    const list: unknown[] = []
    reader.expect(OPEN_BRACKET)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      list.push(this.#readAt(list.length, INDEX, shape))
    }
    return list
  }

  #object(shape: Extract<Shape, { kind: 'struct' | 'map' }>): object {
    const reader = this.#reader
    const names = new Names(reader)
    const object: Record<string, unknown> = {}
    reader.expect(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      names.add()
      const name = reader.nameText()
      if (shape.kind === 'map') {
        setProperty(object, name, this.#readAt(reader.nameStart, reader.nameEnd, shape.values))
        continue
      }
      const field = shape.fields.get(name)
      if (field === undefined) {
        this.#addUnknownField(name)
        reader.value()
      } else if (reader.peek() === LETTER_N) {
        // As in DynamoDB, a parameter that is null is absent. Serializers of many languages send it.
        reader.literal('null')
      } else object[field.name] = this.#readAt(reader.nameStart, reader.nameEnd, field.shape)
    }
    return object
  }

  #readAt(start: number, end: number, shape: Shape): unknown {
    this.#path.push(start, end)
    const value = this.read(shape)
    this.#path.pop()
    this.#path.pop()
    return value
  }

  #addUnknownField(name: string): void {
    if (this.unknownFields.length === MAX_UNKNOWN_FIELDS) return
    let path = ''
    for (let i = 0; i < this.#path.length; i += 2) {
      const [start = 0, end = 0] = this.#path.slice(i, i + 2)
      path += `/${end === INDEX ? start : this.#reader.bytes.toString('utf8', start + 1, end - 1)}`
    }
    this.unknownFields.push(`${path} has an unknown field ${JSON.stringify(name)}`)
  }
}

/** In a path, the end of a name that is none but an index. */
const INDEX = -1

/**
 * DynamoDB's request for a body that {@link readBody} has read and its schema has found valid. Fields get DynamoDB's
 * names, items stay Buffers, and nothing is serialized.
 * @param shape of the body
 * @param parameters of the request that do not come from the body, such as `{ TableName: 't' }`; they come first
 */
export function toRequest(body: object, shape: Shape, parameters: DynamoDBRequest = {}): DynamoDBRequest {
  if (!isRecord(body)) throw new TypeError('a request body must be an object')
  // Not a copy by spread: adding a property to one makes V8 create a hidden class each time, which costs a tenth of a put.
  const request: Record<string, Parameter> = {}
  for (const name of Object.keys(parameters)) request[name] = parameters[name]
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
