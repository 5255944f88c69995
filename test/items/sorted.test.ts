import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { JsonReader } from '../../src/json/reader.js'
import { sortItem } from '../../src/items/sorted.js'
import { anyItem, canonical } from '../helpers/attribute-value.js'

function sort(item: string): string {
  const reader = new JsonReader(Buffer.from(item))
  sortItem(reader)
  reader.end()
  return reader.bytes.toString()
}

/** The same item with all names and all elements of sets in reverse order. */
function turnAround(item: object): object {
  return Object.fromEntries(
    Object.entries(item)
      .reverse()
      .map(([name, value]: [string, Record<string, unknown>]) => [name, turnAroundValue(value)]),
  )
}

function turnAroundValue(value: Record<string, unknown>): object {
  const {
    M: map,
    L: list,
    SS,
    NS,
    BS,
  } = value as { M?: object; L?: Record<string, unknown>[] } & Record<
    'SS' | 'NS' | 'BS',
    string[] | undefined
  >
  if (map !== undefined) return { M: turnAround(map) }
  if (list !== undefined) return { L: list.map(turnAroundValue) }
  if (SS !== undefined) return { SS: SS.toReversed() }
  if (NS !== undefined) return { NS: NS.toReversed() }
  if (BS !== undefined) return { BS: BS.toReversed() }
  return value
}

t.test('sorts names and the elements of sets by their bytes, at every depth', async (t) => {
  t.equal(
    sort(
      '{"b":{"S":"x"},"é":{"N":"1"},"B":{"M":{"z":{"NULL":true},"a":{"L":[{"S":"2"},{"M":{"2":{"S":""},"1":{"BOOL":true}}}]}}},"a":{"SS":["é","z","a"]},"":{"NS":["2","10"]}}',
    ),
    '{"":{"NS":["10","2"]},"B":{"M":{"a":{"L":[{"S":"2"},{"M":{"1":{"BOOL":true},"2":{"S":""}}}]},"z":{"NULL":true}}},"a":{"SS":["a","z","é"]},"b":{"S":"x"},"é":{"N":"1"}}',
  )
  t.equal(sort('{}'), '{}')
  t.equal(
    sort('{ "b" : { "S" : "x" } , "a" : { "L" : [ ] } }').replaceAll(' ', ''),
    '{"a":{"L":[]},"b":{"S":"x"}}',
  )
})

t.test('sorts any item into one order and loses nothing', async () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      const sorted = sort(item)
      const characters = (text: string) => Array.from(text).sort().join('')
      assert.equal(characters(sorted), characters(item))
      assert.equal(sort(sorted), sorted)

      const written = canonical(item)
      // A JavaScript object has whole numbers as its first names, in any order of insertion.
      fc.pre(!/"(?:\d+|__proto__)":/.test(written))
      assert.equal(sort(JSON.stringify(turnAround(JSON.parse(written) as object))), sort(written))
    }),
  )
})
