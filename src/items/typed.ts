/**
 * `application/vnd.dynamodb+json`: items in DynamoDB's own JSON. Their bytes are copied in both directions. On the way in
 * each value is checked to be exactly one AttributeValue, because DynamoDB ignores names that it does not know: of
 * `{"S": "a", "n": "1"}` it would silently keep only the first half.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  LETTER_F,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json/character-codes.js'
import { Names } from '../json/names.js'
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import {
  checkBase64,
  checkNumberString,
  readString,
  readType,
  readUsualType,
  type Type,
} from './attribute-value.js'
import { checkItemSize, enterLevel, MAX_ITEM_LEVELS } from './limits.js'

/** Each level has two brackets: those of a map or a list, and those of its AttributeValue. */
const MAX_BRACKETS = 2 * MAX_ITEM_LEVELS

type Check = (reader: JsonReader, depth: number) => void

const checkString: Check = (reader) => {
  readString(reader, 'a string')
}

/** The check of the content of each type. */
const checks: Readonly<Record<Type, Check>> = {
  S: checkString,
  N: checkNumberString,
  B: checkBase64,
  BOOL: (reader) => {
    if (reader.peek() === LETTER_F) reader.literal('false')
    else checkTrue(reader, 'true or false')
  },
  NULL: (reader) => {
    checkTrue(reader, 'true')
  },
  M: checkAttributes,
  L: (reader, depth) => {
    checkArray(reader, depth, checkValue)
  },
  SS: (reader, depth) => {
    checkArray(reader, depth, checkString)
  },
  NS: (reader, depth) => {
    checkArray(reader, depth, checkNumberString)
  },
  BS: (reader, depth) => {
    checkArray(reader, depth, checkBase64)
  },
}

/**
 * Reads a map of names to AttributeValues from a caller, checks it and copies it.
 * @throws JsonError if the next value is not such a map
 */
export function checkItem(reader: JsonReader, writer: JsonWriter): void {
  reader.peek()
  const start = reader.position
  checkAttributes(reader, 0)
  writer.copy(reader.bytes, start, reader.position)
}

/** As {@link checkItem}, for one AttributeValue. */
export function checkAttribute(reader: JsonReader, writer: JsonWriter): void {
  reader.peek()
  const start = reader.position
  checkValue(reader, 0)
  writer.copy(reader.bytes, start, reader.position)
}

/** Reads a map of names to AttributeValues, or one AttributeValue, from DynamoDB and copies it. */
export function copyItem(reader: JsonReader, writer: JsonWriter): void {
  writer.copy(reader.take())
}

function checkTrue(reader: JsonReader, what: string): void {
  if (reader.peek() !== LETTER_T) reader.mustBe(what)
  reader.literal('true')
}

function checkAttributes(reader: JsonReader, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.mustBe('an object')
  enterLevel(reader, depth, MAX_BRACKETS)
  const names = new Names(reader)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    names.add()
    checkValue(reader, depth + 1)
  }
}

function checkValue(reader: JsonReader, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.mustBe('an AttributeValue, such as {"S": "text"}')
  checkItemSize(reader)
  const start = reader.position
  enterLevel(reader, depth, MAX_BRACKETS)
  if (reader.peek() === CLOSE_BRACE) reader.fail('must have a type, such as {"S": "text"}', start)
  reader.position = start
  const check = checks[readUsualType(reader) ?? readType(reader)]
  reader.peek()
  check(reader, depth + 1)
  if (reader.next(CLOSE_BRACE, false)) reader.fail('must have exactly one type', start)
}

function checkArray(reader: JsonReader, depth: number, check: Check): void {
  if (reader.peek() !== OPEN_BRACKET) reader.mustBe('an array')
  enterLevel(reader, depth, MAX_BRACKETS)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) check(reader, depth + 1)
}
