/** The two representations of items, and the one that a request body has (RFC 9110, section 8.3). */
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { decodeAttribute, decodeItem, encodeAttribute, encodeItem } from './document.js'
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
  /** The bytes before and after an item that has a line of its own. */
  readonly line: readonly [before: string, after: string]
}

export const document: Representation = {
  mediaType: 'application/json',
  decode: decodeItem,
  encode: encodeItem,
  decodeValue: decodeAttribute,
  encodeValue: encodeAttribute,
  line: ['', '\n'],
}

export const typed: Representation = {
  mediaType: 'application/vnd.dynamodb+json',
  decode: checkItem,
  encode: copyItem,
  decodeValue: checkAttribute,
  encodeValue: copyItem,
  // As DynamoDB's own exports have it (Developer Guide, "DynamoDB table export output format").
  line: ['{"Item":', '}\n'],
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
