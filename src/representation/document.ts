/**
 * `application/json`: items as plain JSON documents. Text to text in one pass over it, in both directions:
 * strings are copied with their escapes, numbers with their digits, and no value is ever built.
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
  DIGIT_0,
  DIGIT_9,
  type JsonReader,
  type JsonText,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  mayBeTag,
  MINUS,
  Names,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  unquote,
} from '../json-text.js'
import { readBase64, readNumberString, readString } from './attribute-value.js'

/** The one-key objects that stand for the types that JSON lacks: how each becomes an AttributeValue. */
const tagged = new Map<string, (reader: JsonReader, depth: number) => JsonText>([
  ['$binary', (reader) => `{"B":${readBase64(reader)}}`],
  ['$stringSet', (reader) => `{"SS":${readSet(reader, (r) => readString(r, 'a string'))}}`],
  ['$numberSet', (reader) => `{"NS":${readSet(reader, (r) => `"${readNumber(r)}"`)}}`],
  ['$binarySet', (reader) => `{"BS":${readSet(reader, readBase64)}}`],
  ['$map', (reader, depth) => `{"M":${decodeAttributes(reader, depth)}}`],
])

/**
 * No item of DynamoDB's 400 KB has more characters than this as its JSON; reading stops there. A body of 16 MB
 * could otherwise grow to many times its size: `[1,1,…` becomes `{"L":[{"N":"1"},{"N":"1"},…`.
 */
const MAX_ITEM_LENGTH = 8 * 1024 * 1024

function checkLength(reader: JsonReader, text: JsonText): void {
  if (text.length > MAX_ITEM_LENGTH) reader.fail('is larger than any item can be')
}

/** Reads an item or a key as a document and gives its attributes as DynamoDB takes them: a map of names to AttributeValues. */
export function decodeItem(reader: JsonReader): JsonText {
  return decodeAttributes(reader, 0)
}

function decodeAttributes(reader: JsonReader, depth: number): JsonText {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an object')
  reader.descend(depth)
  const names = new Names()
  let attributes = ''
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    const name = reader.name()
    names.add(reader, name)
    attributes += `${first ? '' : ','}${name}:${decodeValue(reader, depth + 1)}`
    checkLength(reader, attributes)
  }
  return `{${attributes}}`
}

function decodeValue(reader: JsonReader, depth: number): JsonText {
  const code = reader.peek()
  switch (code) {
    case QUOTE:
      return `{"S":${reader.string()}}`
    case OPEN_BRACE:
      return decodeTagged(reader, depth) ?? `{"M":${decodeAttributes(reader, depth)}}`
    case OPEN_BRACKET:
      return decodeList(reader, depth)
    case LETTER_T:
      return `{"BOOL":${reader.literal('true')}}`
    case LETTER_F:
      return `{"BOOL":${reader.literal('false')}}`
    case LETTER_N:
      reader.literal('null')
      return '{"NULL":true}'
    default:
      // Only a number is left, or no value at all.
      return `{"N":"${reader.value()}"}`
  }
}

function decodeList(reader: JsonReader, depth: number): JsonText {
  reader.descend(depth)
  let list = ''
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
    list += (first ? '' : ',') + decodeValue(reader, depth + 1)
    checkLength(reader, list)
  }
  return `{"L":[${list}]}`
}

/** Undefined, with nothing read, where the object is an ordinary one. */
function decodeTagged(reader: JsonReader, depth: number): JsonText | undefined {
  const start = reader.position
  reader.position++
  // The usual object is told apart by the first character of its first name.
  if (reader.peek() === QUOTE && mayBeTag(reader.text.slice(reader.position, reader.position + 2))) {
    const decode = tagged.get(unquote(reader.name()))
    if (decode !== undefined) {
      const content = reader.position
      reader.skip(depth)
      if (reader.peek() === CLOSE_BRACE) {
        reader.position = content
        reader.peek()
        const value = decode(reader, depth + 1)
        reader.expect(CLOSE_BRACE)
        return value
      }
    }
  }
  reader.position = start
  return undefined
}

function readSet(reader: JsonReader, element: (reader: JsonReader) => JsonText): JsonText {
  if (reader.peek() !== OPEN_BRACKET) reader.fail('must be an array')
  reader.position++
  let set = ''
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
    set += (first ? '' : ',') + element(reader)
  }
  return `[${set}]`
}

function readNumber(reader: JsonReader): JsonText {
  const code = reader.peek()
  if (code !== MINUS && !(code >= DIGIT_0 && code <= DIGIT_9)) reader.fail('must be a number')
  return reader.number()
}

/** Reads a map of names to AttributeValues and gives it as a document. */
export function encodeItem(reader: JsonReader): JsonText {
  return encodeAttributes(reader, 0).text
}

function encodeAttributes(
  reader: JsonReader,
  depth: number,
): { text: JsonText; onlyName: JsonText | undefined } {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an object')
  reader.descend(depth)
  let attributes = ''
  let onlyName: JsonText | undefined
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    const name = reader.name()
    onlyName = first ? name : undefined
    attributes += `${first ? '' : ','}${name}:${encodeValue(reader, depth + 1)}`
  }
  return { text: `{${attributes}}`, onlyName }
}

function encodeValue(reader: JsonReader, depth: number): JsonText {
  reader.expect(OPEN_BRACE)
  const type = reader.name()
  reader.peek()
  const value = encodeContent(reader, type, depth)
  reader.expect(CLOSE_BRACE)
  return value
}

function encodeContent(reader: JsonReader, type: JsonText, depth: number): JsonText {
  switch (type) {
    case '"S"':
      return reader.string()
    case '"N"':
      return readNumberString(reader)
    case '"BOOL"':
      return reader.literal(reader.peek() === LETTER_T ? 'true' : 'false')
    case '"NULL"':
      reader.literal('true')
      return 'null'
    case '"M"': {
      const { text, onlyName } = encodeAttributes(reader, depth)
      return onlyName !== undefined && tagged.has(unquote(onlyName)) ? `{"$map":${text}}` : text
    }
    case '"L"': {
      reader.descend(depth)
      let list = ''
      for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
        list += (first ? '' : ',') + encodeValue(reader, depth + 1)
      }
      return `[${list}]`
    }
    case '"B"':
      return `{"$binary":${reader.string()}}`
    case '"SS"':
      return `{"$stringSet":${reader.value()}}`
    case '"NS"':
      return `{"$numberSet":${readSet(reader, readNumberString)}}`
    case '"BS"':
      return `{"$binarySet":${reader.value()}}`
    default:
      return reader.fail(`has ${type}, which is no type of an AttributeValue`)
  }
}
