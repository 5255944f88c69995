import { type Json, parse } from '../json/json.js'
import { eachMember } from '../json/parts.js'
import { JsonReader } from '../json/reader.js'
import { canonicalNumber } from '../storage/tables/keys.js'
import type { Partition } from './partition-template.js'

/** A decimal number as a template may spell it; DynamoDB has more forms, which compare by their value. */
const NUMBER = /^[+-]?\d{1,40}(?:\.\d{1,40})?$/
/**
 * A number in a request. DynamoDB also takes the digits of other scripts, such as U+0665 for 5, which have no canonical
 * form here: they must not be taken for another number.
 */
const ASCII_NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Whether a partition key is one of these. Strings are compared by their characters, numbers and binary keys by their
 * value; for binary keys the text stands for its bytes in UTF-8.
 * @param value an AttributeValue, such as `{"S":"CUSTOMER#42"}`; undefined is in no partition
 */
export function isIn({ text, isPrefix }: Partition, value: Json | undefined): boolean {
  if (value === undefined) return false
  const [type, content] = onlyMember(value)
  if (typeof content !== 'string') return false
  switch (type) {
    case 'S':
      return isPrefix ? content.startsWith(text) : content === text
    case 'N':
      return !isPrefix && isSameNumber(content, text)
    case 'B':
      return isSameBinary(content, text, isPrefix)
    default:
      return false
  }
}

/** Its type and content; none if it is not exactly one, since a second one could count for DynamoDB. */
function onlyMember(value: Json): readonly [type?: string, content?: unknown] {
  const reader = new JsonReader(value)
  const found: [string, Json][] = []
  eachMember(reader, (type) => found.push([type, reader.take()]))
  const [entry] = found
  return entry === undefined || found.length > 1 ? [] : [entry[0], parse(entry[1])]
}

function isSameNumber(digits: string, text: string): boolean {
  return NUMBER.test(text) && ASCII_NUMBER.test(digits) && canonicalNumber(digits) === canonicalNumber(text)
}

function isSameBinary(base64: string, text: string, isPrefix: boolean): boolean {
  const bytes = Buffer.from(base64, 'base64')
  // Node.js passes over what is not base64, which DynamoDB refuses.
  if (bytes.toString('base64') !== base64) return false
  const wanted = Buffer.from(text)
  return isPrefix ? bytes.subarray(0, wanted.length).equals(wanted) : bytes.equals(wanted)
}
