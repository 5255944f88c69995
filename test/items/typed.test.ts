import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { MAX_ITEM_LEVELS } from '../../src/items/limits.js'
import { JsonReader } from '../../src/json/reader.js'
import { JsonWriter } from '../../src/json/writer.js'
import { checkItem, copyItem } from '../../src/items/typed.js'
import { anyItem, refusal } from '../helpers/attribute-value.js'

/** An item as a caller sends it. */
function check(item: string): string {
  const reader = new JsonReader(Buffer.from(item), { wellFormed: true })
  const writer = new JsonWriter()
  checkItem(reader, writer)
  reader.end()
  return writer.take().toString()
}

/** An item as DynamoDB sends it. */
function copy(item: string): string {
  const writer = new JsonWriter()
  copyItem(new JsonReader(Buffer.from(item)), writer)
  return writer.take().toString()
}

t.test('copies an item of DynamoDB as it is', async (t) => {
  const values = [
    ...['{"S":"text"}', '{"S":""}', '{"S":"\\u0041 \\/ \\ud83d\\ude00 😀"}'],
    ...['{"N":"36"}', '{"N":"-0"}', '{"N":"1.0"}', '{"N":"1E+2"}', '{"N":"12345678901234567890.12"}'],
    ...['{"N":"+5"}', '{"N":".5"}', '{"N":"5."}', '{"N":"007"}', '{"N":"\\u0031"}'],
    ...['{"B":""}', '{"B":"/+8="}', '{"B":"\\/w=="}'],
    ...['{"BOOL":true}', '{"BOOL":false}', '{"NULL":true}'],
    ...['{"SS":[]}', '{"SS":["a","b"]}', '{"NS":["1","2.0"]}', '{"BS":["AA==",""]}'],
    ...['{"L":[]}', '{"L":[{"S":"a"},{"L":[{"N":"1"}]}]}'],
    ...['{"M":{}}', '{"M":{"S":{"S":"a"},"__proto__":{"M":{"$binary":{"NULL":true}}}}}'],
  ]
  for (const value of values) {
    t.equal(check(`{"x":${value}}`), `{"x":${value}}`)
    t.equal(copy(`{"x":${value}}`), `{"x":${value}}`)
  }
  const pretty =
    '{\n  "x" : { "L" : [ { "BOOL" : true } , { "NULL" : true } , { "NS" : [ "1" , "2" ] } ] }\n}'
  t.equal(check(`  ${pretty}  `), pretty)
  t.equal(check('{}'), '{}')
})

t.test('refuses a malformed item with its path and what is expected there', async (t) => {
  const number = 'must be a number as a string of digits'
  const base64 = 'must be base64 with padding (RFC 4648, section 4)'
  const refused: [item: string, message: string][] = [
    ['[]', ' must be an object'],
    ['"a"', ' must be an object'],
    ['null', ' must be an object'],
    ['{"x":"a"}', '/x must be an AttributeValue, such as {"S": "text"}'],
    ['{"x":1}', '/x must be an AttributeValue, such as {"S": "text"}'],
    ['{"x":null}', '/x must be an AttributeValue, such as {"S": "text"}'],
    ['{"x":[{"S":"a"}]}', '/x must be an AttributeValue, such as {"S": "text"}'],
    ['{"x":{}}', '/x must have a type, such as {"S": "text"}'],
    [
      '{"a":{"S":""},"x":{"M":{"y":{"L":[{"S":"a"},{}]}}}}',
      '/x/M/y/L/1 must have a type, such as {"S": "text"}',
    ],
    ['{"x":{"Q":"a"}}', '/x has "Q", which is no type of an AttributeValue'],
    ['{"x":{"s":"a"}}', '/x has "s", which is no type of an AttributeValue'],
    ['{"x":{"__proto__":"a"}}', '/x has "__proto__", which is no type of an AttributeValue'],
    ['{"x":{"S":"a","N":"1"}}', '/x must have exactly one type'],
    ['{"x":{"S":"a","n":"1"}}', '/x must have exactly one type'],
    ['{"x":{"S":"a","S":"a"}}', '/x must have exactly one type'],
    ['{"x":{"L":[{"BOOL":true,"NULL":true}]}}', '/x/L/0 must have exactly one type'],
    ['{"x":{"S":1}}', '/x/S must be a string'],
    ['{"x":{"S":null}}', '/x/S must be a string'],
    ['{"x":{"N":1}}', `/x/N must be a number as a string of digits`],
    ...['', ' ', '1 ', '1,5', 'ten', '.', '-', 'e5', '1e', '0x1F', 'NaN', 'Infinity', '--1', '1\\n'].map(
      (digits): [string, string] => [`{"x":{"N":"${digits}"}}`, `/x/N ${number}`],
    ),
    ['{"x":{"B":1}}', '/x/B must be base64 as a string'],
    ...['A', 'AA', 'AAA', 'A===', 'AA=A', '-_8=', 'AAA\\n', 'AAAA\\n'].map((b): [string, string] => [
      `{"x":{"B":"${b}"}}`,
      `/x/B ${base64}`,
    ]),
    ['{"x":{"SS":"a"}}', '/x/SS must be an array'],
    ['{"x":{"SS":["a",1]}}', '/x/SS/1 must be a string'],
    ['{"x":{"SS":[{"S":"a"}]}}', '/x/SS/0 must be a string'],
    ['{"x":{"NS":"1"}}', '/x/NS must be an array'],
    ['{"x":{"NS":["1",2]}}', `/x/NS/1 ${number}`],
    ['{"x":{"NS":["one"]}}', `/x/NS/0 ${number}`],
    ['{"x":{"BS":{}}}', '/x/BS must be an array'],
    ['{"x":{"BS":["AA==","AA"]}}', `/x/BS/1 ${base64}`],
    ['{"x":{"L":{}}}', '/x/L must be an array'],
    ['{"x":{"L":["a"]}}', '/x/L/0 must be an AttributeValue, such as {"S": "text"}'],
    ['{"x":{"M":[]}}', '/x/M must be an object'],
    ['{"x":{"M":{"y":"a"}}}', '/x/M/y must be an AttributeValue, such as {"S": "text"}'],
    [
      '{"x":{"S":"\\ud800"}}',
      '/x/S has half a surrogate pair at character 11, which is no Unicode character',
    ],
    ['{"x":{"S":"a",}}', '/x is not valid JSON: expected a value after ",", found "}" at character 14'],
    ['{"x":{"S":"a"', '/x/S is not valid JSON: expected "," or "}", found the end at character 13'],
  ]
  for (const [item, message] of refused)
    t.equal(
      refusal(() => check(item)),
      message,
    )
})

t.test('refuses a BOOL or NULL of another type for its type, not as malformed JSON', async (t) => {
  for (const content of ['1', '"true"', '[]', 'null']) {
    t.match(
      refusal(() => check(`{"x":{"BOOL":${content}}}`)),
      /^\/x\/BOOL must be .*true.*false/,
    )
  }
  for (const content of ['false', '1', '"true"', 'null', '{}']) {
    t.match(
      refusal(() => check(`{"x":{"NULL":${content}}}`)),
      /^\/x\/NULL must be .*true/,
    )
  }
})

t.test('refuses a name that occurs twice in one object', async (t) => {
  for (const [item, path] of [
    ['{"a":{"S":""},"a":{"S":""}}', '/a'],
    ['{"a":{"S":""},"\\u0061":{"N":"1"}}', '/\\\\u0061'],
    ['{"x":{"M":{"a":{"S":""},"b":{"S":""},"a":{"S":""}}}}', '/x/M/a'],
    ['{"x":{"L":[{"M":{"":{"S":""},"":{"S":""}}}]}}', '/x/L/0/M'],
  ] as const) {
    t.match(
      refusal(() => check(item)),
      new RegExp(`^${path}.* has the name ".*" twice$`),
    )
  }
})

t.test('limits the depth of nesting', async (t) => {
  const lists = (depth: number) => `{"x":${'{"L":['.repeat(depth)}${']}'.repeat(depth)}}`
  // A list has two brackets a level, and the item has one.
  t.equal(check(lists(MAX_ITEM_LEVELS - 1)), lists(MAX_ITEM_LEVELS - 1))
  for (const item of [
    lists(MAX_ITEM_LEVELS),
    '{"x":{"M":'.repeat(1_000_000),
    `{"x":${'{"L":['.repeat(1_000_000)}`,
  ]) {
    t.match(
      refusal(() => check(item)),
      / is nested deeper than the 32 levels /,
    )
  }
})

t.test('accepts any item of DynamoDB as it is, with or without white space', async () => {
  fc.assert(
    fc.property(anyItem, fc.constantFrom(1, '\t', '\r\n'), (item, space) => {
      const pretty = JSON.stringify(JSON.parse(item), null, space)
      for (const text of [item, pretty]) {
        assert.equal(check(text), text)
        assert.equal(copy(text), text)
      }
    }),
    { numRuns: 500 },
  )
})
