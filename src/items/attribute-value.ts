/**
 * AttributeValues, as far as both representations agree: DynamoDB's types, numbers and base64. Everything else is left to
 * DynamoDB, whose messages are better than ours. These two are checked because DynamoDB answers malformed base64 with an
 * internal error, and a malformed number could not be written as a document.
 */
import { COLON, OPEN_BRACE, QUOTE } from '../json/character-codes.js'
import { type Decimal, decimalOf, withoutLeadingZeros } from '../json/decimal.js'
import type { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import { endOfNumber } from '../json/scalars.js'
import { checkNumberLength } from './limits.js'

/** Amazon DynamoDB API Reference, AttributeValue. */
export type Type = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS'

/** The types whose name is one letter, by its code. */
const ofOneLetter = Array.from({ length: 256 }, (_, code) =>
  (['S', 'N', 'B', 'M', 'L'] as const).find((type) => type.charCodeAt(0) === code),
)

/**
 * Fast path: reads the beginning of an AttributeValue, such as `{"S":`, if it has no white space and its type is one
 * letter. Undefined, with nothing read, if not.
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

/** Whether a text is the name of a type. */
export function isType(text: string): text is Type {
  return types.some((type) => type === text)
}

/** Types by first byte and length, which no two share. The rest of the name is compared afterwards. */
const byStart = new Map(types.map((type) => [hash(type.charCodeAt(0), type.length), type]))

function hash(firstByte: number, length: number): number {
  return firstByte + 256 * length
}

/**
 * Reads the beginning of an AttributeValue up to its content, such as `{"SS":`.
 * @throws JsonError if it has no known type
 */
export function readType(reader: JsonReader): Type {
  reader.expect(OPEN_BRACE)
  reader.name()
  const type = lastNameAsType(reader)
  if (type !== undefined) return type
  const { bytes, nameStart, nameEnd } = reader
  const name = bytes.toString('utf8', nameStart, nameEnd)
  return reader.fail(`has ${name}, which is no type of an AttributeValue`, nameStart)
}

/** The type whose name the reader has just read; undefined if there is none. */
export function lastNameAsType({ bytes, nameStart, nameEnd }: JsonReader): Type | undefined {
  const type = byStart.get(hash(bytes[nameStart + 1] ?? 0, nameEnd - nameStart - 2))
  if (type === undefined) return undefined
  let i = 1
  while (i < type.length && bytes[nameStart + 1 + i] === type.charCodeAt(i)) i++
  return i === type.length ? type : undefined
}

// Bits that padding cuts off must be 0. Otherwise two texts would be the same bytes, and only one would come back.
const isBase64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/

/**
 * Reads the content of an N, a string of digits.
 * @throws JsonError if it is not a number, or is longer than any that DynamoDB takes
 */
export function checkNumberString(reader: JsonReader): void {
  reader.peek()
  const start = reader.position
  if (!skipJsonNumber(reader)) readDecimal(reader)
  checkNumberLength(reader, start)
}

/**
 * Reads the content of an N, a string of digits, and writes it as a JSON number with the same digits.
 * @throws JsonError if it is not a number
 */
export function readNumberString(reader: JsonReader, writer: JsonWriter): void {
  reader.peek()
  const start = reader.position
  if (skipJsonNumber(reader)) {
    writer.copy(reader.bytes, start + 1, reader.position - 1)
    return
  }
  // DynamoDB also accepts "+5", "007", ".5" and "5.", which are not JSON numbers.
  const { isNegative, whole, fraction, exponent } = readDecimal(reader)
  writer.ascii(
    (isNegative ? '-' : '') +
      (withoutLeadingZeros(whole) || '0') +
      (fraction === '' ? '' : `.${fraction}`) +
      (exponent ?? ''),
  )
}

/** None of the characters of a number has to be escaped in JSON. */
function readDecimal(reader: JsonReader): Decimal {
  const start = readString(reader, 'a number as a string of digits')
  return (
    decimalOf(reader.stringAt(start, reader.position)) ??
    reader.fail('must be a number as a string of digits')
  )
}

/** Fast path: reads a string that is a JSON number, as nearly all are. False, with nothing read, if it is not. */
function skipJsonNumber(reader: JsonReader): boolean {
  if (reader.peek() !== QUOTE) return false
  const end = endOfNumber(reader.bytes, reader.position + 1)
  if (reader.bytes[end] !== QUOTE) return false
  reader.position = end + 1
  return true
}

/**
 * Reads the content of a B, base64 with padding (RFC 4648, section 4).
 * @throws JsonError if it is not such base64
 */
export function checkBase64(reader: JsonReader): void {
  const start = readString(reader, 'base64 as a string')
  const base64 = reader.stringAt(start, reader.position)
  if (base64.length % 4 !== 0 || !isBase64.test(base64)) {
    reader.fail('must be base64 with padding (RFC 4648, section 4)')
  }
}

/**
 * Reads a string and returns the position of its opening quote.
 * @param what is expected, for the message, such as `a string`
 * @throws JsonError if the next value is not a string
 */
export function readString(reader: JsonReader, what: string): number {
  if (reader.peek() !== QUOTE) reader.mustBe(what)
  const start = reader.position
  reader.string()
  return start
}
