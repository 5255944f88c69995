/** Reading and comparing the keys of items. */
import { hash } from 'node:crypto'
import { BACKSLASH, CLOSE_BRACE, OPEN_BRACE, QUOTE } from '../../json/character-codes.js'
import { type Decimal, decimalOf, withoutLeadingZeros, withoutTrailingZeros } from '../../json/decimal.js'
import { SLICE_MS, type Sliced } from '../../json/in-slices.js'
import { type Json, parse } from '../../json/json.js'
import { members } from '../../json/parts.js'
import { JsonReader } from '../../json/reader.js'
import { DuplicateKeyError } from '../errors.js'
import { jsonOf, membersOf, type Parameter } from '../request.js'

/** The key that a map of names to AttributeValues is, in canonical form: equal keys have equal texts. */
export function keyOf(attributes: Json): string {
  return readKey(new JsonReader(attributes), undefined) ?? ''
}

/**
 * The key of an item, as {@link keyOf} returns it.
 * @param names of the key's attributes
 * @returns undefined if the item lacks one of them
 */
export function keyOfItem(item: Json, names: readonly string[]): string | undefined {
  return readKey(new JsonReader(item), names)
}

/**
 * The key of a write of BatchWriteItem, as {@link keyOf} returns it.
 * @param write `{"PutRequest": {"Item": {…}}}` or `{"DeleteRequest": {"Key": {…}}}`
 * @returns undefined if it lacks an attribute of its key
 */
export function keyOfWrite(write: Parameter, names: readonly string[]): string | undefined {
  for (const [, request] of membersOf(write)) {
    for (const [, attributes] of membersOf(request)) return keyOfItem(jsonOf(attributes), names)
  }
  return undefined
}

/** A key as the table has it. */
export interface TableKey {
  readonly names: readonly string[]
  /** The names and types of its attributes, the same for all keys of a table: `"id"S,"n"N`. */
  readonly shape: string
  /** As {@link keyOf} returns it. */
  readonly text: string
}

/**
 * Reads a key that a table may have.
 * @returns undefined if no table can have it: it has more than two attributes, or one that is no string, number or binary
 */
export function tableKeyOf(attributes: Json): TableKey | undefined {
  const reader = new JsonReader(attributes)
  if (reader.peek() !== OPEN_BRACE) return undefined
  const names: string[] = []
  const texts: string[] = []
  const shapes: string[] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    if (reader.peek() !== OPEN_BRACE || names.length === 2) return undefined
    const name = reader.nameText()
    const quoted = JSON.stringify(name)
    const value = readValue(reader)
    if (!startsAsKey.test(value)) return undefined
    names.push(name)
    texts.push(`${quoted}:${value}`)
    shapes.push(`${quoted}${value.charAt(TYPE)}`)
  }
  if (names.length === 0) return undefined
  return { names, shape: shapes.sort().join(), text: `{${texts.sort().join(',')}}` }
}

/** `{"S":"`, and where the type stands in it. */
const startsAsKey = /^\{"[SNB]":"/
const TYPE = 2

/**
 * Reads a key, itself a map of names to AttributeValues, into one text for all the ways to write it.
 * @param names of the key's attributes; the others are passed over. If undefined, all attributes are the key's.
 * @returns undefined if one is missing
 */
function readKey(reader: JsonReader, names: readonly string[] | undefined): string | undefined {
  const found: string[] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.nameText()
    if (names === undefined || names.includes(name)) {
      found.push(`${JSON.stringify(name)}:${readValue(reader)}`)
    } else {
      reader.value()
    }
    // The key often comes first; the attributes behind it need not be read.
    if (found.length === names?.length) break
  }
  if (names !== undefined && found.length !== names.length) return undefined
  return `{${found.sort().join(',')}}`
}

/** Whether two AttributeValues are equal: `{"N":"1.50"}` and `{ "N" : "15e-1" }` are. */
export function isSameValue(a: Json, b: Json): boolean {
  return a.equals(b) || readValue(new JsonReader(a)) === readValue(new JsonReader(b))
}

function readValue(reader: JsonReader): string {
  const json = reader.take()
  // Most keys are strings that already have the form that is written below.
  if (json.toString('latin1', 0, 6) === '{"S":"' && json.at(-2) === QUOTE && !json.includes(BACKSLASH)) {
    return shorten(json.toString())
  }
  // An AttributeValue has exactly one member. Only a string can be a key, and DynamoDB refuses all others.
  const values = [...members(json)].map(([type, content]) => {
    const value = content[0] === QUOTE ? parse(content) : content.toString()
    return [type, type === 'N' && typeof value === 'string' ? canonicalNumber(value) : value] as const
  })
  return shorten(JSON.stringify(Object.fromEntries(values)))
}

/** Longer texts of keys are replaced by their hash: those of a large batch are in memory together. */
const LONG = 256

function shorten(text: string): string {
  if (text.length <= LONG) return text
  return `${text.slice(0, LONG / 2)}…${hash('sha256', text, 'base64url')}`
}

/**
 * The keys of entries, in slices. An entry without a key is left out.
 * @param keyOf reads the key of an entry
 */
export function* keysOf(
  entries: readonly Parameter[],
  keyOf: (entry: Parameter) => string | undefined,
): Sliced<string[]> {
  const keys: string[] = []
  let pauseAt = performance.now() + SLICE_MS
  for (const entry of entries) {
    const key = keyOf(entry)
    if (key !== undefined) keys.push(key)
    if (performance.now() >= pauseAt) {
      yield
      pauseAt = performance.now() + SLICE_MS
    }
  }
  return keys
}

/**
 * @param keys as {@link keyOf} returns them
 * @throws DuplicateKeyError if two of them are equal
 */
export function refuseDuplicates(table: string, keys: readonly string[]): void {
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) {
      throw new DuplicateKeyError(
        `Provided list of item keys contains duplicates: table ${table}, key ${key}`,
      )
    }
    seen.add(key)
  }
}

/** A number by its significant digits and its exponent: `1.50`, `15e-1` and `+1.5` are one number. */
export function canonicalNumber(text: string): string {
  const { isNegative, whole, fraction, exponent = 'e0' } = decimalOf(text) ?? NO_NUMBER
  const all = withoutLeadingZeros(whole + fraction)
  const significant = withoutTrailingZeros(all)
  if (significant === '') return '0'
  const scale = Number(exponent.slice(1)) - fraction.length + (all.length - significant.length)
  return `${isNegative ? '-' : ''}${significant}e${scale}`
}

const NO_NUMBER: Decimal = { isNegative: false, whole: '', fraction: '', exponent: undefined }
