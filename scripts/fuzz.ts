/**
 * `npm run fuzz`: compares the WebAssembly module of the translation with JavaScript alone on random inputs, until they differ.
 *
 *     npm run fuzz -- --minutes 60
 *     npm run fuzz -- --seed 1234 --inputs 1      # the input that differed
 */
import { parseArgs } from 'node:util'
import { translator } from '../src/translator/translator.js'
import { Campaign, describe } from '../test/translator/campaign.js'
import { loadReference } from '../test/translator/reference.js'

const { values: options } = parseArgs({
  options: { seed: { type: 'string' }, inputs: { type: 'string' }, minutes: { type: 'string' } },
})
if (translator === undefined) throw new Error('there is no WebAssembly with SIMD here')

const first = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))
const last = first + Number(options.inputs ?? Infinity)
const end = Date.now() + Number(options.minutes ?? Infinity) * 60_000
if ([first, last, end].some(Number.isNaN)) throw new Error('--seed, --inputs and --minutes take a number')

const campaign = new Campaign(translator, await loadReference())
let seed = first
const report = () => {
  process.stdout.write(`${seed - first} inputs from the seed ${first} on: no difference\n`)
  for (const [operation, { inputs, taken }] of campaign.tallies) {
    process.stdout.write(
      `  ${operation}: ${inputs}${taken > 0 ? `, of which the module took ${taken}` : ''}\n`,
    )
  }
}
process.once('SIGINT', () => {
  report()
  process.exit()
})

let reportAt = Date.now() + 60_000
for (; seed < last && Date.now() < end; seed++) {
  const difference = campaign.try(seed)
  if (difference !== undefined) {
    process.stdout.write(`The seed ${seed} makes an input that differs. Minimized:\n`)
    process.stdout.write(describe(difference))
    process.exit(1)
  }
  if (Date.now() < reportAt) continue
  report()
  reportAt += 60_000
  // A signal is handled between two inputs only.
  await new Promise(setImmediate)
}
report()
