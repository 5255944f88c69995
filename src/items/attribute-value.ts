/**
 * What both representations agree on: the types of DynamoDB, and which texts are numbers and which are binary.
 * DynamoDB's own message is better than ours wherever it has one; these are the two cases where a value that is let
 * through would come to harm: DynamoDB answers damaged base64 with an internal error, and a number that is none has
 * no document form.
 */
import { COLON, OPEN_BRACE, QUOTE } from '../json/character-codes.js'
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { endOfNumber } from '../json/scalars.js'

/** Amazon DynamoDB API Reference, AttributeValue. */
export type Type = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS'

/** The types with a name of one letter, by the code of that. */
const ofOneLetter = Array.from({ length: 256 }, (_, code) =>
  (['S', 'N', 'B', 'M', 'L'] as const).find((type) => type.charCodeAt(0) === code),
)

/**
 * Reads the beginning of an AttributeValue, `{"S":`, if it is written in the usual way, without white space, and has
 * one of the usual types. Undefined, with nothing read, if not.
 */
export function readUsualType(reader: JsonReader): Type | undefined {
  const { bytes, position } = reader
  if (
    bytes[position] !== OPEN_BRACE ||
    bytes[position + 1] !== QUOTE ||
    bytes[position + 3] !== QUOTE ||
    bytes[position + 4] !== COLON
  ) {
    return undefined
  }
  const type = ofOneLetter[bytes[position + 2] ?? 0]
  if (type !== undefined) reader.position += 5
  return type
}

const types: readonly Type[] = ['S', 'N', 'B', 'BOOL', 'NULL', 'M', 'L', 'SS', 'NS', 'BS']
/** By the first byte, and by whether there is another one: enough to find what is then compared. */
const byStart = new Map(types.map((type) => [hash(type.charCodeAt(0), type.length), type]))

function hash(firstByte: number, length: number): number {
  return firstByte + 256 * length
}

/** Reads the beginning of an AttributeValue up to its content: `{"SS":`. */
export function readType(reader: JsonReader): Type {
  reader.expect(OPEN_BRACE)
  reader.name()
  const { bytes, nameStart, nameEnd } = reader
  const type = byStart.get(hash(bytes[nameStart + 1] ?? 0, nameEnd - nameStart - 2))
  if (type !== undefined) {
    let i = 1
    while (i < type.length && bytes[nameStart + 1 + i] === type.charCodeAt(i)) i++
    if (i === type.length) return type
  }
  const name = bytes.toString('utf8', nameStart, nameEnd)
  return reader.fail(`has ${name}, which is no type of an AttributeValue`, nameStart)
}

// Each digit can be matched in one way only, or a long string would be tried in a million ways.
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
// Bits that padding cuts off must be 0, or two texts would be the same bytes and only one would come back.
const isBase64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/

/** Whether a text is a number as DynamoDB writes and takes them. Nothing in one has to be escaped in JSON. */
export function isNumber(text: string): boolean {
  return number.test(text)
}

/** Moves over the digits of an N, a quoted string. */
export function checkNumberString(reader: JsonReader): void {
  if (skipJsonNumber(reader)) return
  const start = readString(reader, 'a number as a string of digits')
  if (!isNumber(reader.stringAt(start, reader.position))) {
    reader.fail(`must be a number as a string of digits`)
  }
}

/** Reads the digits of an N, a quoted string, and writes them as a JSON number with the same digits. */
export function readNumberString(reader: JsonReader, writer: JsonWriter): void {
  reader.peek()
  const start = reader.position
  if (skipJsonNumber(reader)) {
    writer.copy(reader.bytes, start + 1, reader.position - 1)
    return
  }
  checkNumberString(reader)
  // DynamoDB also takes "+5", "007", ".5" and "5."; JSON writes the same digits in one way only.
  const [, sign, whole, fraction, exponent] =
    /^([+-]?)0*(\d*)\.?(\d*)([eE][+-]?\d+)?$/.exec(reader.stringAt(start, reader.position)) ??
    reader.fail('must be a number')
  writer.ascii(
    (sign === '-' ? '-' : '') +
      (whole === '' ? '0' : (whole ?? '')) +
      (fraction === '' ? '' : `.${fraction ?? ''}`) +
      (exponent ?? ''),
  )
}

/** Moves over a quoted number, if it is written as JSON writes numbers: nearly all are. */
function skipJsonNumber(reader: JsonReader): boolean {
  if (reader.peek() !== QUOTE) return false
  const end = endOfNumber(reader.bytes, reader.position + 1)
  if (reader.bytes[end] !== QUOTE) return false
  reader.position = end + 1
  return true
}

/** Moves over a B, base64 with padding (RFC 4648, section 4). */
export function checkBase64(reader: JsonReader): void {
  const start = readString(reader, 'base64 as a string')
  const base64 = reader.stringAt(start, reader.position)
  if (base64.length % 4 !== 0 || !isBase64.test(base64)) {
    reader.fail('must be base64 with padding (RFC 4648, section 4)')
  }
}

/** Moves over a string, or fails with what is wanted instead. Gives its start. */
export function readString(reader: JsonReader, what: string): number {
  if (reader.peek() !== QUOTE) reader.fail(`must be ${what}`)
  const start = reader.position
  reader.string()
  return start
}
