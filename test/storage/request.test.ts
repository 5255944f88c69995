/** A request is serialized as JSON.stringify would do it, except that bytes stay as they are. */
import fc from 'fast-check'
import t from 'tap'
import {
  elementsOf,
  jsonOf,
  membersOf,
  type Parameter,
  serialize,
  textOf,
} from '../../src/storage/request.js'

const { parameter } = fc.letrec<{ parameter: Parameter; text: string }>((tie) => ({
  text: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    fc.constantFrom('__proto__', 'TableName', 'constructor', '"', '\\'),
  ),
  parameter: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    tie('text'),
    fc.array(tie('parameter'), { maxLength: 5 }),
    fc
      .array(fc.tuple(tie('text'), tie('parameter')), { maxLength: 5 })
      .map((members) => Object.fromEntries(members)),
  ),
}))

t.test('a request is serialized as JSON.stringify does it', async () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), parameter), (request) => {
      return serialize(request).toString() === JSON.stringify(request)
    }),
    { numRuns: 2000 },
  )
})

t.test('a parameter that is bytes is sent as the bytes that it is', async (t) => {
  const number = Buffer.from('{"N":"12345678901234567890.10"}')
  const request = { TableName: 'T', Item: Buffer.from('{ }'), Limit: undefined, List: [number, number] }
  t.equal(
    serialize(request).toString(),
    `{"TableName":"T","Item":{ },"List":[${String(number)},${String(number)}]}`,
  )
})

t.test('a request without parameters is an empty object', async (t) => {
  t.equal(serialize({}).toString(), '{}')
  t.equal(serialize({ Limit: undefined }).toString(), '{}')
})

t.test('a table called __proto__ is not lost', async (t) => {
  const RequestItems = Object.fromEntries([['__proto__', ['a']] as const])
  t.equal(serialize({ RequestItems }).toString(), '{"RequestItems":{"__proto__":["a"]}}')
  t.same([...membersOf(RequestItems)], [['__proto__', ['a']]])
})

t.test('a parameter is read the same whether it is a value or JSON', async (t) => {
  for (const value of ['text', Buffer.from('"text"')]) t.equal(textOf(value), 'text')
  for (const value of [undefined, null, 5, ['text'], {}, Buffer.from('5')]) t.equal(textOf(value), undefined)
  for (const value of [{ a: { b: 1 } }, Buffer.from('{"a":{"b":1}}')]) {
    t.same(
      [...membersOf(value)].map(([name, inner]) => [name, String(jsonOf(inner))]),
      [['a', '{"b":1}']],
    )
  }
  for (const value of [[1, 'b'], Buffer.from('[1,"b"]')]) {
    t.same(
      elementsOf(value).map((element) => String(jsonOf(element))),
      ['1', '"b"'],
    )
  }
  t.same([...membersOf(undefined), ...elementsOf(undefined)], [], 'without a value it is empty')
  for (const value of [null, 5, 'text']) {
    t.throws(() => membersOf(value), { name: 'RequestError' })
    t.throws(() => elementsOf(value), { name: 'RequestError' })
  }
})
