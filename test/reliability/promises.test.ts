/** docs/reliability.md names a test for each promise; every one of these tests must exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'

t.test('every promise names tests that exist', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs', 'reliability.md'), 'utf8').replace(/\s+/g, ' ')
  const promises = [...page.matchAll(/(?<![\w/-])([\w/-]+\.test\.ts): ((?:“[^”]+”(?:, )?)+)/g)]
  t.ok(promises.length > 20)
  t.notMatch(page, /PLACEHOLDER/)
  for (const [, file = '', names = ''] of promises) {
    const tests = readFileSync(join(packageRoot, 'test', file), 'utf8')
    for (const [, name = ''] of names.matchAll(/“([^“”]+)”/g))
      t.ok(tests.includes(`'${name}'`), `${file}: ${name}`)
  }
})

t.test('every row of every table names a test', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs', 'reliability.md'), 'utf8')
  const tables = page.match(/(?:^\|.*\|\n)+/gm) ?? []
  const rows = tables.flatMap((table) => table.trimEnd().split('\n').slice(2))
  t.ok(tables.length >= 9 && rows.length >= 49, `${tables.length} tables with ${rows.length} rows`)
  for (const row of rows) t.match(row, /\.test\.ts: “[^”]+” +\|$/)
})
