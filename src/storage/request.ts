/**
 * DynamoDB requests: the only way to build one and to look into one. A request is a plain object of DynamoDB's own
 * parameters, in which items, keys and everything else that is JSON already stay the bytes they are. It is serialized
 * once, when it is sent; until then its parameters can be read without parsing anything.
 *
 * Tables and attributes may be called `__proto__`. Build objects with such names by Object.fromEntries or computed
 * keys: an assignment would change the prototype and lose the name.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../json/character-codes.js'
import { type Json, parse } from '../json/json.js'
import { elements, members } from '../json/parts.js'
import { JsonWriter } from '../json/writer.js'

/** A parameter's value. A Buffer is one JSON value and is sent as it is; an undefined parameter is not sent. */
export type Parameter =
  | Json
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Parameter[]
  | { readonly [name: string]: Parameter }

/** The parameters of an operation under DynamoDB's names, such as `{ TableName: 't', Key: <{"id":{"S":"1"}}> }`. */
export type DynamoDBRequest = Readonly<Record<string, Parameter>>

/** A parameter is missing, or is not of the type that the operation needs. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}

/** The string that a parameter is; undefined if it is missing or not a string. */
export function textOf(value: Parameter): string | undefined {
  const text = Buffer.isBuffer(value) ? parse(value) : value
  return typeof text === 'string' ? text : undefined
}

/**
 * The members of an object, none if it is missing. DynamoDB treats a member that is `null` as missing.
 * @throws RequestError if it is not an object
 * @throws JsonError if it is a Buffer that is not an object
 */
export function membersOf(value: Parameter): Iterable<readonly [name: string, value: Parameter]> {
  if (Buffer.isBuffer(value)) return value.equals(NULL) ? [] : withoutNulls(members(value))
  if (isObject(value)) return Object.entries(value)
  if (value === undefined) return []
  throw new RequestError('a parameter is not an object')
}

function withoutNulls(found: Map<string, Json>): Map<string, Json> {
  for (const [name, value] of found) if (value.equals(NULL)) found.delete(name)
  return found
}

const NULL = Buffer.from('null')

/**
 * The elements of an array, none if it is missing.
 * @throws RequestError if it is not an array
 * @throws JsonError if it is a Buffer that is not an array
 */
export function elementsOf(value: Parameter): readonly Parameter[] {
  if (Buffer.isBuffer(value)) return value.equals(NULL) ? [] : elements(value)
  if (isArray(value)) return value
  if (value === undefined) return []
  throw new RequestError('a parameter is not an array')
}

/** A value as JSON; no copy if it is JSON already. */
export function jsonOf(value: Parameter): Json {
  if (Buffer.isBuffer(value)) return value
  writer.clear()
  write(value)
  return writer.take()
}

/** The table that a request is about, if it is one whole request about one. */
export function onlyTableOf(request: DynamoDBRequest): string | undefined {
  const { TableName, StreamArn, ShardIterator, RequestItems, TransactItems } = request
  if (TableName !== undefined) return textOf(TableName)
  if (StreamArn !== undefined) return tableOfStream(StreamArn)
  if (ShardIterator !== undefined) return tableOfStream(ShardIterator)
  if (isArray(TransactItems)) return TransactItems.length === 1 ? onlyTableIn(TransactItems[0]) : undefined
  if (!isObject(RequestItems)) return undefined
  const [first, ...others] = Object.keys(RequestItems)
  return others.length === 0 ? first : undefined
}

/** The table of `arn:aws:dynamodb:eu-central-1:123456789012:table/T/stream/…`; an iterator begins with the ARN of its stream. */
function tableOfStream(arn: Parameter): string | undefined {
  return /^arn:[^/]*:table\/([^/]+)\/stream\//.exec(textOf(arn) ?? '')?.[1]
}

/** `{ "Put": { "TableName": "T", … } }` */
function onlyTableIn(entry: Parameter): string | undefined {
  const [parameters] = isObject(entry) ? Object.values(entry) : []
  return isObject(parameters) ? textOf(parameters['TableName']) : undefined
}

function isArray(value: Parameter): value is readonly Parameter[] {
  return Array.isArray(value)
}

function isObject(value: Parameter): value is DynamoDBRequest {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !Array.isArray(value)
}

/** In characters. */
const SHORT = 128
/** ASCII without control characters, quotes and backslashes (RFC 8259, section 7). */
const needsNoEscape = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** One writer serves all requests, because serializing is synchronous. */
const writer = new JsonWriter()

/** The body of a request as DynamoDB reads it. */
export function serialize(request: DynamoDBRequest): Json {
  writer.clear()
  writeObject(request)
  return writer.take()
}

function write(value: Parameter): void {
  if (typeof value === 'string') writeString(value)
  else if (Buffer.isBuffer(value)) writer.copy(value)
  else if (isArray(value)) writeArray(value)
  else if (isObject(value)) writeObject(value)
  else writer.ascii(JSON.stringify(value ?? null))
}

/** Nearly all strings are short and need no escapes. To find that out costs half of JSON.stringify. */
function writeString(text: string): void {
  if (text.length <= SHORT && needsNoEscape.test(text)) {
    writer.byte(QUOTE)
    writer.ascii(text)
    writer.byte(QUOTE)
  } else writer.text(JSON.stringify(text))
}

function writeObject(object: DynamoDBRequest): void {
  writer.byte(OPEN_BRACE)
  let first = true
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (value === undefined) continue
    if (!first) writer.byte(COMMA)
    first = false
    writeString(name)
    writer.byte(COLON)
    write(value)
  }
  writer.byte(CLOSE_BRACE)
}

function writeArray(values: readonly Parameter[]): void {
  writer.byte(OPEN_BRACKET)
  for (let index = 0; index < values.length; index++) {
    if (index > 0) writer.byte(COMMA)
    write(values[index])
  }
  writer.byte(CLOSE_BRACKET)
}
