/**
 * Generators of items and documents for property tests. They generate JSON text rather than objects, so that every digit
 * is compared and `__proto__` is a name like any other.
 */
import fc from 'fast-check'
import { JsonError } from '../../src/json/reader.js'
import { AnswerError } from '../../src/storage/errors.js'

/** JSON as text. */
export type JsonText = string

/** The tags of document JSON: a name that, alone in an object, stands for a type that JSON lacks. */
export const TAGS = ['$binary', '$stringSet', '$numberSet', '$binarySet', '$map']

/** Runs a reader that must refuse its input; returns the error as callers see it: the path, a space, the message. */
export function refusal(read: () => unknown): string {
  try {
    return `nothing was refused: ${String(read())}`
  } catch (thrown) {
    const error = thrown instanceof AnswerError ? thrown.cause : thrown
    if (!(error instanceof JsonError)) throw thrown
    return `${error.path} ${error.message}`
  }
}

/** The canonical text of a JSON value: no white space, and no escapes that are not needed. */
export function canonical(text: JsonText): JsonText {
  // JSON.parse keeps `__proto__` as a name. It loses no digits where numbers are strings, as in DynamoDB's JSON.
  return JSON.stringify(JSON.parse(text))
}

/** Well-formed Unicode, often with characters that JSON must escape. */
export const unicode = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '/', '\n', '\u0000', '\u007f', '\u2028', '$', 'é', '😀') }),
)

const escapeAll = (text: string) =>
  `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`

/** A JSON string: with only the escapes it needs, with `\/`, or with every character escaped. */
const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<JsonText> =>
  fc.oneof(
    { weight: 4, arbitrary: text.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: text.map((value) => JSON.stringify(value).replaceAll('/', '\\/')) },
    { weight: 1, arbitrary: text.map(escapeAll) },
  )

/** A JSON number of at most 38 digits. */
export const number = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '1E+2', '0e0', '12345678901234567890123456789012345678'),
  fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,19})?(?:[eE][+-]?[0-9]{1,3})?$/),
)

const base64 = fc
  .uint8Array({ maxLength: 16 })
  .map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'))

const name = quoted(
  fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', 'toString', '', '$', '$other', ...TAGS),
    unicode,
  ),
)

const array = (elements: fc.Arbitrary<JsonText>) => fc.array(elements).map((all) => `[${all.join(',')}]`)

const members = (names: fc.Arbitrary<JsonText>, values: fc.Arbitrary<JsonText>, maxLength = 5) =>
  fc.uniqueArray(fc.tuple(names, values), { maxLength, selector: ([quotedName]) => canonical(quotedName) })

const object = (all: readonly (readonly [JsonText, JsonText])[]): JsonText =>
  `{${all.map(([quotedName, value]) => `${quotedName}:${value}`).join(',')}}`

const { attributes } = fc.letrec<{ value: JsonText; attributes: JsonText }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    quoted(unicode).map((s) => `{"S":${s}}`),
    number.map((n) => `{"N":"${n}"}`),
    quoted(base64).map((b) => `{"B":${b}}`),
    fc.boolean().map((bool) => `{"BOOL":${bool ? 'true' : 'false'}}`),
    fc.constant('{"NULL":true}'),
    array(quoted(unicode)).map((ss) => `{"SS":${ss}}`),
    array(number.map((n) => `"${n}"`)).map((ns) => `{"NS":${ns}}`),
    array(quoted(base64)).map((bs) => `{"BS":${bs}}`),
    array(tie('value')).map((l) => `{"L":${l}}`),
    tie('attributes').map((m) => `{"M":${m}}`),
    fc
      .tuple(quoted(fc.constantFrom(...TAGS, '$other')), tie('value'))
      .map((member) => `{"M":${object([member])}}`),
  ),
  attributes: members(name, tie('value')).map(object),
}))

/** An item as DynamoDB writes it: names with their AttributeValues, without white space. */
export const anyItem: fc.Arbitrary<JsonText> = attributes

const { document } = fc.letrec<{ value: JsonText; document: JsonText }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    quoted(unicode),
    number,
    fc.constantFrom('true', 'false', 'null'),
    array(tie('value')),
    tie('document'),
  ),
  document: members(name, tie('value'))
    // A single tag would turn the object into another type.
    .filter((all) => all.length !== 1 || all.every(([only]) => !TAGS.includes(String(JSON.parse(only)))))
    .map(object),
}))

/** A JSON object without tags and without white space. */
export const anyDocument: fc.Arbitrary<JsonText> = document
