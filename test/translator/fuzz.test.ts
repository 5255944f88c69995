/** The module of the translation does the same as JavaScript alone, on a hundred thousand inputs. */
import t from 'tap'
import { translator } from '../../src/translator/translator.js'
import { Campaign, describe } from './campaign.js'
import { compare } from './comparison.js'
import { ALONE, WHOLE } from './input.js'
import { rareInputs } from './rare-inputs.js'
import { loadReference } from './reference.js'

const INPUTS = 100_000
/** `npm run fuzz` tries others. */
const FIRST_SEED = 1

t.test('translates every input as JavaScript alone does, or leaves it to JavaScript', async (t) => {
  if (translator === undefined) throw new Error('there is no WebAssembly with SIMD here')
  const reference = await loadReference()
  for (const input of rareInputs) t.equal(compare(input, translator, reference).difference, undefined)
  const campaign = new Campaign(translator, reference)
  for (let seed = FIRST_SEED; seed < FIRST_SEED + INPUTS; seed++) {
    const difference = campaign.try(seed)
    if (difference === undefined) continue
    t.fail(describe(difference))
    return
  }
  // Otherwise nothing would have been compared.
  for (const operation of ALONE) {
    const { inputs, taken } = campaign.tallies.get(operation) ?? { inputs: 0, taken: 0 }
    t.ok(inputs > INPUTS / 50 && taken > inputs / 3, `${operation}: took ${taken} of ${inputs}`)
    t.ok(taken < inputs * 0.7, `${operation}: left ${inputs - taken} of ${inputs}`)
  }
  for (const operation of WHOLE) {
    const { inputs } = campaign.tallies.get(operation) ?? { inputs: 0 }
    t.ok(inputs > INPUTS / 50, `${operation}: ${inputs}`)
  }
})
