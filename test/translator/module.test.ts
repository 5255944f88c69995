/** The module that is embedded in the service. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compile } from '../../scripts/translator/compile.js'
import { packageRoot } from '../../src/package-root.js'
import { moduleBytes } from '../../src/translator/module.js'

const ASSEMBLY = 'translator/assembly'
/** It is a part of the service's code, and is compiled at each start. */
const MAX_BYTES = 16 * 1024

t.test('is what its sources make, in any folder: npm run translator', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sources-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const codes = 'json/character-codes.ts'
  for (const part of [ASSEMBLY, codes]) {
    cpSync(join(packageRoot, 'src', part), join(folder, part), { recursive: true })
  }
  for (const sources of [join(packageRoot, 'src'), folder]) {
    t.ok(moduleBytes.equals(await compile(join(sources, ASSEMBLY))), sources)
  }
})

t.test('is small', async (t) => {
  t.ok(moduleBytes.length < MAX_BYTES, `${moduleBytes.length} bytes`)
})
