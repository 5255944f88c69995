/**
 * DynamoDB's answers on their way to a caller, bytes to bytes: fields get the service's names, items get the caller's
 * representation.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { eachMember } from '../json/parts.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { toFieldName } from './field-names.js'
import type { Representation } from './representation.js'
import type { Shape } from './shape.js'
import { sortItem } from './sorted.js'

/** Shared by all answers: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/** An answer as a caller gets it. */
export interface Answer {
  /** An object, such as `{"item":{"id":"a"}}`. */
  readonly json: Json
  /** The names of its fields, such as `item`. */
  readonly names: readonly string[]
}

/**
 * Translates DynamoDB's answer, an object, to the field names and the representation of a caller. A field that `shape`
 * does not have is passed on under its name in lower camel case: DynamoDB may have added it since.
 * @throws JsonError if the answer is not JSON of this shape
 */
export function translateAnswer(json: Json, shape: Shape, representation: Representation): Answer {
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
 * The item that is the value of `dynamoDBName` in DynamoDB's answer, as a caller gets it; undefined if the answer has
 * none. Equal items become equal bytes, so that an entity tag can be made from them.
 * @throws JsonError if the answer is not such JSON
 */
export function itemIn(json: Json, dynamoDBName: string, representation: Representation): Json | undefined {
  // A copy, because the item is sorted in place.
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
  representation.encode(reader, writer)
  return writer.take()
}

const description: Shape = { kind: 'description' }

/** Reads a member under DynamoDB's name, writes it under the service's name, and returns that. */
function translateMember(reader: JsonReader, shape: Shape, representation: Representation): string {
  reader.name()
  const dynamoDBName = reader.nameText()
  const field = shape.kind === 'struct' ? shape.byDynamoDBName.get(dynamoDBName) : undefined
  const name = field?.name ?? toFieldName(dynamoDBName)
  writer.text(field?.written ?? `${JSON.stringify(name)}:`)
  translate(reader, field?.shape ?? description, representation)
  return name
}

/** Reads the next value and writes it as a caller gets it. */
function translate(reader: JsonReader, shape: Shape, representation: Representation): void {
  const code = reader.peek()
  if (shape.kind === 'item' && code !== LETTER_N) representation.encode(reader, writer)
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
