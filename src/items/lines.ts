/**
 * `application/x-ndjson` out: one item on each line. A line is a document, or it has the format of DynamoDB's exports
 * (Developer Guide, "DynamoDB table export output format"), `{"Item":{"id":{"S":"u1"}}}`.
 */
import { CLOSE_BRACKET, OPEN_BRACKET } from '../json/character-codes.js'
import { NEVER } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { onOneLine } from '../json/one-line.js'
import { eachMember } from '../json/parts.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { asAnswerError } from '../storage/errors.js'
import { translator } from '../translator/translator.js'
import { ndjson, type Representation } from './representation.js'
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
  const {
    line: [before, after],
    lines,
  } = representation
  const reader = new JsonReader(onOneLine(json))
  let lastEvaluatedKey: Json | undefined
  let count = 0
  writer.clear()
  eachMember(reader, (name) => {
    if (name === 'Items') {
      reader.expect(OPEN_BRACKET)
      for (let first = true; ; first = false) {
        const translated = translator?.list(reader, writer, lines, first, NEVER, NEVER) ?? 0
        count += translated
        if (!reader.next(CLOSE_BRACKET, first && translated === 0)) break
        writer.ascii(before)
        representation.encode(reader, writer)
        writer.ascii(after)
        count++
      }
    } else if (name === 'LastEvaluatedKey') lastEvaluatedKey = reader.take()
    else reader.value()
  })
  reader.end()
  return { bytes: writer.take(), count, lastEvaluatedKey }
}
