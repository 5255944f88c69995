/**
 * Which representation a caller writes and which one it wants to read: `Content-Type` and `Accept`
 * (RFC 9110, sections 8.3 and 12.5.1).
 */
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { decodeItem, encodeItem } from './document.js'
import { checkItem, copyItem } from './typed.js'

/** How items stand in a body. */
export interface Representation {
  readonly mediaType: string
  /** Reads a caller's item and writes it as DynamoDB's JSON. Throws JsonError if it is not an item. */
  readonly decode: (reader: JsonReader, writer: JsonWriter) => void
  /** Reads an item in DynamoDB's JSON and writes it as the caller gets it. */
  readonly encode: (reader: JsonReader, writer: JsonWriter) => void
  /** The bytes before and after an item that has a line of its own. */
  readonly line: readonly [before: string, after: string]
}

export const document: Representation = {
  mediaType: 'application/json',
  decode: decodeItem,
  encode: encodeItem,
  line: ['', '\n'],
}

export const typed: Representation = {
  mediaType: 'application/vnd.dynamodb+json',
  decode: checkItem,
  encode: copyItem,
  // As DynamoDB's own exports have it (Developer Guide, "DynamoDB table export output format").
  line: ['{"Item":', '}\n'],
}

/** The media types of bodies that are one JSON. */
export const MEDIA_TYPES = [document.mediaType, typed.mediaType]

/** The media type of bodies that are many: an item a line, however many there are. */
export const ndjson = { mediaType: 'application/x-ndjson' } as const
type Ndjson = typeof ndjson

/** The representation that a `Content-Type` names; the document where there is none. */
export function requestRepresentation(contentType: string | undefined): Representation {
  return essenceOf(contentType) === typed.mediaType ? typed : document
}

/** A media type without its parameters. */
export function essenceOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase()
}

/**
 * What `Accept` asks for, and undefined where it takes none of it. Where it leaves the choice, the representation of the
 * request: the order of media types says nothing, but one that is named goes before one that a wildcard stands for.
 * @param inLines whether the answer can also be had as lines
 */
export function answerRepresentation(
  accept: string | undefined,
  request: Representation,
  inLines = false,
): Representation | Ndjson | undefined {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === request.mediaType)
    return request
  const ranges = accept.split(',').map(readRange)
  const offers = [request, request === typed ? document : typed, ...(inLines ? [ndjson] : [])]
  let best: Representation | Ndjson | undefined
  let most = 0
  for (const offer of offers) {
    const wanted = rank(offer, ranges)
    if (wanted > most) [best, most] = [offer, wanted]
  }
  return best
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

/** How much something is wanted, 0 for not at all: by its quality, then by being named. */
function rank({ mediaType }: { readonly mediaType: string }, ranges: readonly Range[]): number {
  const named = ranges.find((range) => range.mediaType === mediaType)
  if (named !== undefined) return named.quality === 0 ? 0 : named.quality * 2000 + 1
  const any = ['application/*', '*/*'].map((wildcard) => ranges.find((range) => range.mediaType === wildcard))
  return ((any[0] ?? any[1])?.quality ?? 0) * 2000
}
