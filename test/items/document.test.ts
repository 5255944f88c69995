import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { MAX_ITEM_LEVELS } from '../../src/items/limits.js'
import { JsonReader, MAX_DEPTH } from '../../src/json/reader.js'
import { JsonWriter } from '../../src/json/writer.js'
import { decodeItem, encodeItem } from '../../src/items/document.js'
import { anyDocument, anyItem, canonical, refusal, TAGS } from '../helpers/attribute-value.js'

/** Translates a caller's document to DynamoDB's JSON. */
function decode(document: string): string {
  const reader = new JsonReader(Buffer.from(document), { wellFormed: true })
  const writer = new JsonWriter()
  decodeItem(reader, writer)
  reader.end()
  return writer.take().toString()
}

/** Translates DynamoDB's JSON to the document that a caller gets. */
function encode(item: string): string {
  const reader = new JsonReader(Buffer.from(item))
  const writer = new JsonWriter()
  encodeItem(reader, writer)
  reader.end()
  return writer.take().toString()
}

t.test('reads and writes each type in one document form', async (t) => {
  const forms: [document: string, attributeValue: string][] = [
    ['"text"', '{"S":"text"}'],
    ['""', '{"S":""}'],
    [
      '"quote \\" slash \\/ \\u00e9 é 😀 \\ud83d\\ude00"',
      '{"S":"quote \\" slash \\/ \\u00e9 é 😀 \\ud83d\\ude00"}',
    ],
    ['36', '{"N":"36"}'],
    ['true', '{"BOOL":true}'],
    ['false', '{"BOOL":false}'],
    ['null', '{"NULL":true}'],
    ['[]', '{"L":[]}'],
    ['["a",1,[null]]', '{"L":[{"S":"a"},{"N":"1"},{"L":[{"NULL":true}]}]}'],
    ['{}', '{"M":{}}'],
    ['{"a":{"b":1}}', '{"M":{"a":{"M":{"b":{"N":"1"}}}}}'],
    ['{"$binary":"/+8="}', '{"B":"/+8="}'],
    ['{"$binary":""}', '{"B":""}'],
    ['{"$binary":"\\/+8="}', '{"B":"\\/+8="}'],
    ['{"$stringSet":["a","","\\n"]}', '{"SS":["a","","\\n"]}'],
    ['{"$stringSet":["\\"","b","\\\\","c"]}', '{"SS":["\\"","b","\\\\","c"]}'],
    ['{"$stringSet":[]}', '{"SS":[]}'],
    ['{"$numberSet":[1,-2.50,3E+4]}', '{"NS":["1","-2.50","3E+4"]}'],
    ['{"$numberSet":[]}', '{"NS":[]}'],
    ['{"$binarySet":["AA==","/+8=","\\/w=="]}', '{"BS":["AA==","/+8=","\\/w=="]}'],
    ['{"$binarySet":[]}', '{"BS":[]}'],
    ['[{"$binary":"AA=="},{"$stringSet":["a"]}]', '{"L":[{"B":"AA=="},{"SS":["a"]}]}'],
  ]
  for (const [document, attributeValue] of forms) {
    t.equal(decode(`{"x":${document}}`), `{"x":${attributeValue}}`)
    t.equal(encode(`{"x":${attributeValue}}`), `{"x":${document}}`)
  }
  const whole = forms.map(([document], i) => `"x${i}":${document}`).join(',')
  t.equal(decode(`{${whole}}`), `{${forms.map(([, value], i) => `"x${i}":${value}`).join(',')}}`)
  t.equal(encode(decode(`{${whole}}`)), `{${whole}}`)
})

t.test('keeps the digits of a number, in both directions', async (t) => {
  const numbers = [
    ...['0', '-0', '7', '-7', '1.0', '0.10', '1E+2', '1e-130', '-9.9E125', '100'],
    ...['12345678901234567890.12', '12345678901234567890123456789012345678'],
    '0.12345678901234567890123456789012345678',
  ]
  for (const number of numbers) {
    t.equal(
      decode(`{"n":${number},"s":{"$numberSet":[${number}]}}`),
      `{"n":{"N":"${number}"},"s":{"NS":["${number}"]}}`,
    )
    t.equal(
      encode(`{"n":{"N":"${number}"},"s":{"NS":["${number}"]}}`),
      `{"n":${number},"s":{"$numberSet":[${number}]}}`,
    )
  }
})

t.test('writes a number that is not a JSON number with the same digits', async (t) => {
  const numbers: [dynamodb: string, json: string][] = [
    ['+5', '5'],
    ['+0', '0'],
    ['.5', '0.5'],
    ['-.5', '-0.5'],
    ['+.50', '0.50'],
    ['5.', '5'],
    ['-5.', '-5'],
    ['5.e3', '5e3'],
    ['.5E-3', '0.5E-3'],
    ['007', '7'],
    ['-007.070', '-7.070'],
    ['00', '0'],
    ['-00', '-0'],
    ['00.5', '0.5'],
    ['+01E+02', '1E+02'],
    ['000100', '100'],
  ]
  for (const [dynamodb, json] of numbers) {
    t.equal(encode(`{"n":{"N":"${dynamodb}"}}`), `{"n":${json}}`)
    t.equal(encode(`{"n":{"NS":["1","${dynamodb}"]}}`), `{"n":{"$numberSet":[1,${json}]}}`)
    t.equal(Number(json), Number(dynamodb))
  }
})

t.test('writes a map that looks like another type as {"$map": {…}}', async (t) => {
  const maps: [document: string, attributeValue: string][] = [
    ...TAGS.map((tag): [string, string] => [`{"$map":{"${tag}":"AA=="}}`, `{"M":{"${tag}":{"S":"AA=="}}}`]),
    ['{"$map":{"$map":{"$map":{"$map":1}}}}', '{"M":{"$map":{"M":{"$map":{"N":"1"}}}}}'],
    ['{"$map":{"$map":{}}}', '{"M":{"$map":{"M":{}}}}'],
    ['{"$map":{"$binary":{"$binary":"AA=="}}}', '{"M":{"$binary":{"B":"AA=="}}}'],
    ['{"$map":{"\\u0024binary":1}}', '{"M":{"\\u0024binary":{"N":"1"}}}'],
    ['{"$map":{"$stringSet":["\\"","b"]}}', '{"M":{"$stringSet":{"L":[{"S":"\\""},{"S":"b"}]}}}'],
  ]
  for (const [document, attributeValue] of maps) {
    t.equal(decode(`{"x":${document}}`), `{"x":${attributeValue}}`)
    t.equal(encode(`{"x":${attributeValue}}`), `{"x":${document}}`)
  }
  t.equal(
    decode('{"x":{"$map":{"a":1}}}'),
    '{"x":{"M":{"a":{"N":"1"}}}}',
    '$map is allowed where it is not needed',
  )
  t.equal(decode('{"x":{"$map":{}}}'), '{"x":{"M":{}}}')
})

t.test('reads an object with another name, or with a second name, as a map', async (t) => {
  const maps: [document: string, attributeValue: string][] = [
    ['{"$other":"AA=="}', '{"M":{"$other":{"S":"AA=="}}}'],
    ['{"$":1}', '{"M":{"$":{"N":"1"}}}'],
    ['{"$Binary":1}', '{"M":{"$Binary":{"N":"1"}}}'],
    ['{"\\n":1}', '{"M":{"\\n":{"N":"1"}}}'],
    ['{"$binary":"no base64","b":1}', '{"M":{"$binary":{"S":"no base64"},"b":{"N":"1"}}}'],
    ['{"a":1,"$binary":5}', '{"M":{"a":{"N":"1"},"$binary":{"N":"5"}}}'],
    ['{"$map":{"a":1},"$binary":[]}', '{"M":{"$map":{"M":{"a":{"N":"1"}}},"$binary":{"L":[]}}}'],
    ['{"$numberSet":["\\"","x"],"b":1}', '{"M":{"$numberSet":{"L":[{"S":"\\""},{"S":"x"}]},"b":{"N":"1"}}}'],
    [
      '{"\\u0024map":{"\\u0024":"\\\\"},"b":""}',
      '{"M":{"\\u0024map":{"M":{"\\u0024":{"S":"\\\\"}}},"b":{"S":""}}}',
    ],
  ]
  for (const [document, attributeValue] of maps) {
    t.equal(decode(`{"x":${document}}`), `{"x":${attributeValue}}`)
    t.equal(encode(`{"x":${attributeValue}}`), `{"x":${document}}`)
  }
})

t.test('recognizes a tag that is written with escapes', async (t) => {
  t.equal(decode('{"x":{"\\u0024binary":"AA=="}}'), '{"x":{"B":"AA=="}}')
  t.equal(decode('{"x":{"\\u0024\\u006dap":{"\\u0024binary":1}}}'), '{"x":{"M":{"\\u0024binary":{"N":"1"}}}}')
  t.equal(decode('{"x":{"$string\\u0053et":["\\u0061"]}}'), '{"x":{"SS":["\\u0061"]}}')
})

t.test('recognizes tags regardless of the item before, even if that was refused', async (t) => {
  // The content of this inner tag is at the same position as that of the tag below, and one byte shorter.
  const nested = '{"x":{"$map":{"$map":{"a":1}}}'
  const map = '{"xxxxxxxxx":{"$map":{"a":11},"b":2}}'
  const decoded = '{"xxxxxxxxx":{"M":{"$map":{"M":{"a":{"N":"11"}}},"b":{"N":"2"}}}}'
  t.equal(decode(`${nested}}`), '{"x":{"M":{"$map":{"M":{"a":{"N":"1"}}}}}}')
  t.equal(decode(map), decoded)
  t.match(
    refusal(() => decode(`${nested},"y":?}`)),
    'is not valid JSON',
  )
  t.equal(decode(map), decoded)
})

t.test('never reads an item as a whole as a tag', async (t) => {
  for (const tag of TAGS) {
    t.equal(decode(`{"${tag}":5}`), `{"${tag}":{"N":"5"}}`)
    t.equal(encode(`{"${tag}":{"N":"5"}}`), `{"${tag}":5}`)
  }
  t.equal(decode('{}'), '{}')
  t.equal(encode('{}'), '{}')
})

t.test('drops white space around values', async (t) => {
  const document =
    ' {\r\n\t"a" : [ 1 , { "$binary" : "AA==" } , [ ] ] ,\n "b" : { "$map" : { "$map" : null } } ,' +
    ' "c" : { "$numberSet" : [ 1 , 2 ] } , "d" : { "$stringSet" : [ "a b" , "c" ] } , "e" : { } } \n'
  const item =
    '{"a":{"L":[{"N":"1"},{"B":"AA=="},{"L":[]}]},"b":{"M":{"$map":{"NULL":true}}},' +
    '"c":{"NS":["1","2"]},"d":{"SS":["a b","c"]},"e":{"M":{}}}'
  t.equal(decode(document), item)
  t.equal(canonical(encode(JSON.stringify(JSON.parse(item), null, 2))), canonical(document))
})

t.test('refuses a malformed document with its path and what is expected there', async (t) => {
  const base64 = 'must be base64 with padding (RFC 4648, section 4)'
  const refused: [document: string, message: string][] = [
    ['[]', ' must be an object'],
    ['"a"', ' must be an object'],
    ['null', ' must be an object'],
    ['', ' is not valid JSON: expected an object, found the end at character 0'],
    ['{"x":{"$binary":5}}', '/x/$binary must be base64 as a string'],
    ['{"x":{"$binary":null}}', '/x/$binary must be base64 as a string'],
    ['{"x":{"$binary":["AA=="]}}', '/x/$binary must be base64 as a string'],
    ['{"x":{"$binary":"AA"}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AB=="}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AAB="}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AAA"}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"A==="}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"A=A="}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"-_8="}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AA A"}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AAA\\n"}}', `/x/$binary ${base64}`],
    ['{"x":{"$binary":"AAAA\\n"}}', `/x/$binary ${base64}`],
    ['{"x":{"$stringSet":"a"}}', '/x/$stringSet must be an array'],
    ['{"x":{"$stringSet":{}}}', '/x/$stringSet must be an array'],
    ['{"x":{"$stringSet":["a",1]}}', '/x/$stringSet/1 must be a string'],
    ['{"x":{"$numberSet":["1"]}}', '/x/$numberSet/0 must be a number'],
    ['{"x":{"$numberSet":[1,null]}}', '/x/$numberSet/1 must be a number'],
    ['{"x":{"$numberSet":1}}', '/x/$numberSet must be an array'],
    ['{"x":{"$binarySet":"AA=="}}', '/x/$binarySet must be an array'],
    ['{"x":{"$binarySet":["AA==",true]}}', '/x/$binarySet/1 must be base64 as a string'],
    ['{"x":{"$binarySet":["AA==","AA"]}}', `/x/$binarySet/1 ${base64}`],
    ['{"x":{"$map":5}}', '/x/$map must be an object'],
    ['{"x":{"$map":[]}}', '/x/$map must be an object'],
    ['{"x":[0,{"y":{"$map":{"z":{"$binary":5}}}}]}', '/x/1/y/$map/z/$binary must be base64 as a string'],
    ['{"__proto__":{"$binary":5}}', '/__proto__/$binary must be base64 as a string'],
    ['{"x":"\\ud800"}', '/x has half a surrogate pair at character 6, which is no Unicode character'],
    ['{"x":?}', '/x is not valid JSON: expected a value, found "?" at character 5'],
    ['{"x":truth}', '/x is not valid JSON: expected a value, found "t" at character 5'],
    [
      '{"x":{"$binary":"AA=="',
      '/x/$binary is not valid JSON: expected "," or "}", found the end at character 22',
    ],
  ]
  for (const [document, message] of refused)
    t.equal(
      refusal(() => decode(document)),
      message,
    )
})

t.test('refuses a name that occurs twice in one object', async (t) => {
  const refused: [document: string, path: string][] = [
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1,"b":2,"\\u0061":3}', '/\\u0061'],
    ['{"x":{"a":1,"a":2}}', '/x/a'],
    ['{"x":[{"a":1,"a":2}]}', '/x/0/a'],
    ['{"x":{"$map":{"a":1,"a":2}}}', '/x/$map/a'],
    ['{"x":{"$binary":"AA==","$binary":"AA=="}}', '/x/$binary'],
    ['{"__proto__":1,"__proto__":1}', '/__proto__'],
  ]
  for (const [document, path] of refused)
    t.match(
      refusal(() => decode(document)),
      new RegExp(`^${path.replace(/[\\$]/g, '\\$&')} has the name ".*" twice$`),
    )
  t.equal(
    decode('{"a":{"a":1},"b":[{"a":1},{"a":1}]}'),
    '{"a":{"M":{"a":{"N":"1"}}},"b":{"L":[{"M":{"a":{"N":"1"}}},{"M":{"a":{"N":"1"}}}]}}',
    'equal names in different objects are allowed',
  )
})

t.test('limits the depth of nesting, in both directions', async (t) => {
  const lists = (depth: number) => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`
  const maps = (depth: number) => `{"x":${'{"$map":{"$map":'.repeat(depth)}1${'}}'.repeat(depth)}}`
  const most = MAX_ITEM_LEVELS - 1
  t.equal(encode(decode(lists(most))), lists(most))
  t.equal(encode(decode(maps(most))), maps(most))
  const deeper = [lists(most + 1), maps(most + 1), lists(1_000_000), '{"x":'.repeat(1_000_000)]
  for (const document of deeper)
    t.match(
      refusal(() => decode(document)),
      / is nested deeper than the 32 levels /,
    )
  t.match(
    refusal(() => decode('{"x":'.repeat(3) + '{"$map":'.repeat(MAX_DEPTH))),
    / is nested deeper than /,
    'a tag within tags',
  )
  for (const open of ['{"L":[', '{"M":{"x":']) {
    t.match(
      refusal(() => encode(`{"x":${open.repeat(1_000_000)}`)),
      /is nested deeper than/,
    )
  }
})

t.test('refuses an answer that has malformed AttributeValues', async (t) => {
  const refused: [item: string, message: string | RegExp][] = [
    ['[]', ' must be an object'],
    ['{"x":{"M":[]}}', '/x/M must be an object'],
    ['{"x":{"Q":1}}', '/x has "Q", which is no type of an AttributeValue'],
    ['{"x":{"N":"ten"}}', '/x/N must be a number as a string of digits'],
    ['{"x":{"NS":["1","0x10"]}}', '/x/NS/1 must be a number as a string of digits'],
    ['{"x":{"S":"a","N":"1"}}', /^\/x\/S is not valid JSON: expected "}", found ","/],
    ['{"x":{}}', /^\/x is not valid JSON: expected a name in quotes/],
    ['{"x":"a"}', /^\/x is not valid JSON: expected "{"/],
  ]
  for (const [item, message] of refused) {
    if (typeof message === 'string')
      t.equal(
        refusal(() => encode(item)),
        message,
      )
    else
      t.match(
        refusal(() => encode(item)),
        message,
      )
  }
  t.equal(encode('{"x":{"S":"\\ud800"}}'), '{"x":"\\ud800"}', 'stored items are passed on')
})

t.test('returns any item of DynamoDB unchanged', async () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      assert.equal(decode(encode(item)), item)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(anyItem, fc.constantFrom(1, '\t', '\r\n'), (item, space) => {
      const pretty = JSON.stringify(JSON.parse(item), null, space)
      assert.equal(canonical(decode(encode(pretty))), canonical(item))
    }),
    { numRuns: 300 },
  )
})

t.test('returns any document of a caller unchanged, digit by digit', async () => {
  fc.assert(
    fc.property(anyDocument, (document) => {
      assert.equal(encode(decode(document)), document)
    }),
    { numRuns: 1000 },
  )
})

t.test('writes documents that are JSON and from which the item can be read back', async () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      const document = encode(item)
      JSON.parse(document)
      assert.equal(encode(decode(document)), document)
    }),
    { numRuns: 300 },
  )
})

t.test('refuses an item that is larger than DynamoDB allows, for every type', async (t) => {
  for (const large of [
    `"${'x'.repeat(9_000_000)}"`,
    `[${'1,'.repeat(1_000_000)}1]`,
    `{"$numberSet":[${'1,'.repeat(2_200_000)}1]}`,
    `{"$stringSet":[${'"",'.repeat(3_000_000)}""]}`,
  ]) {
    t.match(
      refusal(() => decode(`{"a":${large}}`)),
      / is larger than any item can be$/,
    )
  }
})
