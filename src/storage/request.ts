/**
 * DynamoDB requests: the only way to build one and to look into one. A request is a plain object of DynamoDB's own
 * parameters, in which items, keys and whatever else is JSON already stay the bytes they are. It is serialized once,
 * when it is sent; until then its parameters can be read without parsing anything.
 */
import type { Json } from '../json/reader.js'
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

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/** Shared by all requests: serializing never waits. */
const writer = new JsonWriter()

/** The body of a request as DynamoDB reads it. */
export function serialize(request: DynamoDBRequest): Json {
  writer.clear()
  writeObject(request)
  return writer.take()
}

function write(value: Parameter): void {
  if (Buffer.isBuffer(value)) writer.copy(value)
  else if (Array.isArray(value)) writeArray(value as readonly Parameter[])
  else if (typeof value === 'object' && value !== null) writeObject(value as DynamoDBRequest)
  else writer.text(JSON.stringify(value ?? null))
}

function writeObject(object: DynamoDBRequest): void {
  writer.byte(OPEN_BRACE)
  let first = true
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (value === undefined) continue
    if (!first) writer.byte(COMMA)
    first = false
    writer.text(JSON.stringify(name))
    writer.byte(COLON)
    write(value)
  }
  writer.byte(CLOSE_BRACE)
}

function writeArray(elements: readonly Parameter[]): void {
  writer.byte(OPEN_BRACKET)
  for (let index = 0; index < elements.length; index++) {
    if (index > 0) writer.byte(COMMA)
    write(elements[index])
  }
  writer.byte(CLOSE_BRACKET)
}
