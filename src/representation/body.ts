/**
 * The bodies around items. A request is read into an object whose items are already DynamoDB's JSON text, is
 * validated, and is written as DynamoDB's request. An answer goes from text to text.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  JsonReader,
  LETTER_N,
  type JsonText,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
  unquote,
} from '../json-text.js'
import { toFieldName } from './field-names.js'
import type { Representation } from './media-type.js'
import type { Shape } from './shape.js'

/**
 * Reads a request body. Items come as {@link JsonText} of DynamoDB's, everything else as the value it is.
 * @throws JsonTextError if the text is not JSON, has a field that the shape does not know or a name twice in one
 *   object, or holds an item that is none
 */
export function readBody(text: JsonText, shape: Shape, representation: Representation): unknown {
  const reader = new JsonReader(text, { wellFormed: true })
  const body = readValue(reader, shape, representation)
  reader.end()
  return body
}

function readValue(reader: JsonReader, shape: Shape, representation: Representation): unknown {
  const code = reader.peek()
  if (shape.kind === 'item') return representation.readItem(reader)
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
  return JSON.parse(reader.value())
}

function readObject(
  reader: JsonReader,
  shape: Extract<Shape, { kind: 'struct' | 'map' }>,
  representation: Representation,
): object {
  const start = reader.position++
  const names = new Names()
  const object: Record<string, unknown> = {}
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    const name = names.add(reader, reader.name())
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
): JsonText {
  const written = writeValue(body, shape)
  const first = Object.entries(members).map(([name, value]) => `"${name}":${JSON.stringify(value)}`)
  if (first.length === 0) return written
  return `{${first.join(',')}${written === '{}' ? '' : ','}${written.slice(1)}`
}

/** Writes a part of a body that {@link readBody} has read as DynamoDB's JSON. */
export function writeValue(value: unknown, shape: Shape): JsonText {
  if (shape.kind === 'item' && typeof value === 'string') return value
  if (shape.kind === 'list' && Array.isArray(value)) {
    return `[${value.map((element) => writeValue(element, shape.elements)).join(',')}]`
  }
  if ((shape.kind === 'struct' || shape.kind === 'map') && typeof value === 'object' && value !== null) {
    let written = ''
    for (const [name, inner] of Object.entries(value)) {
      if (shape.kind === 'map') written += `,${JSON.stringify(name)}:${writeValue(inner, shape.values)}`
      else {
        const field = shape.fields.get(name)
        if (field !== undefined) written += `,"${field.dynamoDBName}":${writeValue(inner, field.shape)}`
      }
    }
    return `{${written.slice(1)}}`
  }
  return JSON.stringify(value)
}

/** An answer, member by member, each as text. */
export type Members = Map<string, JsonText>

/**
 * Translates DynamoDB's answer to the fields and the representation of a caller. Fields that DynamoDB has and
 * `shape` has not are passed on under their lower-camel-case names: nothing is dropped.
 * @throws JsonTextError if the answer is no such JSON
 */
export function readAnswer(text: JsonText, shape: Shape, representation: Representation): Members {
  const answer: Members = new Map()
  const reader = new JsonReader(text)
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    const [name, inner] = fieldOf(unquote(reader.name()), shape)
    answer.set(name, translate(reader, inner, representation))
  }
  reader.end()
  return answer
}

/** The members as one JSON object. */
export function writeAnswer(answer: Members): JsonText {
  let written = ''
  for (const [name, value] of answer) written += `${written === '' ? '' : ','}"${name}":${value}`
  return `{${written}}`
}

const description: Shape = { kind: 'description' }

function fieldOf(dynamoDBName: string, shape: Shape): [name: string, shape: Shape] {
  const field = shape.kind === 'struct' ? shape.byDynamoDBName.get(dynamoDBName) : undefined
  return field === undefined ? [toFieldName(dynamoDBName), description] : [field.name, field.shape]
}

function translate(reader: JsonReader, shape: Shape, representation: Representation): JsonText {
  if (shape.kind === 'plain') return reader.value()
  const code = reader.peek()
  if (shape.kind === 'item' && code !== LETTER_N) return representation.writeItem(reader)
  if (code === OPEN_BRACE) {
    reader.position++
    let written = ''
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      const name = reader.name()
      if (shape.kind === 'map') {
        written += `${first ? '' : ','}${name}:${translate(reader, shape.values, representation)}`
      } else {
        const [field, inner] = fieldOf(unquote(name), shape)
        written += `${first ? '' : ','}"${field}":${translate(reader, inner, representation)}`
      }
    }
    return `{${written}}`
  }
  if (code === OPEN_BRACKET) {
    reader.position++
    const inner = shape.kind === 'list' ? shape.elements : shape
    let written = ''
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      written += (first ? '' : ',') + translate(reader, inner, representation)
    }
    return `[${written}]`
  }
  return reader.value()
}
