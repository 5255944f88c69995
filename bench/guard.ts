/**
 * `npm run bench:guard`: fails if a request costs this build more than 5 % more CPU time than the commit before. A commit that
 * has to cost more says why in its message, as a trailer: `Speed: every answer is signed now`. Then the figures are printed,
 * and nothing fails. `npm run bench:guard -- COMMIT` or `GUARD_AGAINST=COMMIT` compares with another commit.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../src/package-root.js'
import { ratiosOfStart, ratiosText } from './against.js'
import { type Case, caseNamed } from './cases.js'
import { admittedCosts, build, commitBefore, sameBuild } from './commits.js'
import { median } from './compare.js'
import { document } from './items.js'
import { startGenerator, startUpstream } from './subjects.js'

const LIMIT = 1.05
/** Above it, more starts decide. */
const NEAR = 1.03
/** How often both builds are started: with all cases, with those near the limit, and to confirm what is above it. */
const STARTS = { all: 3, near: 4, confirmation: 3 }
/** After this time, a case near the limit has one more start at most. A failure is always confirmed in full. */
const ENOUGH_MS = 100_000
const MEASURED = ['get 400 B', 'put 400 B', 'query 100', 'get 100 kB', 'put 100 kB'].map(caseNamed)
const PLAN = {
  warmUp: { first: { requests: 6000, seconds: 5 }, other: { requests: 600, seconds: 2 } },
} as const

const say = (line: string) => process.stdout.write(`${line}\n`)
/** It is empty if a workflow does not know the commit. */
const { GUARD_AGAINST = '' } = process.env
const given = process.argv[2] ?? (GUARD_AGAINST === '' ? undefined : GUARD_AGAINST)
const before = commitBefore(packageRoot, given)
if (before === undefined) {
  say(`*** NOT COMPARED: this clone does not have ${given ?? 'the commit before this one'}`)
  process.exit()
}
const folder = mkdtempSync(join(tmpdir(), 'bench-before-'))
process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true })
})
try {
  build(packageRoot, before, folder)
} catch (error) {
  say(`*** NOT COMPARED: ${before} cannot be built here: ${String(error)}`)
  process.exit()
}
if (sameBuild(packageRoot, folder)) {
  say(`The build is the same as that of ${before}: there is nothing to measure.`)
  process.exit()
}

const upstream = await startUpstream()
const generator = await startGenerator()

const began = performance.now()
const found = await measure(MEASURED, STARTS.all, ENOUGH_MS)
const near = MEASURED.filter(({ name }) => median(found.get(name) ?? []) > NEAR)
for (const [name, ratios] of await measure(near, STARTS.near, ENOUGH_MS)) found.get(name)?.push(...ratios)
report(`CPU, this build / ${before.slice(0, 7)}`, found)

const above = MEASURED.filter(({ name }) => median(found.get(name) ?? []) > LIMIT)
const again = await measure(above, STARTS.confirmation)
if (above.length > 0) report(`above ${LIMIT}, so once more`, again)
const slower = [...again.values()].some((ratios) => median(ratios) > LIMIT)
const costs = admittedCosts(packageRoot, before)
for (const cost of costs) say(`*** A commit says that it costs more: ${cost}`)
if (!slower) say(`\nNo request costs more than ${LIMIT} times as much as before.`)
else
  say(
    `\n*** SLOWER: requests cost more than ${LIMIT} times as much as before${costs.length > 0 ? ', as a commit says' : ''}`,
  )
process.exit(slower && costs.length === 0 ? 1 : 0)

function report(title: string, all: ReadonlyMap<string, readonly number[]>): void {
  say(`\n${title.padEnd(34)}${'median'.padStart(8)}   of each start`)
  for (const [name, ratios] of all) say(ratiosText(name, ratios))
}

/** The ratios of each case, one of each start. Without cases it starts nothing. */
async function measure(
  cases: readonly Case[],
  starts: number,
  enoughMs = Infinity,
): Promise<Map<string, number[]>> {
  const ratios = new Map(cases.map(({ name }) => [name, [] as number[]]))
  for (let start = 0; cases.length > 0 && start < starts; start++) {
    if (start > 0 && performance.now() - began > enoughMs) break
    for (const [name, ratio] of await ratiosOfStart(
      start,
      folder,
      cases,
      document,
      upstream,
      generator,
      PLAN,
    )) {
      ratios.get(name)?.push(ratio)
    }
  }
  return ratios
}
