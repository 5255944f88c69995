/**
 * The bodies around items. A request is read into an object whose items are already DynamoDB's JSON, is validated, and
 * is written as DynamoDB's request. An answer goes from bytes to bytes.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  eachMember,
  type Json,
  JsonReader,
  LETTER_N,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
  parse,
} from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { toFieldName } from './field-names.js'
import type { Representation } from './representation.js'
import type { Shape } from './shape.js'
import { sortItem } from './sorted.js'

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
    representation.readItem(reader, writer)
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

/** An answer as a caller gets it. */
export interface Answer {
  readonly json: Json
  /** Of its members. */
  readonly names: readonly string[]
}

/**
 * Translates DynamoDB's answer to the fields and the representation of a caller. Fields that DynamoDB has and
 * `shape` has not are passed on under their lower-camel-case names: nothing is dropped.
 * @throws JsonError if the answer is no such JSON
 */
export function readAnswer(json: Json, shape: Shape, representation: Representation): Answer {
  const names: string[] = []
  const reader = new JsonReader(json)
  writer.clear()
  writer.byte(OPEN_BRACE)
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    if (!first) writer.byte(COMMA)
    names.push(translateMember(reader, shape, representation))
  }
  reader.end()
  writer.byte(CLOSE_BRACE)
  return { json: writer.take(), names }
}

/**
 * The item that stands in DynamoDB's answer under a name, alone, as a caller gets it: the same bytes for the same
 * content. Undefined if there is none.
 * @throws JsonError if the answer is no such JSON
 */
export function readItem(json: Json, dynamoDBName: string, representation: Representation): Json | undefined {
  // A copy, because it is put in order where it stands.
  const reader = new JsonReader(Buffer.from(json))
  let item: number | undefined
  eachMember(reader, (name) => {
    if (name === dynamoDBName) {
      item = reader.position
      sortItem(reader)
    } else reader.value()
  })
  reader.end()
  if (item === undefined) return undefined
  reader.position = item
  writer.clear()
  representation.writeItem(reader, writer)
  return writer.take()
}

const description: Shape = { kind: 'description' }

/** Reads a member with one of DynamoDB's names and writes it as a caller sees it. Gives its name. */
function translateMember(reader: JsonReader, shape: Shape, representation: Representation): string {
  reader.name()
  const dynamoDBName = reader.nameText()
  const field = shape.kind === 'struct' ? shape.byDynamoDBName.get(dynamoDBName) : undefined
  const name = field?.name ?? toFieldName(dynamoDBName)
  writer.text(field?.written ?? `${JSON.stringify(name)}:`)
  translate(reader, field?.shape ?? description, representation)
  return name
}

/** Reads the value that comes next and writes it as a caller sees it. */
function translate(reader: JsonReader, shape: Shape, representation: Representation): void {
  const code = reader.peek()
  if (shape.kind === 'item' && code !== LETTER_N) representation.writeItem(reader, writer)
  else if (shape.kind !== 'plain' && code === OPEN_BRACE) {
    reader.position++
    writer.byte(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      if (!first) writer.byte(COMMA)
      if (shape.kind === 'map') {
        reader.name()
        writer.copy(reader.bytes, reader.nameStart, reader.nameEnd)
        writer.byte(COLON)
        translate(reader, shape.values, representation)
      } else translateMember(reader, shape, representation)
    }
    writer.byte(CLOSE_BRACE)
  } else if (shape.kind !== 'plain' && code === OPEN_BRACKET) {
    reader.position++
    writer.byte(OPEN_BRACKET)
    const inner = shape.kind === 'list' ? shape.elements : shape
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      if (!first) writer.byte(COMMA)
      translate(reader, inner, representation)
    }
    writer.byte(CLOSE_BRACKET)
  } else writer.copy(reader.take())
}
