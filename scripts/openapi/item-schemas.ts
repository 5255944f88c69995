/** The schemas of an item and its values, which no route has: the service translates items without a schema. */
import type { Json, JsonObject } from './json-value.js'
import { ref } from './schema-components.js'

const arrayOf = (items: Json, description: string): Json => ({ type: 'array', items, description })
const field = (name: string, description: string): JsonObject => ({ ...ref(name), description })
// Some generators read `format` to make bytes of a string, and others `contentEncoding`.
const base64: JsonObject = { type: 'string', format: 'byte', contentEncoding: 'base64' }

export const itemSchemas: JsonObject = {
  Item: {
    type: 'object',
    description:
      'An item as a plain document. Strings, booleans, null, arrays and objects are S, BOOL, NULL, L and M. A ' +
      'number is an N with exactly its digits, up to 38. The other types are objects with one key: ' +
      '`{"$binary": "<base64>"}`, `{"$stringSet": […]}`, `{"$numberSet": […]}`, `{"$binarySet": […]}`. A map ' +
      'that would look like one of them is written `{"$map": {…}}`.',
    additionalProperties: true,
    examples: [{ customer: 'ada', placed: '2026-11-02', amount: 129.95, tags: { $stringSet: ['books'] } }],
  },
  TypedItem: {
    type: 'object',
    description: 'An item in DynamoDB’s own types.',
    additionalProperties: ref('AttributeValue'),
    examples: [{ customer: { S: 'ada' }, placed: { S: '2026-11-02' }, amount: { N: '129.95' } }],
  },
  TypedItemOrItems: {
    type: 'object',
    description: 'A `TypedItem`; in a table with a sort key, a `TypedCollection`.',
    additionalProperties: true,
  },
  AttributeValue: {
    type: 'object',
    description: 'A value with its type: exactly one of these.',
    properties: {
      S: { type: 'string', description: 'A string.' },
      N: { type: 'string', description: 'A number, as its digits.', examples: ['12345678901234567890.12'] },
      B: { ...base64, description: 'Bytes, in base64.' },
      BOOL: { type: 'boolean', description: 'A boolean.' },
      NULL: { type: 'boolean', description: 'Null; always true.' },
      // References with a description, so that no generator sends those that are not there as empty ones.
      M: field('TypedItem', 'A map.'),
      L: field('AttributeValueList', 'A list.'),
      SS: field('StringSet', 'A set of strings.'),
      NS: field('NumberSet', 'A set of numbers, as their digits.'),
      BS: field('BinarySet', 'A set of bytes.'),
    },
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  },
  AttributeValueList: arrayOf(ref('AttributeValue'), 'Values with their types.'),
  StringSet: arrayOf({ type: 'string' }, 'Different strings.'),
  NumberSet: arrayOf({ type: 'string' }, 'Different numbers, as their digits.'),
  BinarySet: arrayOf(base64, 'Different bytes, in base64.'),
}
