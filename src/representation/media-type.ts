/**
 * Which representation a caller writes and which one it wants to read: `Content-Type` and `Accept`
 * (RFC 9110, sections 8.3 and 12.5.1).
 */
import type { JsonReader } from '../json.js'
import type { JsonWriter } from '../json-writer.js'
import { decodeItem, encodeItem } from './document.js'
import { checkItem, copyItem } from './typed.js'

/** How items stand in a body. */
export interface Representation {
  readonly mediaType: string
  /** From the caller's item to DynamoDB's. */
  readonly readItem: (reader: JsonReader, writer: JsonWriter) => void
  /** From DynamoDB's item to the caller's. */
  readonly writeItem: (reader: JsonReader, writer: JsonWriter) => void
}

export const document: Representation = {
  mediaType: 'application/json',
  readItem: decodeItem,
  writeItem: encodeItem,
}

export const typed: Representation = {
  mediaType: 'application/vnd.dynamodb+json',
  readItem: checkItem,
  writeItem: copyItem,
}

/** The media types of request bodies. */
export const MEDIA_TYPES = [document.mediaType, typed.mediaType]

/** The representation that a `Content-Type` names; the document where there is none. */
export function requestRepresentation(contentType: string | undefined): Representation {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return essence === typed.mediaType ? typed : document
}

/**
 * The representation that `Accept` asks for, and undefined where it takes neither. Where it leaves the choice, that
 * of the request: the order of media types says nothing, but one that is named goes before one that a wildcard
 * stands for.
 */
export function answerRepresentation(
  accept: string | undefined,
  request: Representation,
): Representation | undefined {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === request.mediaType)
    return request
  const ranges = accept.split(',').map(readRange)
  const [mine, other] = request === typed ? [typed, document] : [document, typed]
  const [ofMine, ofOther] = [rank(mine, ranges), rank(other, ranges)]
  if (ofOther > ofMine) return other
  return ofMine > 0 ? mine : undefined
}

interface Range {
  readonly mediaType: string
  readonly quality: number
}

/** `application/json;q=0.5`. Parameters other than `q` select nothing: neither media type has variants. */
function readRange(range: string): Range {
  const [mediaType = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { mediaType, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
}

/** How much a representation is wanted, 0 for not at all: by its quality, then by being named. */
function rank({ mediaType }: Representation, ranges: readonly Range[]): number {
  const named = ranges.find((range) => range.mediaType === mediaType)
  if (named !== undefined) return named.quality === 0 ? 0 : named.quality * 2000 + 1
  const any = ['application/*', '*/*'].map((wildcard) => ranges.find((range) => range.mediaType === wildcard))
  return ((any[0] ?? any[1])?.quality ?? 0) * 2000
}
