/** Two builds of this service in alternating turns: what a change costs. */
import { join } from 'node:path'
import { type Case, caseNamed } from './cases.js'
import { compare, median, type Plan } from './compare.js'
import { document, typed } from './items.js'
import type { Process } from './process.js'
import { startSubject } from './subjects.js'

/**
 * With large bodies, the garbage collector settles in one of several rhythms at the start of a process, and keeps it: two
 * processes of one build differ by up to 40 %. So both builds are started this often.
 */
const STARTS = 5
/** Each start needs fewer rounds than a comparison of one process with another. */
const ROUNDS = [2, 3] as const

/**
 * Prints the CPU time per request of this build, divided by that of the other one: above 1, the change costs something.
 * @param folder the checkout of the other build
 */
export async function compareBuilds(
  folder: string,
  upstream: Process,
  generator: Process,
  plan: Plan & { readonly cases: readonly string[] },
  say: (line: string) => void,
): Promise<void> {
  const cases: readonly Case[] = plan.cases.map(caseNamed)
  const other = join(folder, 'dist/server.js')
  const ratios = new Map<string, number[]>()
  for (let start = 1; start <= STARTS; start++) {
    for (const [name, represent] of [
      ['documents', document],
      ['typed', typed],
    ] as const) {
      say(`start ${start} of ${STARTS}, ${name}`)
      const subjects = [
        await startSubject('service', upstream, generator, other, represent),
        await startSubject('before', upstream, generator, other, represent),
      ]
      const rows = await compare(subjects, cases, { ...plan, rounds: ROUNDS }, () => undefined)
      for (const [one, { before }] of rows) {
        const label = `${one}, ${name}`
        ratios.set(label, [...(ratios.get(label) ?? []), 1 / before.ratio])
      }
      await Promise.all(subjects.map(({ process }) => process.stop()))
    }
  }
  say(`\n${'CPU, this build / the other'.padEnd(34)}${'median'.padStart(8)}   of ${STARTS} starts`)
  for (const [label, found] of ratios) {
    const each = found.toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(2))
    say(`${label.padEnd(34)}${median(found).toFixed(3).padStart(8)}   ${each.join(' ')}`)
  }
}
