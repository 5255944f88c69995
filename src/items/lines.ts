/**
 * `application/x-ndjson`: streams with one item a line, in both directions. A line is a document, or it has the format of
 * DynamoDB's exports (Developer Guide, "DynamoDB table export output format"), `{"Item":{"id":{"S":"u1"}}}`.
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
import { asAnswerError } from '../storage/errors.js'
import { document, ndjson, type Representation, typed } from './representation.js'
import type { Page, StreamFormat } from './stream-format.js'

/** Shared by all lines: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/** Streams of lines, each with one item. */
export const lines: StreamFormat = {
  ...ndjson,
  contentType: ndjson.mediaType,
  filler: '\n',
  open:
    ({ representation }) =>
    (page) =>
      readPage(page, representation),
}

/**
 * Reads DynamoDB's answer to a Query or a Scan.
 * @throws AnswerError if it is not such an answer
 */
export function readPage(json: Json, representation: Representation): Page {
  try {
    return pageOf(json, representation)
  } catch (error) {
    throw asAnswerError(error)
  }
}

function pageOf(json: Json, representation: Representation): Page {
  const [before, after] = representation.line
  const reader = new JsonReader(withoutLineFeeds(json))
  let lastEvaluatedKey: Json | undefined
  let count = 0
  writer.clear()
  eachMember(reader, (name) => {
    if (name === 'Items') {
      eachElement(reader, () => {
        writer.ascii(before)
        representation.encode(reader, writer)
        writer.ascii(after)
        count++
      })
    } else if (name === 'LastEvaluatedKey') lastEvaluatedKey = reader.take()
    else reader.value()
  })
  reader.end()
  return { bytes: writer.take(), count, lastEvaluatedKey }
}

/** In JSON a line feed can only be white space, but it would split an item. DynamoDB writes none. */
function withoutLineFeeds(json: Json): Json {
  return json.includes(LINE_FEED)
    ? Buffer.from(json.map((byte) => (byte === LINE_FEED ? SPACE : byte)))
    : json
}

/**
 * The item of a line in DynamoDB's JSON; undefined if the line is empty.
 * @throws JsonError if the line is not an item
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
 * Whether a line has the format of an export, `{"Item":{"id":{…},…}}`; the reader is then in front of the inner object.
 * Such a line could also be a document whose only attribute, and so its key, is called `Item`. A key cannot be a map, but
 * it can be binary, `{"Item":{"$binary":"AA=="}}`. So the first member of the inner object must be an object.
 */
function enterExported(reader: JsonReader): boolean {
  const start = reader.position
  const content = positionOfItem(reader)
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

/** The position of the value of `Item`, if the next value is an object with this one member, an object. */
function positionOfItem(reader: JsonReader): number | undefined {
  if (reader.peek() !== OPEN_BRACE) return undefined
  reader.position++
  if (reader.peek() !== QUOTE) return undefined
  // Nearly all documents have another first name.
  const first = reader.bytes[reader.position + 1]
  if (first !== CAPITAL_I && first !== BACKSLASH) return undefined
  reader.name()
  if (reader.nameText() !== 'Item' || reader.peek() !== OPEN_BRACE) return undefined
  const content = reader.position
  reader.value()
  return reader.peek() === CLOSE_BRACE ? content : undefined
}
