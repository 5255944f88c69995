/** The time to read a key condition grows no faster than its length. */
import t from 'tap'
import { partitionValueOf } from '../../src/storage/key-condition.js'

const SHORT = 20_000
/** Quadratic work would take 256 times as long. */
const LONGER = 16

function millisecondsFor(expression: string): number {
  const condition = { expression, names: undefined, values: undefined }
  const best = Array.from({ length: 5 }, () => {
    const { user } = process.cpuUsage()
    for (let i = 0; i < 5; i++) partitionValueOf(condition, 'pk')
    return process.cpuUsage({ user, system: 0 }).user / 1000
  })
  return Math.min(...best)
}

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
    const short = Math.max(1, millisecondsFor(shape(SHORT)))
    const long = millisecondsFor(shape(SHORT * LONGER))
    t.ok(
      long < short * LONGER * 5,
      `${short.toFixed(1)} ms, ${LONGER} times the length: ${long.toFixed(1)} ms`,
    )
  })
}
