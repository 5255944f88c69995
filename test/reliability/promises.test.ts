/** docs/reliability.md names a test for each promise; each of them must be there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packageRoot } from '../../src/package-root.js'

t.test('every promise names tests that there are', async (t) => {
  const page = readFileSync(join(packageRoot, 'docs', 'reliability.md'), 'utf8').replace(/\s+/g, ' ')
  const promises = [...page.matchAll(/([\w/-]+\.test\.ts): ((?:“[^”]+”(?:, )?)+)/g)]
  t.ok(promises.length > 20)
  t.notMatch(page, /PLACEHOLDER/)
  for (const [, file = '', names = ''] of promises) {
    const tests = readFileSync(join(packageRoot, 'test', file), 'utf8')
    for (const [, name = ''] of names.matchAll(/“([^”]+)”/g))
      t.ok(tests.includes(`'${name}'`), `${file}: ${name}`)
  }
})

t.test('every row of the table names one', async (t) => {
  const rows = readFileSync(join(packageRoot, 'docs', 'reliability.md'), 'utf8').match(/^\| .*\|$/gm) ?? []
  for (const row of rows.slice(2)) t.match(row, /\.test\.ts: “[^”]+” +\|$/)
})
