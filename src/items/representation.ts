/** The two representations of items, and the one that a request body has (RFC 9110, section 8.3). */
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { ListForm, translator } from '../translator/translator.js'
import { decodeAttribute, decodeItem, encodeAttribute, encodeItem } from './document.js'
import { isFarFromLimits } from './limits.js'
import { checkAttribute, checkItem, copyItem } from './typed.js'

/** How items are written in a body. */
export interface Representation {
  readonly mediaType: string
  /** Reads a caller's item and writes it as DynamoDB's JSON. Throws JsonError if it is not an item. */
  readonly decode: (reader: JsonReader, writer: JsonWriter) => void
  /** Reads an item in DynamoDB's JSON and writes it as the caller gets it. */
  readonly encode: (reader: JsonReader, writer: JsonWriter) => void
  /** Like {@link decode}, of the value of one attribute. */
  readonly decodeValue: (reader: JsonReader, writer: JsonWriter) => void
  /** Like {@link encode}, of the value of one attribute. */
  readonly encodeValue: (reader: JsonReader, writer: JsonWriter) => void
  /** How the items of a list are encoded at once. */
  readonly list: ListForm
  /** The bytes before and after an item that has a line of its own. */
  readonly line: readonly [before: string, after: string]
  /** The same as {@link list}, each on a line of its own. */
  readonly lines: ListForm
}

export const document: Representation = {
  mediaType: 'application/json',
  decode: (reader, writer) => {
    reader.peek()
    if (!isFarFromLimits(reader, writer.length) || translator?.decode(reader, writer) !== true) {
      decodeItem(reader, writer)
    }
  },
  encode: (reader, writer) => {
    if (translator?.encode(reader, writer) !== true) encodeItem(reader, writer)
  },
  decodeValue: decodeAttribute,
  encodeValue: encodeAttribute,
  list: ListForm.documents,
  line: ['', '\n'],
  lines: ListForm.documentLines,
}

export const typed: Representation = {
  mediaType: 'application/vnd.dynamodb+json',
  decode: (reader, writer) => {
    reader.peek()
    const start = reader.position
    if (isFarFromLimits(reader) && translator?.check(reader) === true) {
      writer.copy(reader.bytes, start, reader.position)
    } else checkItem(reader, writer)
  },
  encode: copyItem,
  decodeValue: checkAttribute,
  encodeValue: copyItem,
  list: ListForm.values,
  // As DynamoDB's own exports have it (Developer Guide, "DynamoDB table export output format").
  line: ['{"Item":', '}\n'],
  lines: ListForm.valueLines,
}

/** The media types of bodies that are one JSON value. */
export const MEDIA_TYPES = [document.mediaType, typed.mediaType]

/** The media type of streams: one item a line. */
export const ndjson = { mediaType: 'application/x-ndjson' } as const

/** The media type of {@link typed}, with any parameters. */
const isTyped = /^\s*application\/vnd\.dynamodb\+json\s*(?:;|$)/i

/** The representation that a `Content-Type` names; the document if it names no other or is missing. */
export function requestRepresentation(contentType: string | undefined): Representation {
  return contentType !== undefined && isTyped.test(contentType) ? typed : document
}
