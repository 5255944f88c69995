import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { elements, members } from '../../src/json/parts.js'
import { JsonReader, MAX_DEPTH } from '../../src/json/reader.js'
import { unquote } from '../../src/json/scalars.js'
import { refusal } from '../helpers/attribute-value.js'

/** Reads the one value of a text. */
function read(text: string, options = {}): string {
  const reader = new JsonReader(Buffer.from(text), options)
  const value = reader.take()
  reader.end()
  return value.toString()
}

const membersOf = (text: string) =>
  [...members(Buffer.from(text))].map(([name, value]) => [name, value.toString()])
const elementsOf = (text: string) => elements(Buffer.from(text)).map(String)

t.test('refuses a text that is not JSON with its path and what is expected there', async (t) => {
  const malformed: [text: string, path: string, expected: string, found: string, position: number][] = [
    ['', '', 'a value', 'the end', 0],
    ['  ', '', 'a value', 'the end', 2],
    ['nul', '', 'a value', '"n"', 0],
    ['True', '', 'a value', '"T"', 0],
    ['NaN', '', 'a value', '"N"', 0],
    ['undefined', '', 'a value', '"u"', 0],
    ['😀', '', 'a value', '"😀"', 0],
    ['\ufeff{}', '', 'a value', '"\ufeff"', 0],
    ['\u00a01', '', 'a value', '"\u00a0"', 0],
    ['/* one */ 1', '', 'a value', '"/"', 0],
    ['true false', '', 'the end', '"f"', 5],
    ['{}}', '', 'the end', '"}"', 2],

    ['{', '', 'a name in quotes', 'the end', 1],
    ['{a:1}', '', 'a name in quotes', '"a"', 1],
    ["{'a':1}", '', 'a name in quotes', '"\'"', 1],
    ['{"a":1,b:2}', '', 'a name in quotes', '"b"', 7],
    ['{"a":1,,"b":2}', '', 'a name in quotes', '","', 7],
    ['{"a"}', '', '":"', '"}"', 4],
    ['{"a" 1}', '', '":"', '"1"', 5],
    ['{"a":}', '/a', 'a value', '"}"', 5],
    ['{"a":tru}', '/a', 'a value', '"t"', 5],
    ['{"a":1', '/a', '"," or "}"', 'the end', 6],
    ['{"a":1 "b":2}', '/a', '"," or "}"', '"\\""', 7],
    ['{"a":1,}', '', 'a value after ","', '"}"', 7],
    ['{"a":[1,{"b":x}]}', '/a/1/b', 'a value', '"x"', 13],
    ['{"a":{"b":{}},"c":[[],[2,]]}', '/c/1/1', 'a value after ","', '"]"', 25],

    ['[', '/0', 'a value', 'the end', 1],
    ['[1', '/0', '"," or "]"', 'the end', 2],
    ['[1 2]', '/0', '"," or "]"', '"2"', 3],
    ['[1}', '/0', '"," or "]"', '"}"', 2],
    ['[1,]', '/1', 'a value after ","', '"]"', 3],
    ['[,1]', '/0', 'a value', '","', 1],

    ['"abc', '', 'a string character or the closing quote', 'the end', 4],
    ['"abc\\"', '', 'a string character or the closing quote', 'the end', 6],
    ['"a\nb"', '', 'a string character or the closing quote', '"\\n"', 2],
    ['"\\x"', '', 'an escape sequence', '"\\\\"', 1],
    ['"\\', '', 'an escape sequence', '"\\\\"', 1],
    ['"\\u12"', '', 'four hexadecimal digits after \\u', '"\\\\"', 1],
    ['"\\u00g0"', '', 'four hexadecimal digits after \\u', '"\\\\"', 1],
    ['"\\u+123"', '', 'four hexadecimal digits after \\u', '"\\\\"', 1],

    ['-', '', 'a digit', 'the end', 1],
    ['-a', '', 'a digit', '"a"', 1],
    ['--1', '', 'a digit', '"-"', 1],
    ['1.', '', 'a digit', 'the end', 2],
    ['1.e2', '', 'a digit', '"e"', 2],
    ['1e', '', 'a digit', 'the end', 2],
    ['1E+', '', 'a digit', 'the end', 3],
    ['+1', '', 'a value', '"+"', 0],
    ['.5', '', 'a value', '"."', 0],
    ['01', '', 'the end', '"1"', 1],
    ['-01', '', 'the end', '"1"', 2],
    ['1_000', '', 'the end', '"_"', 1],
    ['0x1', '', 'the end', '"x"', 1],
    ['[01]', '/0', '"," or "]"', '"1"', 2],
  ]
  for (const [text, path, expected, found, position] of malformed) {
    t.throws(() => void JSON.parse(text), `JSON.parse refuses ${JSON.stringify(text)} too`)
    t.equal(
      refusal(() => read(text)),
      `${path} is not valid JSON: expected ${expected}, found ${found} at character ${position}`,
    )
  }
})

t.test('returns the bytes of a value without the white space around it', async (t) => {
  const values = [
    ...['true', 'false', 'null', '{}', '[]', '{ }', '[ ]', '""', '"a"'],
    ...['0', '-0', '1.0', '1E+2', '1e-2', '12345678901234567890.12'],
    ...['{"a": [1, {"b": null}], "a": 2}', '[[], [[]]]', '{"__proto__": {"__proto__": 1}}'],
  ]
  for (const value of values) {
    t.equal(read(value), value)
    t.equal(read(` \t\r\n${value} \t\r\n`), value)
  }
})

t.test(
  'reads strings with every escape, and all characters but control characters without one',
  async (t) => {
    const strings = [
      '"\\" \\\\ \\/ \\b \\f \\n \\r \\t"',
      '"\\u0000 \\u001F \\u00e9 \\ud83d\\ude00 \\uFFFF"',
      '"\u007f \u0080 \u2028 \u2029 é 😀 \uffff"',
      '"\\\\"',
      '"\\\\\\""',
    ]
    for (const string of strings) {
      t.equal(read(string), string)
      t.equal(read(string, { wellFormed: true }), string)
      t.equal(unquote(string), JSON.parse(string))
    }
    t.same(elementsOf('["a","\\"",  "b", "\\\\","c"]'), ['"a"', '"\\""', '"b"', '"\\\\"', '"c"'])
  },
)

t.test('refuses a control character in a string, in compact and in pretty-printed texts', async (t) => {
  for (let code = 0; code < 0x20; code++) {
    const control = String.fromCharCode(code)
    t.match(
      refusal(() => read(`{"a":"x${control}y"}`)),
      /^\/a is not valid JSON: expected a string character .* at character 7$/,
    )
    t.match(
      refusal(() => read(`{\n\t"a": "x${control}y"\n}`)),
      /^\/a is not valid JSON: expected a string character .* at character 10$/,
    )
    t.match(
      refusal(() => read(`{\n"x${control}y": 1}`)),
      /^ is not valid JSON: expected a string character/,
    )
  }
  t.equal(read('{\n\t"a": "x y"\r\n}'), '{\n\t"a": "x y"\r\n}')
})

t.test('refuses half a surrogate pair only if wellFormed is set', async (t) => {
  const halves: [text: string, position: number][] = [
    ['"\\ud800"', 1],
    ['"\\uDBFF"', 1],
    ['"\\udc00"', 1],
    ['"\\uDFFF"', 1],
    ['"\\ud83dx"', 1],
    ['"\\ud83d\\n"', 1],
    ['"\\ud83d\\u0041"', 1],
    ['"\\ud83d\\ud83d\\ude00"', 1],
    ['"\\ude00\\ud83d"', 1],
    ['"a\\ud83d\\ude00\\ude00"', 14],
  ]
  for (const [text, position] of halves) {
    t.equal(read(text), text)
    t.equal(
      refusal(() => read(`{"a":${text}}`, { wellFormed: true })),
      `/a has half a surrogate pair at character ${position + 5}, which is no Unicode character`,
    )
    t.match(
      refusal(() => read(`{${text}:1}`, { wellFormed: true })),
      / has half a surrogate pair/,
    )
  }
  t.match(
    refusal(() => read('"\\ud83d\\u00"', { wellFormed: true })),
    /expected four hexadecimal digits/,
  )
})

t.test(`reads ${MAX_DEPTH} levels of brackets and refuses one more`, async (t) => {
  const deepest = [
    '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH),
    '{"a":'.repeat(MAX_DEPTH) + '1' + '}'.repeat(MAX_DEPTH),
    '[{"a":'.repeat(MAX_DEPTH / 2) + '1' + '}]'.repeat(MAX_DEPTH / 2),
    '[[],'.repeat(MAX_DEPTH - 1) + '[]' + ']'.repeat(MAX_DEPTH - 1),
  ]
  for (const text of deepest) {
    t.equal(read(text), text)
    for (const deeper of [`[${text}]`, `{"a":${text}}`]) {
      t.ok(refusal(() => read(deeper)).endsWith(` is nested deeper than ${MAX_DEPTH} levels`))
    }
  }
  t.equal(
    refusal(() => read('{"a":'.repeat(MAX_DEPTH) + '[]' + '}'.repeat(MAX_DEPTH))),
    `${'/a'.repeat(MAX_DEPTH)} is nested deeper than ${MAX_DEPTH} levels`,
  )
})

t.test('refuses a million brackets without exhausting the stack', async (t) => {
  for (const open of ['[', '{"a":', '[{"a":']) {
    const text = open.repeat(1_000_000)
    for (const refused of [() => read(text), () => elementsOf(`[${text}`), () => membersOf(`{"b":${text}`)]) {
      t.ok(refusal(refused).endsWith(` is nested deeper than ${MAX_DEPTH} levels`))
    }
  }
})

t.test('gives the path of the wrong value as a JSON Pointer', async (t) => {
  const paths: [text: string, path: string][] = [
    ['?', ''],
    ['{"a": ?}', '/a'],
    ['{"a": {"b": 1, "c": {}}, "d": [1, "x,y", [3], ?]}', '/d/3'],
    ['[[[1], ?]]', '/0/1'],
    ['{"]},:[{": ["\\"", {"x": "\\\\", "y": ?}]}', '/]},:[{/1/y'],
    ['{"__proto__": {"constructor": ?}}', '/__proto__/constructor'],
    ['{"é😀": ?}', '/é😀'],
    ['{"a": {"": {"b": ?}}}', '/a//b'],
    ['{"": ?}', '/'],
    ['{\n  "a": "line\\nbreak",\n  "b": ?\n}', '/b'],
  ]
  for (const [text, path] of paths) {
    t.equal(
      refusal(() => read(text)).replace(/ is not valid JSON: expected a value, found "\?" .*/, ''),
      path,
    )
  }
})

t.test('gives the path of a wrong value after a very long string', async (t) => {
  const long = 'x'.repeat(16_000_000)
  t.match(
    refusal(() => read(`{"a":"${long}","b":?}`)),
    /^\/b is not valid JSON/,
  )
  t.match(
    refusal(() => read(`{"a":"${long}`)),
    /^\/a is not valid JSON/,
  )
})

/** JSON with any characters in its strings: quotes, escapes, control characters, halves of surrogate pairs. */
const json = fc.tuple(
  fc.jsonValue({
    stringUnit: fc.oneof(
      fc.constantFrom('"', '\\', '/', '\n', '\u0000', 'u', '\ud83d', '\ude00'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  }),
  fc.constantFrom(undefined, 1, '\t', '\r\n'),
)
const jsonText = json.map(([value, space]) => JSON.stringify(value, null, space))

t.test('returns any JSON unchanged, compact or with line breaks', async () => {
  fc.assert(
    fc.property(jsonText, (text) => {
      assert.equal(read(text), text)
    }),
    { numRuns: 500 },
  )
})

t.test('accepts and refuses the same texts as JSON.parse', async () => {
  const agrees = (text: string) => {
    const refused = refusal(() => read(text)).includes(' is not valid JSON: ')
    let parses = true
    try {
      JSON.parse(text)
    } catch {
      parses = false
    }
    assert.equal(refused, !parses, JSON.stringify(text))
  }
  fc.assert(
    fc.property(jsonText, (text) => {
      for (let i = 0; i < text.length; i++) agrees(text.slice(0, i) + text.slice(i + 1))
    }),
    { numRuns: 100 },
  )
  const added = fc.constantFrom(...Array.from('{}[],:"\\ \n\t-+.eE01u/tfn\u0000\u00a0\ufeffx'))
  fc.assert(
    fc.property(jsonText, fc.nat(), added, (text, place, character) => {
      const i = place % (text.length + 1)
      agrees(text.slice(0, i) + character + text.slice(i))
      agrees(text.slice(0, i) + character + text.slice(i + 1))
    }),
    { numRuns: 500 },
  )
})
