/** Request bodies made from the schemas of the routes: valid ones, and ones that are wrong in one place or in many. */
import fc from 'fast-check'
import { SHAPE } from '../../schemas/parts/building-blocks.js'
import { minefield } from './minefield.js'

/** The members of JSON Schema that the schemas of request bodies use. */
interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maxProperties?: number
  readonly [SHAPE]?: string
}

/** How values are written. */
export interface Style {
  readonly typed: boolean
  /** Whether some values, names and members are wrong. */
  readonly hostile: boolean
}

export const DOCUMENT = { typed: false, hostile: false }
export const TYPED = { typed: true, hostile: false }

const oneOf = (values: readonly string[]) => fc.constantFrom(...values)

const hostileValue = oneOf(minefield)
const tableNames = oneOf(['"Orders"', '"Customers"', '"Missing"'])

/** Plausible texts for strings that have a meaning. For the others any word will do. */
const words: Readonly<Record<string, readonly string[]>> = {
  keyConditionExpression: [
    'customer = :c',
    '#c = :c AND placed BETWEEN :a AND :b',
    'customer = :c AND begins_with(placed, :a)',
  ],
  updateExpression: [
    'SET #s = :c',
    'SET a = a + :one REMOVE b',
    'ADD tags :more',
    'SET l = list_append(l, :l), m.x = if_not_exists(y, :c)',
  ],
  conditionExpression: [
    'attribute_not_exists(customer)',
    '#s = :open',
    'size(a) > :one AND NOT (b IN (:a, :b))',
  ],
  filterExpression: ['amount > :one', 'contains(tags, :c)'],
  projectionExpression: ['customer, placed', '#s', 'lines[0].sku'],
  indexName: ['byStatus', 'none'],
  statement: [
    'SELECT * FROM "Orders" WHERE customer = ?',
    "UPDATE Orders SET amount = ? WHERE customer = 'ada' RETURNING ALL NEW *",
    "INSERT INTO Customers VALUE {'customer': ?}",
  ],
  clientRequestToken: ['token-1', 'a'.repeat(36)],
}
const anyWord = ['a', 'ada', 'status', 'é', '😀']

const documents = [
  '"ada"',
  '0',
  '-1.5',
  '12345678901234567890.12',
  '1e10',
  'true',
  'null',
  '[]',
  '[1,"a",null]',
  '{}',
  '{"a":{"b":[]}}',
  '{"$binary":"AAEC"}',
  '{"$stringSet":["a","b"]}',
  '{"$numberSet":[1,2]}',
  '{"$map":{"$binary":1}}',
  '"\\u00e9\\n"',
]
const attributeValues = [
  '{"S":"ada"}',
  '{"N":"0"}',
  '{"N":"-1.5"}',
  '{"N":"12345678901234567890.12"}',
  '{"BOOL":true}',
  '{"NULL":true}',
  '{"L":[]}',
  '{"L":[{"N":"1"},{"S":"a"}]}',
  '{"M":{}}',
  '{"M":{"a":{"M":{}}}}',
  '{"B":"AAEC"}',
  '{"SS":["a","b"]}',
  '{"NS":["1","2"]}',
  '{"BS":["AAEC"]}',
]
const attributeNames = ['name', 'amount', ':c', ':one', '#s', '$set', 'ü', 'a.b', 'length']

/** An object from its members; a hostile one lacks some, has some twice, or has others as well. */
function objectOf(members: readonly fc.Arbitrary<string>[], hostile: boolean): fc.Arbitrary<string> {
  const other = fc.tuple(
    oneOf(['"__proto__"', '"constructor"', '"extra"', '""', '"a\\u0000"', '"TableName"', 'a', '1']),
    hostileValue,
  )
  const extra = other.map(([name, value]) => `${name}:${value}`)
  const all = hostile ? [...members, rarely(extra, 12), rarely(fc.oneof(extra, ...members), 20)] : members
  return fc.tuple(...all).map((texts) => `{${texts.filter((text) => text !== '').join(',')}}`)
}

/** The text once in `times`, otherwise none. */
function rarely(text: fc.Arbitrary<string>, times: number): fc.Arbitrary<string> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text })
}

function member(name: fc.Arbitrary<string> | string, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const names = typeof name === 'string' ? fc.constant(JSON.stringify(name)) : name
  return fc.tuple(names, value).map(([one, text]) => `${one}:${text}`)
}

function value(style: Style): fc.Arbitrary<string> {
  return withHostile(oneOf(style.typed ? attributeValues : documents), style, 8)
}

/** An item or a key. Most have the key of the tables, so that they pass. */
function item(style: Style): fc.Arbitrary<string> {
  const text = (word: string) => (style.typed ? `{"S":"${word}"}` : `"${word}"`)
  const key = (name: string, values: readonly string[]) =>
    member(name, withHostile(oneOf(values.map(text)), style, 15))
  const others = Array.from({ length: 3 }, () =>
    rarely(member(oneOf(attributeNames.map((name) => JSON.stringify(name))), value(style)), 3),
  )
  return objectOf(
    [key('customer', ['ada', 'grace', 'alan']), key('placed', ['2026-11-02', '2026-11-15']), ...others],
    style.hostile,
  )
}

function withHostile(text: fc.Arbitrary<string>, { hostile }: Style, times: number): fc.Arbitrary<string> {
  return hostile
    ? fc.oneof({ weight: times - 1, arbitrary: text }, { weight: 1, arbitrary: hostileValue })
    : text
}

/** JSON texts for a schema; a hostile style breaks them in places. */
export function bodyOf(schema: object, style: Style): fc.Arbitrary<string> {
  return textOf(schema, style)
}

function textOf(schema: JsonSchema, style: Style, name = ''): fc.Arbitrary<string> {
  return withHostile(plainTextOf(schema, style, name), style, 25)
}

function plainTextOf(schema: JsonSchema, style: Style, name: string): fc.Arbitrary<string> {
  if (schema[SHAPE] === 'item') return item(style)
  if (schema[SHAPE] === 'value') return value(style)
  if (schema.enum !== undefined) return oneOf(schema.enum.map((word) => JSON.stringify(word)))
  switch (schema.type) {
    case 'object':
      return objectText(schema, style)
    case 'array':
      return fc
        .array(textOf(schema.items ?? {}, style), { minLength: style.hostile ? 0 : 1, maxLength: 4 })
        .map((texts) => `[${texts.join(',')}]`)
    case 'boolean':
      return oneOf(['true', 'false'])
    case 'integer':
    case 'number':
      return oneOf([String(schema.minimum ?? 0), '1', '2', '100', '2147483647'])
    case 'string':
      if (name === 'tableName') return tableNames
      return oneOf((words[name] ?? anyWord).map((word) => JSON.stringify(word)))
    default:
      return hostileValue
  }
}

function objectText(schema: JsonSchema, style: Style): fc.Arbitrary<string> {
  const { properties, required = [], additionalProperties, maxProperties } = schema
  if (properties === undefined) {
    const values = textOf(typeof additionalProperties === 'object' ? additionalProperties : {}, style)
    const names = withHostile(oneOf(['"Orders"', '"Customers"', '"#s"', '"#c"']), style, 12)
    // A valid object has every name once.
    return objectOf(
      style.hostile ? [member(names, values), rarely(member(names, values), 3)] : [member(names, values)],
      style.hostile,
    )
  }
  const members = Object.entries(properties).map(([name, inner]) => {
    const one = member(name, textOf(inner, style, name))
    if (maxProperties === 1) return one
    return required.includes(name)
      ? style.hostile
        ? fc.oneof({ weight: 15, arbitrary: one }, { weight: 1, arbitrary: fc.constant('') })
        : one
      : rarely(one, 4)
  })
  return maxProperties === 1
    ? objectOf([fc.oneof(...members)], style.hostile)
    : objectOf(members, style.hostile)
}

/** Bodies of lines, as imports take them. */
export function linesOf(style: Style): fc.Arbitrary<string> {
  const line = fc.oneof(
    withHostile(item(DOCUMENT), style, 6),
    item({ ...style, typed: true }).map((text) => `{"Item":${text}}`),
    fc.constant(''),
  )
  const separator = style.hostile ? oneOf(['\n', '\r\n', '\n\n', '\r', '']) : fc.constant('\n')
  return fc.tuple(fc.array(line, { maxLength: 40 }), separator).map(([lines, between]) => lines.join(between))
}

const INVALID_UTF8 = ['ff', 'c0af', 'eda080', 'f4908080', 'e28028', 'f09f98'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

const MEGABYTE = 1_000_000
/** Cheap to send, dear to read. */
const bloats: readonly ((text: string) => Buffer)[] = [
  (text) => Buffer.from(text + ' '.repeat(MEGABYTE)),
  (text) => Buffer.from(text.replace(':', `:[${'{},'.repeat(MEGABYTE / 3)}{}],"a":`)),
  (text) => Buffer.from(text.replace('{', `{${'"#a":1,'.repeat(MEGABYTE / 7)}`)),
  (text) => Buffer.from(text.replace(':', `:"${'\\u0041'.repeat(MEGABYTE / 6)}","b":`)),
  (text) => Buffer.from(text.replace(':', `:${'9'.repeat(MEGABYTE)},"b":`)),
]

/** What happens to the bytes of a text on the way. */
export const damage: fc.Arbitrary<(text: string) => Buffer> = fc.oneof(
  { weight: 1200, arbitrary: fc.constant((text: string) => Buffer.from(text)) },
  ...damages().map((arbitrary) => ({ weight: 100, arbitrary })),
  // A megabyte each, so only some.
  { weight: 3, arbitrary: fc.constantFrom(...bloats) },
)

function damages(): fc.Arbitrary<(text: string) => Buffer>[] {
  const at = fc.double({ min: 0, max: 1, noNaN: true })
  const insert = (text: string, place: number, piece: Buffer) => {
    const bytes = Buffer.from(text)
    const index = Math.floor(place * bytes.length)
    return Buffer.concat([bytes.subarray(0, index), piece, bytes.subarray(index)])
  }
  return [
    fc.constant((text: string) => Buffer.from(`\ufeff${text}`)),
    fc.constant((text: string) => Buffer.from(text, 'utf16le')),
    fc.constant((text: string) => Buffer.from(text, 'latin1')),
    fc.constant((text: string) => Buffer.from(`${text}${text}`)),
    fc.constant((text: string) => Buffer.from(`${text}\0`)),
    fc.constant((text: string) => Buffer.from(` \t\r\n${text}\n\n`)),
    fc.constant(() => Buffer.alloc(0)),
    at.map((place) => (text: string) => Buffer.from(text).subarray(0, Math.floor(place * text.length))),
    fc.tuple(at, fc.constantFrom(...INVALID_UTF8)).map(
      ([place, bytes]) =>
        (text: string) =>
          insert(text, place, bytes),
    ),
    fc
      .tuple(
        at,
        fc.constantFrom(',', ':', '[', ']', '{', '}', '"', '\\', '0', '-', '\0', '\u00a0', '\u{1f600}'),
      )
      .map(
        ([place, piece]) =>
          (text: string) =>
            insert(text, place, Buffer.from(piece)),
      ),
  ]
}
