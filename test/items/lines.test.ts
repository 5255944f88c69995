import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readEntry } from '../../src/items/entries.js'
import { readPage } from '../../src/items/lines.js'
import { document, typed } from '../../src/items/representation.js'
import { anyItem, refusal } from '../helpers/attribute-value.js'

const page = (...items: string[]) => Buffer.from(`{"Items":[${items.join(',')}],"Count":${items.length}}`)

t.test('reads any item back from its line, in both formats', async () => {
  fc.assert(
    fc.property(fc.array(anyItem), (items) => {
      for (const representation of [document, typed]) {
        const { bytes: lines } = readPage(page(...items), representation)
        const read = lines
          .toString()
          .split('\n')
          .slice(0, -1)
          .map((line) => readEntry(Buffer.from(line))?.json.toString())
        // A document whose only attribute is `Item` reads like an exported item. No table can have such items.
        const expected = items.map((item, index) => (/^\{"(?:I|\\u0049)/.test(item) ? read[index] : item))
        assert.deepEqual(read, expected)
      }
    }),
  )
})

t.test('returns the items of a page and its last evaluated key', async (t) => {
  const json = Buffer.from(
    '{"Count":1,"LastEvaluatedKey":{"id":{"S":"a"}},"Items":[{"id":{"S":"a"}}],"ScannedCount":9,"New":[{}]}',
  )
  const read = (text: Buffer, representation = document) => {
    const { bytes: lines, lastEvaluatedKey } = readPage(text, representation)
    return [lines.toString(), lastEvaluatedKey?.toString()]
  }
  t.same(read(json), ['{"id":"a"}\n', '{"id":{"S":"a"}}'])
  t.same(read(json, typed)[0], '{"Item":{"id":{"S":"a"}}}\n')
  t.same(read(Buffer.from('{"Count":0}')), ['', undefined])
})

t.test('writes an item on one line, even if DynamoDB sends line feeds', async (t) => {
  const json = Buffer.from('{ "Items" : [\n{\n"id" :\n{ "SS" :\n["a\\n",\n"b"]\n}\n}\n]\n}')
  t.equal(readPage(json, typed).bytes.toString().split('\n').length, 2)
  t.equal(readPage(json, document).bytes.toString().split('\n').length, 2)
})

t.test('refuses a malformed page', async (t) => {
  for (const json of ['{"Items":[{"id":{"S":"a"}}', '{"Items":{}}', '{"Items":[5]}', '{} x']) {
    t.match(
      refusal(() => readPage(Buffer.from(json), document)),
      /is not valid JSON|must be/,
    )
  }
})

t.test('reads a line that is a document or has the format of DynamoDB’s exports', async (t) => {
  const lines: [line: string, item: string | undefined][] = [
    ['', undefined],
    [' \r', undefined],
    ['{"id":"a"}', '{"id":{"S":"a"}}'],
    ['{"Item":{"id":{"S":"a"}}}', '{"id":{"S":"a"}}'],
    ['{"Item":{}}', '{}'],
    ['{"Item":"a"}', '{"Item":{"S":"a"}}'],
    ['{"Item":{"id":"a"}}', '{"Item":{"M":{"id":{"S":"a"}}}}'],
    // The only one of these that a table could have: its key is binary.
    ['{"Item":{"$binary":"AA=="}}', '{"Item":{"B":"AA=="}}'],
    ['{"Item":{"$map":{"S":"a"}}}', '{"$map":{"S":"a"}}'],
    ['{"Item":{"id":{"S":"a"}},"id":"b"}', '{"Item":{"M":{"id":{"M":{"S":{"S":"a"}}}}},"id":{"S":"b"}}'],
    ['{"id":"b","Item":{"id":{"S":"a"}}}', '{"id":{"S":"b"},"Item":{"M":{"id":{"M":{"S":{"S":"a"}}}}}}'],
    ['{"item":{"id":{"S":"a"}}}', '{"item":{"M":{"id":{"M":{"S":{"S":"a"}}}}}}'],
    ['{"Items":{"id":{"S":"a"}}}', '{"Items":{"M":{"id":{"M":{"S":{"S":"a"}}}}}}'],
  ]
  for (const [line, item] of lines) t.equal(readEntry(Buffer.from(line))?.json.toString(), item, line)
  t.match(
    refusal(() => readEntry(Buffer.from([0x7b, 0xff]))),
    /is not valid UTF-8/,
  )
  t.match(
    refusal(() => readEntry(Buffer.from('{"Item":{"id":{"S":"\\ud800"}}}'))),
    /half a surrogate pair/,
  )
  t.match(
    refusal(() => readEntry(Buffer.from('{"Item":{"id":{"S":"a"}} x'))),
    /is not valid JSON/,
  )
  t.match(
    refusal(() => readEntry(Buffer.from('{"Item":{"id":{"N":"x"}}}'))),
    '/Item/id',
  )
})
