import fc from 'fast-check'
import t from 'tap'
import { Bag } from '../../src/http/bag.js'

t.test('a bag holds the same items as a set', async () => {
  const items = Array.from({ length: 8 }, (_, name) => ({ name }))
  const names = (all: Iterable<{ name: number }>) => [...all].map(({ name }) => name).sort()
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...items)), (toggled) => {
      const bag = new Bag<{ name: number }>()
      const set = new Set<{ name: number }>()
      for (const item of toggled) {
        if (set.delete(item) !== bag.delete(item)) return false
        else if (set.size < 4) [set, bag].forEach((all) => all.add(item))
      }
      return bag.size === set.size && String(names(bag)) === String(names(set))
    }),
  )
})

t.test('deleting items while iterating over a bag skips no item', async (t) => {
  const bag = new Bag<{ name: number }>()
  for (const name of [1, 2, 3]) bag.add({ name })
  const seen: number[] = []
  for (const item of bag) {
    seen.push(item.name)
    bag.delete(item)
  }
  t.same(seen, [1, 2, 3])
  t.equal(bag.size, 0)
})
