/**
 * `application/json`: items as plain JSON documents. Both directions go from bytes to bytes in one pass: strings are
 * copied with their escapes and numbers with their digits, and no value is ever built.
 *
 * | AttributeValue | document |
 * |---|---|
 * | S, BOOL, NULL, L, M | string, true/false, null, array, object |
 * | N | number, digit by digit |
 * | B, SS, NS, BS | `{"$binary": "<base64>"}`, `{"$stringSet": […]}`, `{"$numberSet": […]}`, `{"$binarySet": […]}` |
 * | an M with just one of these names, or `$map` | `{"$map": {…}}` |
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DIGIT_0,
  DIGIT_9,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../json/character-codes.js'
import { Names } from '../json/names.js'
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { checkBase64, readNumberString, readString, readType, readUsualType } from './attribute-value.js'
import { checkItemSize, checkNumberLength, enterLevel } from './limits.js'
import { forgetTags, readTag } from './tags.js'

type Transfer = (reader: JsonReader, writer: JsonWriter, depth: number) => void

/** How the content of a tag becomes the content of an AttributeValue, which begins with `begin`. */
interface Tag {
  readonly begin: string
  readonly decode: Transfer
}

const tags: ReadonlyMap<string, Tag> = new Map([
  ['$binary', { begin: '{"B":', decode: copyChecked(checkBase64) }],
  ['$stringSet', { begin: '{"SS":', decode: setOf(copyChecked((reader) => readString(reader, 'a string'))) }],
  ['$numberSet', { begin: '{"NS":', decode: setOf(decodeNumber) }],
  ['$binarySet', { begin: '{"BS":', decode: setOf(copyChecked(checkBase64)) }],
  ['$map', { begin: '{"M":', decode: decodeAttributes }],
])

/**
 * Reads an item, a key or expression attribute values as a document, `{"id":"a"}`, and writes them as a map of names to
 * AttributeValues, `{"id":{"S":"a"}}`.
 * @throws JsonError if the next value is not such a document
 */
export function decodeItem(reader: JsonReader, writer: JsonWriter): void {
  try {
    decodeAttributes(reader, writer, 0)
    checkItemSize(reader, writer.length)
  } finally {
    forgetTags()
  }
}

/** Reads one value of a document, `"a"`, and writes it as an AttributeValue, `{"S":"a"}`. */
export function decodeAttribute(reader: JsonReader, writer: JsonWriter): void {
  try {
    decodeValue(reader, writer, 0)
  } finally {
    forgetTags()
  }
}

/** Reads what is in a tag, such as `["a"]` in `$stringSet`, and writes it as an AttributeValue, `{"SS":["a"]}`. */
export function decodeTagged(name: string, reader: JsonReader, writer: JsonWriter): void {
  const tag = tags.get(name)
  if (tag === undefined) throw new Error(`there is no tag ${name}`)
  writer.ascii(tag.begin)
  reader.peek()
  tag.decode(reader, writer, 0)
  writer.byte(CLOSE_BRACE)
}

function decodeAttributes(reader: JsonReader, writer: JsonWriter, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.mustBe('an object')
  enterLevel(reader, depth)
  writer.byte(OPEN_BRACE)
  const names = new Names(reader)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    names.add()
    copyName(reader, writer, first)
    decodeValue(reader, writer, depth + 1)
  }
  writer.byte(CLOSE_BRACE)
}

function decodeValue(reader: JsonReader, writer: JsonWriter, depth: number): void {
  checkItemSize(reader, writer.length)
  const code = reader.peek()
  const start = reader.position
  switch (code) {
    case QUOTE:
      reader.string()
      writer.ascii('{"S":')
      writer.copy(reader.bytes, start, reader.position)
      writer.byte(CLOSE_BRACE)
      return
    case OPEN_BRACE:
      decodeObject(reader, writer, depth)
      return
    case OPEN_BRACKET:
      enterLevel(reader, depth)
      writer.ascii('{"L":[')
      for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
        if (!first) writer.byte(COMMA)
        decodeValue(reader, writer, depth + 1)
      }
      writer.ascii(']}')
      return
    case LETTER_T:
      reader.literal('true')
      writer.ascii('{"BOOL":true}')
      return
    case LETTER_F:
      reader.literal('false')
      writer.ascii('{"BOOL":false}')
      return
    case LETTER_N:
      reader.literal('null')
      writer.ascii('{"NULL":true}')
      return
    default:
      reader.number()
      checkNumberLength(reader, start)
      writer.ascii('{"N":"')
      writer.copy(reader.bytes, start, reader.position)
      writer.ascii('"}')
  }
}

function decodeObject(reader: JsonReader, writer: JsonWriter, depth: number): void {
  const tag = readTag(reader, tags, depth)
  if (tag === undefined) {
    writer.ascii('{"M":')
    decodeAttributes(reader, writer, depth)
  } else {
    writer.ascii(tag.begin)
    reader.peek()
    tag.decode(reader, writer, depth)
    reader.expect(CLOSE_BRACE)
  }
  writer.byte(CLOSE_BRACE)
}

/** Checks the next value and copies its bytes. */
function copyChecked(check: (reader: JsonReader) => unknown): Transfer {
  return (reader, writer) => {
    reader.peek()
    const start = reader.position
    check(reader)
    writer.copy(reader.bytes, start, reader.position)
  }
}

function setOf(element: Transfer): Transfer {
  return (reader, writer, depth) => {
    if (reader.peek() !== OPEN_BRACKET) reader.mustBe('an array')
    reader.position++
    writer.byte(OPEN_BRACKET)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      if (!first) writer.byte(COMMA)
      element(reader, writer, depth)
      checkItemSize(reader, writer.length)
    }
    writer.byte(CLOSE_BRACKET)
  }
}

function decodeNumber(reader: JsonReader, writer: JsonWriter): void {
  const code = reader.peek()
  if (code !== MINUS && !(code >= DIGIT_0 && code <= DIGIT_9)) reader.mustBe('a number')
  const start = reader.position
  reader.number()
  checkNumberLength(reader, start)
  writer.byte(QUOTE)
  writer.copy(reader.bytes, start, reader.position)
  writer.byte(QUOTE)
}

/** Copies the name that was just read, with a comma before it, unless it is the first one, and a colon after it. */
function copyName({ bytes, nameStart, nameEnd }: JsonReader, writer: JsonWriter, first: boolean): void {
  // Without white space the comma and the colon are next to the name: all three are copied at once.
  const start = !first && bytes[nameStart - 1] === COMMA ? nameStart - 1 : nameStart
  if (!first && start === nameStart) writer.byte(COMMA)
  const isNext = bytes[nameEnd] === COLON
  writer.copy(bytes, start, isNext ? nameEnd + 1 : nameEnd)
  if (!isNext) writer.byte(COLON)
}

/**
 * Reads a map of names to AttributeValues, `{"id":{"S":"a"}}`, and writes it as a document, `{"id":"a"}`.
 * @throws JsonError if the next value is not such a map
 */
export function encodeItem(reader: JsonReader, writer: JsonWriter): void {
  try {
    encodeAttributes(reader, writer, 0)
  } finally {
    forgetTags()
  }
}

/** Reads one AttributeValue, `{"S":"a"}`, and writes it as it is in a document, `"a"`. */
export function encodeAttribute(reader: JsonReader, writer: JsonWriter): void {
  try {
    encodeValue(reader, writer, 0)
  } finally {
    forgetTags()
  }
}

function encodeAttributes(reader: JsonReader, writer: JsonWriter, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an object')
  reader.descend(depth)
  writer.byte(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    copyName(reader, writer, first)
    encodeValue(reader, writer, depth + 1)
  }
  writer.byte(CLOSE_BRACE)
}

/** Unlike those of callers, the sets of an answer have no limit: they may stand behind many MB of other items. */
function encodeNumberSet(reader: JsonReader, writer: JsonWriter): void {
  reader.expect(OPEN_BRACKET)
  writer.byte(OPEN_BRACKET)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
    if (!first) writer.byte(COMMA)
    readNumberString(reader, writer)
  }
  writer.byte(CLOSE_BRACKET)
}

function encodeValue(reader: JsonReader, writer: JsonWriter, depth: number): void {
  const type = readUsualType(reader) ?? readType(reader)
  const code = reader.peek()
  const { bytes, position: start } = reader
  switch (type) {
    case 'S':
      reader.string()
      writer.copy(bytes, start, reader.position)
      break
    case 'N':
      readNumberString(reader, writer)
      break
    case 'BOOL':
      reader.literal(code === LETTER_T ? 'true' : 'false')
      writer.copy(bytes, start, reader.position)
      break
    case 'NULL':
      reader.literal('true')
      writer.ascii('null')
      break
    case 'M': {
      const tag = code === OPEN_BRACE ? readTag(reader, tags, depth) : undefined
      reader.position = start
      if (tag !== undefined) writer.ascii('{"$map":')
      encodeAttributes(reader, writer, depth)
      if (tag !== undefined) writer.byte(CLOSE_BRACE)
      break
    }
    case 'L':
      reader.descend(depth)
      writer.byte(OPEN_BRACKET)
      for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
        if (!first) writer.byte(COMMA)
        encodeValue(reader, writer, depth + 1)
      }
      writer.byte(CLOSE_BRACKET)
      break
    case 'B':
      writer.ascii('{"$binary":')
      reader.string()
      writer.copy(bytes, start, reader.position)
      writer.byte(CLOSE_BRACE)
      break
    case 'NS':
      writer.ascii('{"$numberSet":')
      encodeNumberSet(reader, writer)
      writer.byte(CLOSE_BRACE)
      break
    case 'SS':
    case 'BS':
      writer.ascii(type === 'SS' ? '{"$stringSet":' : '{"$binarySet":')
      reader.value()
      writer.copy(bytes, start, reader.position)
      writer.byte(CLOSE_BRACE)
      break
  }
  reader.expect(CLOSE_BRACE)
}
