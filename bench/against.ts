/** Two builds of this service in alternating turns: what a change costs. */
import { join } from 'node:path'
import { type Case, caseNamed } from './cases.js'
import { compare, type Plan } from './compare.js'
import { document, typed } from './items.js'
import type { Process } from './process.js'
import { startSubject } from './subjects.js'

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
  const lines: string[] = []
  for (const [name, represent] of [
    ['documents', document],
    ['typed', typed],
  ] as const) {
    const before = join(folder, 'dist/server.js')
    const subjects = [
      await startSubject('service', upstream, generator, before, represent),
      await startSubject('before', upstream, generator, before, represent),
    ]
    const rows = await compare(subjects, cases, plan, say)
    for (const [one, { before }] of rows) {
      const spread = `${(before.spread * 100).toFixed(0)} %`
      lines.push(
        `${`${one}, ${name}`.padEnd(32)}${(1 / before.ratio).toFixed(3).padStart(8)}${spread.padStart(8)}`,
      )
    }
    await Promise.all(subjects.map(({ process }) => process.stop()))
  }
  say(`\n${'CPU, now / before'.padEnd(32)}${'ratio'.padStart(8)}${'spread'.padStart(8)}\n${lines.join('\n')}`)
}
