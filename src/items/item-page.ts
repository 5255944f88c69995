/** Pages of a Query or a Scan of which the caller gets a given number of items, whatever DynamoDB returns. */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json/character-codes.js'
import { NEVER } from '../json/in-slices.js'
import { type Json, parse } from '../json/json.js'
import { eachMember } from '../json/parts.js'
import type { Pieces } from '../json/pieces.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { asAnswerError } from '../storage/errors.js'
import { translator } from '../translator/translator.js'
import type { Representation } from './representation.js'

/** Shared by all pages: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()
const itemWriter = new JsonWriter()

export interface ItemPage {
  /** The items as the caller gets them, with commas between them. */
  readonly items: Json
  /** How many there are. */
  readonly count: number
  /** The number of items that were read, before the filter. */
  readonly scannedCount: number
  /** The last one, in DynamoDB's JSON, if DynamoDB's page has more items behind it. */
  readonly cutBehind: Json | undefined
  /** DynamoDB's, in its JSON. */
  readonly lastEvaluatedKey: Json | undefined
  /** DynamoDB's, in its JSON. */
  readonly consumedCapacity: Json | undefined
}

export interface ItemPageOptions {
  readonly representation: Representation
  /** The most items. */
  readonly limit: number
  /** Attributes that the caller did not ask for. */
  readonly leaveOut: readonly string[]
}

/**
 * Reads DynamoDB's answer to a Query or a Scan, in one pass from bytes to bytes.
 * @throws AnswerError if it is not such an answer
 */
export function readItemPage(answer: Pieces, options: ItemPageOptions): ItemPage {
  try {
    return itemPageIn(answer.forNow(), options)
  } catch (error) {
    throw asAnswerError(error)
  }
}

function itemPageIn(answer: Json, { representation, limit, leaveOut }: ItemPageOptions): ItemPage {
  const reader = new JsonReader(answer)
  const others = new Map<string, Json>()
  let count = 0
  // Positions, since a part of a buffer costs as much as a small item.
  let lastStart = 0
  let lastEnd = 0
  let cutBehind: Json | undefined
  writer.clear()
  eachMember(reader, (name) => {
    if (name !== 'Items') others.set(name, Buffer.from(reader.take()))
    else {
      reader.expect(OPEN_BRACKET)
      for (let first = true; ; first = false) {
        // The first item of a second array needs a comma, too. DynamoDB returns one array.
        const translated =
          leaveOut.length > 0 || (first && count > 0)
            ? 0
            : (translator?.list(reader, writer, representation.list, first, limit - count, NEVER) ?? 0)
        if (translated > 0) {
          count += translated
          lastStart = translator?.lastItem ?? 0
          lastEnd = reader.position
        }
        if (!reader.next(CLOSE_BRACKET, first && translated === 0)) break
        if (count === limit) {
          cutBehind ??= Buffer.from(answer.subarray(lastStart, lastEnd))
          reader.value()
          continue
        }
        if (count > 0) writer.byte(COMMA)
        reader.peek()
        lastStart = reader.position
        if (leaveOut.length === 0) representation.encode(reader, writer)
        else representation.encode(new JsonReader(withoutAttributes(reader, leaveOut)), writer)
        lastEnd = reader.position
        count++
      }
    }
  })
  reader.end()
  return {
    items: writer.take(),
    count,
    scannedCount: Number(parse(others.get('ScannedCount') ?? Buffer.from('0'))),
    cutBehind,
    lastEvaluatedKey: others.get('LastEvaluatedKey'),
    consumedCapacity: others.get('ConsumedCapacity'),
  }
}

/** Reads an item. Returns it without some of its attributes. */
function withoutAttributes(reader: JsonReader, names: readonly string[]): Json {
  itemWriter.clear()
  itemWriter.byte(OPEN_BRACE)
  eachMember(reader, (name) => {
    const { nameStart, nameEnd } = reader
    const value = reader.take()
    if (names.includes(name)) return
    if (itemWriter.length > 1) itemWriter.byte(COMMA)
    itemWriter.copy(reader.bytes, nameStart, nameEnd)
    itemWriter.byte(COLON)
    itemWriter.copy(value)
  })
  itemWriter.byte(CLOSE_BRACE)
  return itemWriter.take()
}

/**
 * An answer to a caller with items in front.
 * @param lists the items of each {@link ItemPage}, none of which is empty
 * @param others the other members, an object that is not empty
 */
export function withItems(lists: readonly Json[], others: Json): Json {
  const parts = lists.flatMap((list, index) => (index === 0 ? [list] : [SEPARATOR, list]))
  return Buffer.concat([BEFORE_ITEMS, ...parts, AFTER_ITEMS, others.subarray(1)])
}

const BEFORE_ITEMS = Buffer.from('{"items":[')
const SEPARATOR = Buffer.from(',')
const AFTER_ITEMS = Buffer.from('],')
