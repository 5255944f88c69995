/**
 * Request bodies. A body is read into an object whose items are already DynamoDB's JSON. The schema validates that
 * object, and it becomes DynamoDB's request.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  type Json,
  JsonReader,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
  parse,
} from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
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
    // A plain assignment to `__proto__` would vanish.
    if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true })
    else object[name] = value
  }
  return object
}

/**
 * Writes a body that {@link readBody} has read and its schema has found valid as DynamoDB's request.
 * `members` are put in front of its own, as they are.
 */
export function writeRequest(
  body: object,
  shape: Shape,
  members: Readonly<Record<string, string | number>> = {},
): Json {
  writer.clear()
  writer.byte(OPEN_BRACE)
  for (const [name, value] of Object.entries(members)) {
    if (writer.length > 1) writer.byte(COMMA)
    writer.text(`"${name}":${JSON.stringify(value)}`)
  }
  writeMembers(body, shape, writer.length === 1)
  return writer.take()
}

/** Writes a part of a body that {@link readBody} has read as DynamoDB's JSON. */
function writeValue(value: unknown, shape: Shape): void {
  if (shape.kind === 'item' && Buffer.isBuffer(value)) writer.copy(value)
  else if (shape.kind === 'list' && Array.isArray(value)) {
    writer.byte(OPEN_BRACKET)
    for (const [index, element] of value.entries()) {
      if (index > 0) writer.byte(COMMA)
      writeValue(element, shape.elements)
    }
    writer.byte(CLOSE_BRACKET)
  } else if (
    (shape.kind === 'struct' || shape.kind === 'map') &&
    typeof value === 'object' &&
    value !== null
  ) {
    writer.byte(OPEN_BRACE)
    writeMembers(value, shape)
  } else writer.text(JSON.stringify(value))
}

/** Members and the closing brace. */
function writeMembers(object: object, shape: Shape, first = true): void {
  for (const [name, value] of Object.entries(object)) {
    const field = shape.kind === 'struct' ? shape.fields.get(name) : undefined
    const inner = shape.kind === 'map' ? shape.values : field?.shape
    if (inner === undefined) continue
    if (!first) writer.byte(COMMA)
    first = false
    writer.text(field?.writtenForDynamoDB ?? `${JSON.stringify(name)}:`)
    writeValue(value, inner)
  }
  writer.byte(CLOSE_BRACE)
}
