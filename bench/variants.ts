/** Variants of this service, started with other settings or headers, beside the service without them. */
import { caseNamed } from './cases.js'
import { compare, median, type Plan } from './compare.js'
import type { VariantName } from './names.js'
import type { Process } from './process.js'
import { startSubject, type Variant } from './subjects.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 5
const ROUNDS = [3, 5] as const

/** Prints the CPU time of `get 400 B` of each variant, divided by that of the service as it is. */
export async function compareVariants(
  variants: readonly (readonly [name: VariantName, variant: Variant])[],
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const get = caseNamed('get 400 B')
  const ratios = new Map(variants.map(([name]) => [name, [] as number[]]))
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const subjects = [await startSubject('service', upstream, generator)]
    for (const [name, variant] of variants) {
      subjects.push(await startSubject(name, upstream, generator, undefined, undefined, variant))
    }
    const rows = await compare(subjects, [get], { ...plan, rounds: ROUNDS }, () => undefined)
    for (const [name, each] of ratios) each.push(rows.get(get.name)?.[name].ratio ?? NaN)
    await Promise.all(subjects.map(({ process }) => process.stop()))
  }
  say(`\n${'CPU of get 400 B, with / without'.padEnd(34)}${'median'.padStart(8)}   of ${STARTS} starts`)
  for (const [name, all] of ratios) {
    const each = all.toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(2))
    say(`${name.padEnd(34)}${median(all).toFixed(3).padStart(8)}   ${each.join(' ')}`)
  }
}
