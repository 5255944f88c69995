/**
 * `application/x-ndjson`: an item a line, out and in. Each line is a document, or as DynamoDB's own exports have it
 * (Developer Guide, "DynamoDB table export output format"), `{"Item":{"id":{"S":"u1"}}}`.
 */
import { isUtf8 } from 'node:buffer'
import {
  BACKSLASH,
  CAPITAL_I,
  CLOSE_BRACE,
  END,
  LINE_FEED,
  OPEN_BRACE,
  QUOTE,
  SPACE,
} from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { eachElement, eachMember } from '../json/parts.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { document, type Representation, typed } from './representation.js'

const writer = new JsonWriter()

/** A page of a Query or a Scan. */
export interface Page {
  /** Its items, each with a line feed behind it. */
  readonly lines: Buffer
  /** In DynamoDB's JSON; undefined on the last page. */
  readonly lastEvaluatedKey: Json | undefined
}

/**
 * Reads DynamoDB's answer to a Query or a Scan.
 * @throws JsonError if it is no such JSON
 */
export function readPage(json: Json, representation: Representation): Page {
  const [before, after] = representation.line
  const reader = new JsonReader(withoutLineFeeds(json))
  let lastEvaluatedKey: Json | undefined
  writer.clear()
  eachMember(reader, (name) => {
    if (name === 'Items') {
      eachElement(reader, () => {
        writer.ascii(before)
        representation.encode(reader, writer)
        writer.ascii(after)
      })
    } else if (name === 'LastEvaluatedKey') lastEvaluatedKey = reader.take()
    else reader.value()
  })
  reader.end()
  return { lines: writer.take(), lastEvaluatedKey }
}

/** In JSON they can only be white space, in which an item would come apart. DynamoDB writes none. */
function withoutLineFeeds(json: Json): Json {
  return json.includes(LINE_FEED)
    ? Buffer.from(json.map((byte) => (byte === LINE_FEED ? SPACE : byte)))
    : json
}

/**
 * Reads a line and gives the item in DynamoDB's JSON; undefined if the line is empty.
 * @throws JsonError if it is no item
 */
export function readLine(line: Buffer): Json | undefined {
  const reader = new JsonReader(line, { wellFormed: true })
  if (reader.peek() === END) return undefined
  if (!isUtf8(line)) throw new JsonError('is not valid UTF-8', '')
  writer.clear()
  if (enterExported(reader)) {
    typed.decode(reader, writer)
    reader.expect(CLOSE_BRACE)
  } else document.decode(reader, writer)
  reader.end()
  return writer.take()
}

/**
 * Whether a line is `{"Item": {"id": {…}, …}}` and nothing besides; the reader is then in front of the inner object. Read as
 * a document, it would have a map for its only attribute, which would be its key, and no key can be a map. That of
 * `{"Item": {"$binary": "AA=="}}` can be binary: so what is in it must be objects, of which the first one tells.
 */
function enterExported(reader: JsonReader): boolean {
  const start = reader.position
  const content = endsAfterItem(reader)
  reader.position = content ?? start
  if (content === undefined) return false
  reader.position++
  if (reader.next(CLOSE_BRACE, true)) {
    reader.name()
    if (reader.peek() !== OPEN_BRACE) {
      reader.position = start
      return false
    }
  }
  reader.position = content
  return true
}

/** Where the object stands that is the only member, `Item`, of the object that comes next. */
function endsAfterItem(reader: JsonReader): number | undefined {
  if (reader.peek() !== OPEN_BRACE) return undefined
  reader.position++
  if (reader.peek() !== QUOTE) return undefined
  // Nearly all documents start with another name.
  const first = reader.bytes[reader.position + 1]
  if (first !== CAPITAL_I && first !== BACKSLASH) return undefined
  reader.name()
  if (reader.nameText() !== 'Item' || reader.peek() !== OPEN_BRACE) return undefined
  const content = reader.position
  reader.value()
  return reader.peek() === CLOSE_BRACE ? content : undefined
}
