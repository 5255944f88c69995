/** The time to read a key condition grows no faster than its length. */
import t from 'tap'
import { partitionValueOf } from '../../src/storage/key-condition.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'

const SHORT = 20_000

const shapes: Readonly<Record<string, (length: number) => string>> = {
  'white space in the middle': (n) => `pk${' '.repeat(n)}= :v`,
  'white space before what is no token': (n) => `${' '.repeat(n)}!`,
  'white space at the end': (n) => `pk = :v${' '.repeat(n)}`,
  'one long name': (n) => `${'a'.repeat(n)} = :v`,
  'open parentheses': (n) => '('.repeat(n),
  conditions: (n) => 'a = :v AND '.repeat(n / 10),
  commas: (n) => ','.repeat(n),
}

for (const [name, shape] of Object.entries(shapes)) {
  t.test(name, async (t) => {
    const read = (length: number) =>
      partitionValueOf({ expression: shape(length), names: undefined, values: undefined }, 'pk')
    const grown = await growth(read, SHORT)
    t.ok(grown < TOO_MUCH, grown.toFixed(1))
  })
}
