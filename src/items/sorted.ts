/**
 * Items in a fixed order. DynamoDB promises none: an item that is written again with its attributes in another order may
 * come back in another order. An entity tag is a hash of bytes, so equal items must be equal bytes.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  SPACE,
} from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { readType, readUsualType } from './attribute-value.js'

/** Shared by all items: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/**
 * Reads a map of names to AttributeValues and sorts it in place: names and the elements of sets, in the order of their
 * bytes. It changes the reader's own bytes; sorting does not change their length.
 * @throws JsonError if the next value is not such a map
 */
export function sortItem(reader: JsonReader): void {
  sortAttributes(reader, 0)
}

function sortAttributes(reader: JsonReader, depth: number): void {
  if (reader.peek() !== OPEN_BRACE) reader.fail('must be an object')
  reader.descend(depth)
  const places = new Places(reader.bytes)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const start = reader.nameStart
    sortValue(reader, depth + 1)
    places.add(start, reader.position)
  }
  places.sort()
}

function sortValue(reader: JsonReader, depth: number): void {
  const type = readUsualType(reader) ?? readType(reader)
  if (type === 'M') sortAttributes(reader, depth)
  else if (type === 'L') {
    reader.expect(OPEN_BRACKET)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) sortValue(reader, depth + 1)
  } else if (type === 'SS' || type === 'NS' || type === 'BS') {
    reader.expect(OPEN_BRACKET)
    const places = new Places(reader.bytes)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      const start = reader.position
      reader.string()
      places.add(start, reader.position)
    }
    places.sort()
  } else reader.value(depth)
  reader.expect(CLOSE_BRACE)
}

/** The positions of the members of an object or of the elements of an array. */
class Places {
  readonly #bytes: Json
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #order: number[] = []
  #inOrder = true

  constructor(bytes: Json) {
    this.#bytes = bytes
  }

  add(start: number, end: number): void {
    const place = this.#order.length
    this.#starts.push(start)
    this.#ends.push(end)
    this.#order.push(place)
    if (this.#inOrder && place > 0) this.#inOrder = this.#compare(place - 1, place) <= 0
  }

  /** Sorts the bytes between these positions, with a comma after each member or element but the last. */
  sort(): void {
    if (this.#inOrder) return
    this.#order.sort((a, b) => this.#compare(a, b))
    writer.clear()
    for (const place of this.#order) {
      if (writer.length > 0) writer.byte(COMMA)
      writer.copy(this.#bytes, this.#starts[place], this.#ends[place])
    }
    const sorted = writer.take()
    const start = this.#starts[0] ?? 0
    sorted.copy(this.#bytes, start)
    // White space between members is collected at the end.
    this.#bytes.fill(SPACE, start + sorted.length, this.#ends.at(-1))
  }

  #compare(a: number, b: number): number {
    const bytes = this.#bytes
    const startOfA = this.#starts[a] ?? 0
    const startOfB = this.#starts[b] ?? 0
    const length = Math.min((this.#ends[a] ?? 0) - startOfA, (this.#ends[b] ?? 0) - startOfB)
    for (let i = 0; i < length; i++) {
      const difference = (bytes[startOfA + i] ?? 0) - (bytes[startOfB + i] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }
}
