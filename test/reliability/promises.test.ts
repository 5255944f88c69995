/** The pages that make promises name a test for each; every one of these tests must exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'

/** The pages, with the least number of rows that name a test. */
const pages = { 'reliability.md': 49, 'security.md': 15, 'networking.md': 29, 'start.md': 15 }

const read = (name: string) => readFileSync(join(packageRoot, 'docs', name), 'utf8')

for (const [name, least] of Object.entries(pages)) {
  t.test(`every promise of ${name} names tests that exist`, async (t) => {
    const page = read(name).replace(/\s+/g, ' ')
    const promises = [...page.matchAll(/(?<![\w/-])([\w/-]+\.test\.ts): ((?:“[^”]+”(?:, )?)+)/g)]
    t.ok(promises.length >= least, `${promises.length} promises`)
    t.notMatch(page, /PLACEHOLDER/)
    for (const [, file = '', names = ''] of promises) {
      const tests = readFileSync(join(packageRoot, 'test', file), 'utf8')
      for (const [, test = ''] of names.matchAll(/“([^“”]+)”/g))
        t.ok(tests.includes(`'${test}'`), `${file}: ${test}`)
    }
  })

  t.test(`every row of ${name} with a column for a test names one`, async (t) => {
    const tables = (read(name).match(/(?:^\|.*\|\n)+/gm) ?? []).filter((table) =>
      /^.*\| test \|\n/.test(table),
    )
    const rows = tables.flatMap((table) => table.trimEnd().split('\n').slice(2))
    t.ok(rows.length >= least, `${tables.length} tables with ${rows.length} rows`)
    for (const row of rows) t.match(row, /\.test\.ts: “[^”]+”(?:, “[^”]+”)* +\|$/)
  })
}
