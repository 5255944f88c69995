/**
 * DynamoDB's answers on their way to a caller, bytes to bytes: fields get the service's names, items get the caller's
 * representation.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json/character-codes.js'
import { NEVER, SHORT_BYTES, SLICE_BYTES, type Sliced } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { eachMember } from '../json/parts.js'
import type { Pieces } from '../json/pieces.js'
import { JsonReader, MAX_DEPTH } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { asAnswerError } from '../storage/errors.js'
import { translator } from '../translator/translator.js'
import { toFieldName } from './field-names.js'
import type { Representation } from './representation.js'
import type { Shape } from './shape.js'
import { sortItem } from './sorted.js'

/** Shared by all answers that are translated without a pause: nothing waits between their first byte and their last. */
const sharedWriter = new JsonWriter()

/** An answer as a caller gets it. */
export interface Answer {
  /** An object, such as `{"item":{"id":"a"}}`. */
  readonly json: Json
  /** The names of its fields, such as `item`. */
  readonly names: readonly string[]
}

/** The page token for a `LastEvaluatedKey` in DynamoDB's JSON. */
export type PageTokenOf = (lastEvaluatedKey: Json) => string

/**
 * Translates DynamoDB's answer, an object, to the field names and the representation of a caller. A field that `shape`
 * does not have is passed on under its name in lower camel case: DynamoDB may have added it since.
 * @param pageToken makes the `nextPageToken` that the caller gets with a `LastEvaluatedKey`
 * @throws AnswerError if the answer is not JSON of this shape
 */
export function* translateAnswer(
  answer: Json | Pieces,
  shape: Shape,
  representation: Representation,
  pageToken?: PageTokenOf,
): Sliced<Answer> {
  const isLong = answer.length > SHORT_BYTES
  if (isLong) yield
  const json = Buffer.isBuffer(answer) ? answer : isLong ? answer.whole : answer.forNow()
  const writer = isLong ? new JsonWriter() : sharedWriter
  writer.clear()
  const translation = new Translation(new JsonReader(json), writer, representation)
  try {
    const names = yield* translation.object(shape, pageToken)
    translation.reader.end()
    return { json: writer.take(), names }
  } catch (error) {
    throw asAnswerError(error)
  }
}

/**
 * The item that is the value of `dynamoDBName` in DynamoDB's answer, as a caller gets it; undefined if the answer has
 * none. Equal items become equal bytes, so that an entity tag can be made from them.
 * @throws AnswerError if the answer is not such JSON
 */
export function itemIn(
  answer: Pieces,
  dynamoDBName: string,
  representation: Representation,
): Json | undefined {
  try {
    return sortedItemIn(answer.forNow(), dynamoDBName, representation)
  } catch (error) {
    throw asAnswerError(error)
  }
}

function sortedItemIn(json: Json, dynamoDBName: string, representation: Representation): Json | undefined {
  const reader = new JsonReader(json)
  let item: number | undefined
  eachMember(reader, (name) => {
    if (name === dynamoDBName) {
      item = reader.position
      sortItem(reader)
    } else reader.value()
  })
  reader.end()
  if (item === undefined) return undefined
  // Another reader, because the bytes were sorted in place.
  const sorted = new JsonReader(json)
  sorted.position = item
  sharedWriter.clear()
  representation.encode(sorted, sharedWriter)
  return sharedWriter.take()
}

const description: Shape = { kind: 'description' }

/** Reads values, and writes them as a caller gets them. */
class Translation {
  readonly reader: JsonReader
  readonly #writer: JsonWriter
  readonly #representation: Representation
  #pauseAt: number
  #depth = 0

  constructor(reader: JsonReader, writer: JsonWriter, representation: Representation) {
    this.reader = reader
    this.#writer = writer
    this.#representation = representation
    this.#pauseAt = reader.bytes.length > SHORT_BYTES ? SLICE_BYTES : NEVER
  }

  /** An object with field names. Returns these, as the service has them. */
  *object(shape: Shape, pageToken?: PageTokenOf): Sliced<string[]> {
    const { reader } = this
    const names: string[] = []
    reader.expect(OPEN_BRACE)
    this.#writer.byte(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      if (!first) this.#writer.byte(COMMA)
      reader.name()
      const dynamoDBName = reader.nameText()
      const field = shape.kind === 'struct' ? shape.byDynamoDBName.get(dynamoDBName) : undefined
      const name = field?.name ?? toFieldName(dynamoDBName)
      names.push(name)
      this.#writer.text(field?.written ?? `${JSON.stringify(name)}:`)
      const values = field?.shape ?? description
      const start = reader.position
      if (!this.#atOnce(values)) yield* this.#inSlices(values)
      if (
        pageToken !== undefined &&
        dynamoDBName === 'LastEvaluatedKey' &&
        reader.bytes[start] !== LETTER_N
      ) {
        const token = pageToken(reader.bytes.subarray(start, reader.position))
        this.#writer.ascii(`,"nextPageToken":"${token}"`)
      }
    }
    this.#writer.byte(CLOSE_BRACE)
    return names
  }

  /** Fast path: an item, or a value without names to translate. False, with nothing read, if it is another one. */
  #atOnce(shape: Shape): boolean {
    const code = this.reader.peek()
    if (shape.kind === 'item' && code !== LETTER_N) this.#representation.encode(this.reader, this.#writer)
    else if (shape.kind === 'value') this.#representation.encodeValue(this.reader, this.#writer)
    else if (shape.kind === 'plain' || (code !== OPEN_BRACE && code !== OPEN_BRACKET)) {
      this.#writer.copy(this.reader.take())
    } else return false
    return true
  }

  *#inSlices(shape: Shape): Sliced<void> {
    // As deep as the reader goes: answers have no limit of their own.
    if (this.#depth++ >= MAX_DEPTH) this.reader.fail(`is nested deeper than ${MAX_DEPTH} levels`)
    if (this.reader.peek() === OPEN_BRACKET) yield* this.#list(shape)
    else if (shape.kind === 'map') yield* this.#map(shape.values)
    else yield* this.object(shape)
    this.#depth--
  }

  *#map(values: Shape): Sliced<void> {
    const { reader } = this
    reader.expect(OPEN_BRACE)
    this.#writer.byte(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      if (!first) this.#writer.byte(COMMA)
      reader.name()
      this.#writer.copy(reader.bytes, reader.nameStart, reader.nameEnd)
      this.#writer.byte(COLON)
      if (!this.#atOnce(values)) yield* this.#inSlices(values)
    }
    this.#writer.byte(CLOSE_BRACE)
  }

  /** Fast path: some of the items of an array. Returns how many. */
  #items(isFirst: boolean): number {
    const { list } = this.#representation
    return translator?.list(this.reader, this.#writer, list, isFirst, NEVER, this.#pauseAt) ?? 0
  }

  *#list(shape: Shape): Sliced<void> {
    const { reader } = this
    const elements = shape.kind === 'list' ? shape.elements : shape
    reader.expect(OPEN_BRACKET)
    this.#writer.byte(OPEN_BRACKET)
    for (let first = true; ; first = false) {
      if (elements.kind === 'item' && this.#items(first) > 0) first = false
      if (!reader.next(CLOSE_BRACKET, first)) break
      if (!first) this.#writer.byte(COMMA)
      if (!this.#atOnce(elements)) yield* this.#inSlices(elements)
      if (reader.position >= this.#pauseAt) {
        this.#pauseAt = reader.position + SLICE_BYTES
        yield
      }
    }
    this.#writer.byte(CLOSE_BRACKET)
  }
}
