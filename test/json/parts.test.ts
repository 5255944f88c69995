import t from 'tap'
import { arrayOf, elements, members, objectOf } from '../../src/json/parts.js'
import { refusal } from '../helpers/attribute-value.js'

const membersOf = (text: string) =>
  [...members(Buffer.from(text))].map(([name, value]) => [name, value.toString()])
const elementsOf = (text: string) => elements(Buffer.from(text)).map(String)

t.test('takes objects and arrays apart without changing their members and elements', async (t) => {
  t.same(
    [...membersOf(' { "a" : 1.0 , "\\u0062": [1, 2], "__proto__": {"x": "\\n"}, "": null } ')],
    [
      ['a', '1.0'],
      ['b', '[1, 2]'],
      ['__proto__', '{"x": "\\n"}'],
      ['', 'null'],
    ],
  )
  t.same(elementsOf(' [ 1.0 , "a,b", [1, 2], {"a": []}, true ] '), [
    '1.0',
    '"a,b"',
    '[1, 2]',
    '{"a": []}',
    'true',
  ])
  t.same([...membersOf('{}')], [])
  t.same(elementsOf('[]'), [])
  t.match(
    refusal(() => membersOf('[]')),
    'expected "{", found "["',
  )
  t.match(
    refusal(() => elementsOf('{}')),
    'expected "[", found "{"',
  )
  t.match(
    refusal(() => membersOf('{} {}')),
    'expected the end, found "{"',
  )
  t.match(
    refusal(() => elementsOf('[] 1')),
    'expected the end, found "1"',
  )
})

t.test('builds arrays and objects from parts that are JSON', async (t) => {
  const [a, b] = [Buffer.from('{"a": 1}'), Buffer.from('"b"')]
  t.equal(arrayOf([]).toString(), '[]')
  t.equal(arrayOf([a]).toString(), '[{"a": 1}]')
  t.equal(arrayOf([a, b]).toString(), '[{"a": 1},"b"]')
  t.equal(objectOf([]).toString(), '{}')
  t.equal(
    objectOf([
      ['"\n', a],
      ['left out', undefined],
      ['é', b],
    ]).toString(),
    '{"\\"\\n":{"a": 1},"é":"b"}',
  )
})
