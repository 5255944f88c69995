/** Every branch of the module is reached by the inputs for which it is compared with JavaScript. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compile } from '../../scripts/translator/compile.js'
import { packageRoot } from '../../src/package-root.js'
import { Translator } from '../../src/translator/translator.js'
import { Campaign } from './campaign.js'
import { compare } from './comparison.js'
import { HITS, instrument } from './instrument.js'
import { rareInputs } from './rare-inputs.js'
import { loadReference } from './reference.js'

const INPUTS = 20_000

t.test('reaches every branch', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'instrumented-'))
  t.teardown(() => {
    rmSync(copy, { recursive: true })
  })
  const arms = instrument(join(packageRoot, 'src'), copy)
  const translator = new Translator(await compile(join(copy, 'translator/assembly')))
  const reference = await loadReference()
  const campaign = new Campaign(translator, reference)
  for (let seed = 0; seed < INPUTS; seed++) {
    if (campaign.try(seed) !== undefined) t.fail(`the seed ${seed} makes a difference`)
  }
  for (const input of rareInputs) t.equal(compare(input, translator, reference).difference, undefined)
  const memory = translator.hold([], 0)
  if (memory === undefined) throw new Error('an empty input has no room')
  const hits = new Uint8Array(memory.buffer, HITS, arms.length)
  const missed = arms.filter((_, arm) => hits[arm] === 0)
  t.same(
    missed.map(({ place, kind }) => `${place}: ${kind}`),
    [],
  )
})
