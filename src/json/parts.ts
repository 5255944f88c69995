/** Objects and arrays as a whole: taking them apart into members and elements, and putting them together. */
import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET } from './character-codes.js'
import type { Json } from './json.js'
import { JsonReader } from './reader.js'

/**
 * Reads an object. Calls `read` with the name of each member; `read` must read the value.
 * @throws JsonError if the next value is not an object
 */
export function eachMember(reader: JsonReader, read: (name: string) => void): void {
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    read(reader.nameText())
  }
}

/**
 * Reads an array. Calls `read` for each element, which it must read.
 * @throws JsonError if the next value is not an array
 */
export function eachElement(reader: JsonReader, read: () => void): void {
  reader.expect(OPEN_BRACKET)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) read()
}

/**
 * The members of an object by name, each a part of its bytes.
 * @throws JsonError if `json` is not an object
 */
export function members(json: Json): Map<string, Json> {
  const reader = new JsonReader(json)
  const found = new Map<string, Json>()
  eachMember(reader, (name) => found.set(name, reader.take()))
  reader.end()
  return found
}

/**
 * The elements of an array, each a part of its bytes.
 * @throws JsonError if `json` is not an array
 */
export function elements(json: Json): Json[] {
  const reader = new JsonReader(json)
  const found: Json[] = []
  eachElement(reader, () => found.push(reader.take()))
  reader.end()
  return found
}

const SEPARATOR = Buffer.from(',')

/** The array of these elements. */
export function arrayOf(elements: readonly Json[]): Json {
  return Buffer.concat(arrayPieces(elements))
}

/** The object of these members; those whose value is undefined are left out. */
export function objectOf(members: Iterable<readonly [name: string, value: Json | undefined]>): Json {
  return Buffer.concat(objectPieces([...members].map(([name, value]) => [name, value && [value]])))
}

/** {@link arrayOf}, in pieces that are not copied. */
export function arrayPieces(elements: readonly Json[]): Json[] {
  return enclose(
    '[',
    elements.map((element) => [element]),
    ']',
  )
}

/** {@link objectOf}, in pieces that are not copied, as the values are. */
export function objectPieces(
  members: Iterable<readonly [name: string, value: readonly Json[] | undefined]>,
): Json[] {
  const written = [...members].flatMap(([name, value]) =>
    value === undefined ? [] : [[Buffer.from(`${JSON.stringify(name)}:`), ...value]],
  )
  return enclose('{', written, '}')
}

function enclose(open: string, parts: readonly (readonly Json[])[], close: string): Json[] {
  const separated = parts.flatMap((part, index) => (index === 0 ? part : [SEPARATOR, ...part]))
  return [Buffer.from(open), ...separated, Buffer.from(close)]
}
