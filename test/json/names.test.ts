import t from 'tap'
import { CLOSE_BRACE, OPEN_BRACE } from '../../src/json/character-codes.js'
import { Names } from '../../src/json/names.js'
import { JsonReader } from '../../src/json/reader.js'
import { refusal } from '../helpers/attribute-value.js'

t.test('refuses the second of two equal names, whatever escapes they are written with', async (t) => {
  const twice = (quotedNames: readonly string[]) => {
    const reader = new JsonReader(Buffer.from(`{${quotedNames.map((quoted) => `${quoted}:0`).join(',')}}`))
    const names = new Names(reader)
    const texts: string[] = []
    reader.expect(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      names.add()
      texts.push(reader.nameText())
      reader.value()
    }
    return texts
  }
  t.same(twice(['"a"', '"A"', '""', '"__proto__"', '"\\u0062"']), ['a', 'A', '', '__proto__', 'b'])
  for (const count of [1, 2, 15, 16, 17, 18, 100]) {
    const names = Array.from({ length: count }, (_, i) => `"a${i}"`)
    t.equal(twice(names).length, count)
    for (const i of [0, count - 1]) {
      for (const again of [`"a${i}"`, `"\\u0061${i}"`]) {
        t.match(
          refusal(() => twice([...names, again])),
          `has the name ${again} twice`,
        )
      }
    }
  }
  for (const name of ['', '__proto__', 'constructor', '\u0000', '😀']) {
    t.match(
      refusal(() => twice([JSON.stringify(name), JSON.stringify(name)])),
      'twice',
    )
  }
})
