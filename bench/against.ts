/** Two builds of this service in alternating turns: what a change costs. */
import { join } from 'node:path'
import { type Case, caseNamed } from './cases.js'
import { all200, median, type Plan, warmUp } from './compare.js'
import { document, type Represent, typed } from './items.js'
import type { Process } from './process.js'
import { startSubject, type Subject } from './subjects.js'

/**
 * With large bodies, the garbage collector settles in one of several rhythms at the start of a process, and keeps it. So both
 * builds are started this often.
 */
const STARTS = 5
const CONNECTIONS = 16
/** The number of turns of each build with each case, and the CPU time of one, in ms. */
const TURNS = 24
const TURN_MS = 40

/**
 * The CPU time per request of this build, divided by that of another one, by case: of two processes that take turns.
 * @param number of the start
 * @param other the checkout of the other build
 */
export async function ratiosOfStart(
  number: number,
  other: string,
  cases: readonly Case[],
  represent: Represent,
  upstream: Process,
  generator: Process,
  plan: Pick<Plan, 'warmUp'>,
): Promise<Map<string, number>> {
  const file = join(other, 'dist/server.js')
  const start = (name: 'service' | 'before') => startSubject(name, upstream, generator, file, represent)
  const service = await start('service')
  const before = await start('before')
  // Each of them is the first one to warm up in every other start.
  const both = number % 2 === 0 ? [service, before] : [before, service]
  await warmUp(both, cases, plan, () => undefined)
  const ratios = new Map<string, number>()
  for (const one of cases) ratios.set(one.name, await ratioOfTurns([service, before], one))
  await Promise.all(both.map(({ process }) => process.stop()))
  return ratios
}

/**
 * Each turn is short and has the same requests, and the cheapest ones count: others on the machine only add to the cost of a turn,
 * and some turns escape them. With half of the machine taken by others, two processes of one build differ by up to 3 %.
 */
async function ratioOfTurns(subjects: readonly [Subject, Subject], one: Case): Promise<number> {
  const cost = async ({ process, load }: Subject, requests: number) => {
    const before = process.cpuMs()
    const { served } = all200(await load(one, { connections: CONNECTIONS, requests, seconds: 10 }))
    return (process.cpuMs() - before) / served.length
  }
  const requests = Math.ceil(TURN_MS / (await cost(subjects[1], 2 * CONNECTIONS)))
  const costs: [number[], number[]] = [[], []]
  for (let turn = 0; turn < TURNS; turn++) {
    for (const index of turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      costs[index].push(await cost(subjects[index], requests))
    }
  }
  return meanOfCheapest(costs[0]) / meanOfCheapest(costs[1])
}

function meanOfCheapest(costs: readonly number[]): number {
  const cheapest = costs.toSorted((a, b) => a - b).slice(0, TURNS / 3)
  return cheapest.reduce((sum, cost) => sum + cost) / cheapest.length
}

/** A line for a case: the median of its ratios, and each of them. */
export function ratiosText(name: string, found: readonly number[]): string {
  const each = found.toSorted((a, b) => a - b).map((ratio) => ratio.toFixed(2))
  return `${name.padEnd(34)}${median(found).toFixed(3).padStart(8)}   ${each.join(' ')}`
}

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
  const cases = plan.cases.map(caseNamed)
  const ratios = new Map<string, number[]>()
  for (let start = 1; start <= STARTS; start++) {
    for (const [name, represent] of [
      ['documents', document],
      ['typed', typed],
    ] as const) {
      say(`start ${start} of ${STARTS}, ${name}`)
      for (const [one, ratio] of await ratiosOfStart(
        start,
        folder,
        cases,
        represent,
        upstream,
        generator,
        plan,
      )) {
        const label = `${one}, ${name}`
        ratios.set(label, [...(ratios.get(label) ?? []), ratio])
      }
    }
  }
  say(`\n${'CPU, this build / the other'.padEnd(34)}${'median'.padStart(8)}   of ${STARTS} starts`)
  for (const [label, found] of ratios) say(ratiosText(label, found))
}
