/**
 * The key of an item in the path of a request. The path is percent-decoded and has no names and types: those come from
 * the table. An S is written as its text, an N as its digits, a B as base64url without padding (RFC 4648, section 5).
 */
import { CLOSE_BRACE, OPEN_BRACE } from '../json/character-codes.js'
import { decimalOf } from '../json/decimal.js'
import type { Json } from '../json/json.js'
import { JsonReader } from '../json/reader.js'
import { KeyMismatchError } from '../storage/errors.js'
import type { KeyAttribute, KeySchema } from '../storage/tables/key-schemas.js'
import { isSameValue } from '../storage/tables/keys.js'
import { MAX_NUMBER_CHARACTERS } from './limits.js'

/** The parts of a key in a path, percent-decoded. */
export interface PathKey {
  readonly partitionKey: string
  readonly sortKey?: string
}

/** The attributes of a key, each with its AttributeValue as JSON, such as `['id', '{"S":"a"}']`. */
export type Key = readonly (readonly [name: string, value: string])[]

/**
 * Reads the key in a path.
 * @throws KeyMismatchError if the table cannot have this key
 */
export function readPathKey({ partitionKey, sortKey }: PathKey, schema: KeySchema): Key {
  const parts = sortKey === undefined ? [partitionKey] : [partitionKey, sortKey]
  if (parts.length !== schema.length) {
    const wrong = parts.length < schema.length ? 'is missing' : 'is one too many'
    const key = schema.map(({ name, type }) => `"${name}" (${String(type)})`).join(' and ')
    throw new KeyMismatchError(`params/sortKey ${wrong}: the key of the table is ${key}`)
  }
  return schema.map((attribute, index) => [
    attribute.name,
    readKeyValue(parts[index] ?? '', attribute, PARTS[index] ?? ''),
  ])
}

/** The parts of a key in the order of a key schema, as messages name them. */
const PARTS = ['params/partitionKey', 'params/sortKey']

/**
 * Reads the value of a key attribute in a path or a query string, as an AttributeValue such as `{"S":"a"}`.
 * @param where it is, such as `params/sortKey`
 * @throws KeyMismatchError if the attribute cannot have this value
 */
export function readKeyValue(part: string, { name, type }: KeyAttribute, where: string): string {
  const wants = (what: string) =>
    new KeyMismatchError(`${where} must be ${what}: the key attribute "${name}" is a ${type}`)
  switch (type) {
    case 'S':
      return `{"S":${JSON.stringify(part)}}`
    case 'N':
      if (part.length > MAX_NUMBER_CHARACTERS || decimalOf(part) === undefined) throw wants('a number')
      return `{"N":"${part}"}`
    case 'B': {
      const bytes = Buffer.from(part, 'base64url')
      // Another text that decodes to the same bytes would be a second URL of the same item.
      if (bytes.toString('base64url') !== part) throw wants('base64url without padding (RFC 4648, section 5)')
      return `{"B":"${bytes.toString('base64')}"}`
    }
    default:
      throw new KeyMismatchError(`${where} cannot be read: the table does not say what type "${name}" has`)
  }
}

/** The key as DynamoDB's JSON, such as `{"id":{"S":"a"}}`. */
export function keyJson(key: Key): string {
  return `{${key.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

/**
 * An item, in DynamoDB's JSON, with the attributes of its key. Those that it lacks are added in front.
 * @throws KeyMismatchError if the item has another value for one of them
 */
export function withKey(item: Json, key: Key): Json {
  const lacking = new Map(key)
  const reader = new JsonReader(item)
  reader.expect(OPEN_BRACE)
  let empty = true
  while (lacking.size > 0 && reader.next(CLOSE_BRACE, empty)) {
    empty = false
    reader.name()
    const name = reader.nameText()
    const value = lacking.get(name)
    const found = reader.take()
    if (value === undefined) continue
    if (!isSameValue(found, Buffer.from(value))) {
      const part = PARTS[key.findIndex(([attribute]) => attribute === name)] ?? ''
      throw new KeyMismatchError(`body/${name} must be the same as ${part}, or be left out`)
    }
    lacking.delete(name)
  }
  if (lacking.size === 0) return item
  const inFront = keyJson([...lacking]).slice(0, -1)
  return Buffer.concat([Buffer.from(empty ? inFront : `${inFront},`), item.subarray(1)])
}
