/**
 * Which representation a caller writes and which one it wants to read: `Content-Type` and `Accept`
 * (RFC 9110, sections 8.3 and 12.5.1).
 */
import Negotiator from 'negotiator'
import type { JsonReader, JsonText } from '../json-text.js'
import { decodeItem, encodeItem } from './document.js'
import { checkItem, copyItem } from './typed.js'

/** How items stand in a body. */
export interface Representation {
  readonly mediaType: string
  /** From the caller's item to DynamoDB's. */
  readonly readItem: (reader: JsonReader) => JsonText
  /** From DynamoDB's item to the caller's. */
  readonly writeItem: (reader: JsonReader) => JsonText
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
 * The representation that `Accept` asks for: that of the request where it leaves the choice, and undefined
 * where it takes neither.
 */
export function answerRepresentation(
  accept: string | undefined,
  request: Representation,
): Representation | undefined {
  if (accept === undefined || accept === '*/*') return request
  if (accept === request.mediaType) return request
  const [first, second] = request === typed ? [typed, document] : [document, typed]
  const [chosen] = new Negotiator({ headers: { accept } }).mediaTypes([first.mediaType, second.mediaType])
  return [first, second].find(({ mediaType }) => mediaType === chosen)
}
