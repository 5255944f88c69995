/**
 * `application/vnd.dynamodb+json`: items as DynamoDB writes them itself. They pass through as text; on the way
 * in each value is checked to be exactly one AttributeValue, because DynamoDB ignores what it does not know:
 * of `{"S": "a", "n": "1"}` it would keep half and say nothing.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  type JsonReader,
  type JsonText,
  LETTER_F,
  LETTER_T,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json-text.js'
import { readBase64, readNumberString, readString } from './attribute-value.js'

/** How the content of each type is read; nothing is kept of it, as the whole text passes through. */
const types = new Map<string, (reader: JsonReader, depth: number) => unknown>([
  ['"S"', (reader) => readString(reader, 'a string')],
  ['"N"', readNumberString],
  ['"B"', readBase64],
  [
    '"BOOL"',
    (reader) => (reader.peek() === LETTER_F ? reader.literal('false') : readTrue(reader, 'true or false')),
  ],
  ['"NULL"', (reader) => readTrue(reader, 'true')],
  ['"M"', checkAttributes],
  [
    '"L"',
    (reader, depth) => {
      checkArray(reader, depth, checkValue)
    },
  ],
  [
    '"SS"',
    (reader, depth) => {
      checkArray(reader, depth, (r) => readString(r, 'a string'))
    },
  ],
  [
    '"NS"',
    (reader, depth) => {
      checkArray(reader, depth, readNumberString)
    },
  ],
  [
    '"BS"',
    (reader, depth) => {
      checkArray(reader, depth, readBase64)
    },
  ],
])

/** Reads a map of names to AttributeValues as a caller sent it, and gives it as it stands. */
export function checkItem(reader: JsonReader): JsonText {
  reader.peek()
  const start = reader.position
  checkAttributes(reader, 0)
  return reader.text.slice(start, reader.position)
}

/** Reads a map of names to AttributeValues as DynamoDB sent it, and gives it as it stands. */
export function copyItem(reader: JsonReader): JsonText {
  return reader.value()
}

function readTrue(reader: JsonReader, what: string): JsonText {
  if (reader.peek() !== LETTER_T) reader.fail(`must be ${what}`)
  return reader.literal('true')
}

function checkAttributes(reader: JsonReader, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an object')
  reader.descend(depth)
  const names = new Names()
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    names.add(reader, reader.name())
    checkValue(reader, depth + 1)
  }
}

function checkValue(reader: JsonReader, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an AttributeValue, such as {"S": "text"}')
  const start = reader.position
  reader.descend(depth)
  if (!reader.next(CLOSE_BRACE, true)) reader.fail('must have a type, such as {"S": "text"}', start)
  const type = reader.name()
  const check = types.get(type)
  if (check === undefined) return reader.fail(`has ${type}, which is no type of an AttributeValue`, start)
  reader.peek()
  check(reader, depth + 1)
  if (reader.next(CLOSE_BRACE, false)) reader.fail('must have exactly one type', start)
}

function checkArray(
  reader: JsonReader,
  depth: number,
  check: (reader: JsonReader, depth: number) => unknown,
): void {
  if (reader.peek() !== OPEN_BRACKET) reader.fail('must be an array')
  reader.descend(depth)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) check(reader, depth + 1)
}
