/** The numbers of README, the tables of docs/performance.md and the chart are those of the published results. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { documents } from '../../bench/documents.js'
import type { Results } from '../../bench/results.js'
import { packageRoot } from '../../src/package-root.js'

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8')
const results = JSON.parse(read('bench/results/latest.json')) as Results

for (const [name, change] of Object.entries(documents)) {
  t.test(`${name} is the output of npm run bench`, async (t) => {
    t.equal(read(name), change(read(name), results))
  })
}
