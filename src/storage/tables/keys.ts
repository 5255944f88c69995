/** Reading and comparing the keys of items. */
import { BACKSLASH, CLOSE_BRACE, OPEN_BRACE, QUOTE } from '../../json/character-codes.js'
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
    return json.toString()
  }
  // An AttributeValue has exactly one member.
  const values = [...members(json)].map(([type, content]) => {
    const value = parse(content)
    return [type, type === 'N' && typeof value === 'string' ? canonicalNumber(value) : value] as const
  })
  return JSON.stringify(Object.fromEntries(values))
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

const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/

/** A number by its significant digits and its exponent: `1.50`, `15e-1` and `+1.5` are one number. */
export function canonicalNumber(digits: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(digits) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  const significant = all.replace(/0+$/, '')
  if (significant === '') return '0'
  const scale = Number(exponent) - fraction.length + (all.length - significant.length)
  return `${sign === '-' ? '-' : ''}${significant}e${scale}`
}
