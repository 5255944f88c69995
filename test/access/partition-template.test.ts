/** What `partitionKey` stands for, for each caller: two callers never share a partition. */
import fc from 'fast-check'
import t from 'tap'
import { fillIn, type Partition, parseTemplate } from '../../src/access/partition-template.js'

function filled(source: string, attributes: Readonly<Record<string, unknown>>): Partition | undefined {
  const template = parseTemplate(source)
  if (typeof template === 'string') throw new Error(template)
  return fillIn(template, (name) => attributes[name])
}

t.test('a template that could cover the partitions of another caller is not valid', async (t) => {
  for (const source of ['*', '{c}*', 'C#{c}*', '{a}{b}', '{}', '{c', 'c}', '{{c}}', '{a}#{b}*'])
    t.type(parseTemplate(source), 'string', source)
  for (const source of ['{c}', 'C#{c}', 'C#{c}#*', '{a}#{b}', '{a}#{b}#*', 'PUBLIC#*', 'PUBLIC'])
    t.type(parseTemplate(source), 'object', source)
})

t.test('a missing attribute, or one that is no exact text, denies', async (t) => {
  const denied = [undefined, null, '', [], ['1'], {}, 2 ** 53, -(2 ** 53), Infinity, NaN, '\ud800', 'a\udc00']
  for (const c of denied) t.equal(filled('C#{c}', { c }), undefined, JSON.stringify(c))
  t.match(filled('C#{c}', { c: 42 }), { text: 'C#42' })
  t.match(filled('C#{c}', { c: true }), { text: 'C#true' })
  t.match(filled('C#{c}', { c: '😀' }), { text: 'C#😀' })
  t.equal(filled('C#{c}', { c: JSON.parse('1e999') as unknown }), undefined, 'JSON has larger numbers')
})

t.test('a value with the character behind its placeholder denies where that is ambiguous', async (t) => {
  t.equal(filled('C#{c}#*', { c: '1#2' }), undefined)
  t.equal(filled('{a}#{b}', { a: '1#2', b: '3' }), undefined)
  t.match(filled('{a}#{b}', { a: '1', b: '2#3' }), { text: '1#2#3' })
})

t.test('no partition belongs to two callers', async () => {
  const value = fc.string({ unit: fc.constantFrom('1', '2', '#', 'a', 'X'), maxLength: 4 })
  const source = fc.constantFrom('{a}', 'C#{a}', 'C#{a}#*', '{a}#{b}', '{a}#{b}#*', '{a}X{b}X#*', 'a{a}1')
  fc.assert(
    fc.property(source, value, value, value, value, value, (source, a, b, otherA, otherB, rest) => {
      const usesB = source.includes('{b}')
      if (a === otherA && (!usesB || b === otherB)) return true
      const own = filled(source, { a, b })
      const other = filled(source, { a: otherA, b: otherB })
      if (own === undefined || other === undefined) return true
      const key = own.isPrefix ? own.text + rest : own.text
      return other.isPrefix ? !key.startsWith(other.text) : key !== other.text
    }),
    { numRuns: 20_000, seed: 10 },
  )
})
