/**
 * What both representations agree on: which texts are numbers and which are binary. DynamoDB's own message
 * is better than ours wherever it has one; these are the two cases where a value that is let through would
 * come to harm: DynamoDB answers damaged base64 with an internal error, and a number that is none has no
 * document form.
 */
import { type JsonReader, type JsonText, unquote } from '../json-text.js'

// Each digit can be matched in one way only, or a long string would be tried in a million ways.
const isNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const isJsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
// Bits that padding cuts off must be 0, or two texts would be the same bytes and only one would come back.
const isBase64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/

/** Reads the digits of an N, a quoted string, and gives them as a JSON number with the same digits. */
export function readNumberString(reader: JsonReader): JsonText {
  const digits = unquote(readString(reader, 'a number as a string of digits'))
  if (isJsonNumber.test(digits)) return digits
  if (!isNumber.test(digits)) reader.fail(`must be a number as a string of digits`)
  // DynamoDB also takes "+5", "007", ".5" and "5."; JSON writes the same digits in one way only.
  const [, sign, whole, fraction, exponent] =
    /^([+-]?)0*(\d*)\.?(\d*)([eE][+-]?\d+)?$/.exec(digits) ?? reader.fail('must be a number')
  return (
    (sign === '-' ? '-' : '') +
    (whole === '' ? '0' : (whole ?? '')) +
    (fraction === '' ? '' : `.${fraction ?? ''}`) +
    (exponent ?? '')
  )
}

/** Reads a B, base64 with padding (RFC 4648, section 4), and gives it as it stands. */
export function readBase64(reader: JsonReader): JsonText {
  const quoted = readString(reader, 'base64 as a string')
  const base64 = unquote(quoted)
  if (base64.length % 4 !== 0 || !isBase64.test(base64)) {
    reader.fail('must be base64 with padding (RFC 4648, section 4)')
  }
  return quoted
}

/** Reads a string, or fails with what is wanted instead. */
export function readString(reader: JsonReader, what: string): JsonText {
  if (reader.peek() !== 0x22) reader.fail(`must be ${what}`)
  return reader.string()
}
