import { type Json, parse } from '../json/json.js'
import { members } from '../json/parts.js'
import { canonicalNumber } from '../storage/tables/keys.js'
import type { Partition } from './partition-template.js'

/** A decimal number as a template may spell it; DynamoDB has more forms, which compare by their value. */
const NUMBER = /^[+-]?\d{1,40}(?:\.\d{1,40})?$/

/**
 * Whether a partition key is one of these. Strings are compared by their characters, numbers and binary keys by their
 * value; for binary keys the text stands for its bytes in UTF-8.
 * @param value an AttributeValue, such as `{"S":"CUSTOMER#42"}`; undefined is in no partition
 */
export function isIn({ text, isPrefix }: Partition, value: Json | undefined): boolean {
  if (value === undefined) return false
  const [entry, ...others] = members(value)
  if (entry === undefined || others.length > 0) return false
  const [type, json] = entry
  const content = parse(json)
  if (typeof content !== 'string') return false
  switch (type) {
    case 'S':
      return isPrefix ? content.startsWith(text) : content === text
    case 'N':
      return !isPrefix && NUMBER.test(text) && canonicalNumber(content) === canonicalNumber(text)
    case 'B':
      return isSameBinary(content, text, isPrefix)
    default:
      return false
  }
}

function isSameBinary(base64: string, text: string, isPrefix: boolean): boolean {
  const bytes = Buffer.from(base64, 'base64')
  // Node.js passes over what is not base64, which DynamoDB refuses.
  if (bytes.toString('base64') !== base64) return false
  const wanted = Buffer.from(text)
  return isPrefix ? bytes.subarray(0, wanted.length).equals(wanted) : bytes.equals(wanted)
}
