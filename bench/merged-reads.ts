/**
 * Reads that share a call: this service with `MERGE_READS` beside the one without, in alternating turns. First in a closed loop,
 * with few to many callers, each of whom waits for an answer before the next request; then as an open loop at a tenth, a half and
 * twice the peak of the service without it. All keys differ, so that no call gets by with one of them.
 */
import { caseNamed } from './cases.js'
import { all200, median, type Plan } from './compare.js'
import { document, mapMembers } from './items.js'
import type { HttpTarget } from './load-http.js'
import { type Measured, quantile } from './load.js'
import type { Process } from './process.js'
import { digits } from './results.js'
import { SERVICE, startBefore, startUpstream, toGateway } from './subjects.js'

const CALLERS = [1, 8, 32, 128, 512]
const SHARES = [0.1, 0.5, 2]
/** More than MAX_CONCURRENT_REQUESTS, so that no request waits for a connection. */
const CROWD = 2000
const ROUNDS = 5
/** Before each measurement. */
const WARM_SECONDS = 3
const KEYS = 1000
/** DynamoDB takes some ms to answer. */
const UPSTREAM_MS = 2

interface Subject {
  readonly name: 'unmerged' | 'merged'
  readonly process: Process
  readonly target: HttpTarget
}

interface Turn {
  readonly cpuUs: number
  readonly perSecond: number
  readonly refused: number
  readonly served: Float64Array
}

/** Prints CPU time, p50 and p99 of `get 400 B`. */
export async function compareMergedReads(
  generator: Process,
  { warmUp, roundSeconds }: Plan,
  say: (line: string) => void,
): Promise<void> {
  const get = caseNamed('get 400 B')
  const upstream = await startUpstream(UPSTREAM_MS)
  const bodies = Array.from({ length: KEYS }, (_, n) => {
    const key = mapMembers({ id: { S: `order-${String(n).padStart(6, '0')}` } }, document)
    return JSON.stringify({ key })
  })
  const start = async (name: Subject['name']): Promise<Subject> => {
    const settings = { MERGE_READS: String(name === 'merged') }
    const process = await (await startBefore(upstream, [SERVICE], false, settings)).listening()
    return { name, process, target: { ...toGateway(process.port, get, document), bodies } }
  }
  const subjects = [await start('unmerged'), await start('merged')]

  async function turn(
    { process, target }: Subject,
    load: Parameters<Process['load']>[1],
    check: (measured: Measured) => Measured,
  ): Promise<Turn> {
    const before = process.cpuMs()
    const { served, refused, seconds } = check(await generator.load(target, load))
    const cpuUs = ((process.cpuMs() - before) * 1000) / served.length
    return { cpuUs, perSecond: served.length / seconds, refused: refused.length, served }
  }

  /** Both in turn, `ROUNDS` times, in changing order. */
  async function compare(
    what: string,
    load: Parameters<Process['load']>[1],
    check: (measured: Measured) => Measured,
  ): Promise<number> {
    // V8 compiles for what it sees: lone gets are slow at first behind shared ones.
    for (const { target } of subjects) check(await generator.load(target, { ...load, seconds: WARM_SECONDS }))
    const turns = { unmerged: [] as Turn[], merged: [] as Turn[] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        turns[subject.name].push(await turn(subject, load, check))
      }
    }
    const ratios = turns.merged.map(({ cpuUs }, round) => cpuUs / (turns.unmerged[round]?.cpuUs ?? NaN))
    for (const { name } of subjects) say(rowOf(what, name, turns[name]))
    say(`${''.padEnd(24)}merged / unmerged, CPU of each served: ${digits(median(ratios))}`)
    return median(turns.unmerged.map(({ perSecond }) => perSecond))
  }

  say('warming up …')
  for (const { target } of subjects) {
    all200(await generator.load(target, { connections: 32, ...warmUp.first }))
  }
  say(`get 400 B, an upstream of ${UPSTREAM_MS} ms`)
  say(`${''.padEnd(24)}${HEADS.map((head) => head.padStart(10)).join('')}`)
  let peak = 0
  for (const connections of CALLERS) {
    const load = { connections, seconds: 2 * roundSeconds }
    peak = Math.max(peak, await compare(`${connections} callers`, load, all200))
  }
  say(`peak without merging: ${digits(peak)}/s`)
  for (const share of SHARES) {
    const load = { connections: CROWD, rate: peak * share, seconds: 4 * roundSeconds }
    await compare(`${share} of the peak`, load, (measured) => measured)
  }
}

const HEADS = ['', 'CPU µs', 'served/s', '503/s', 'p50 ms', 'p99 ms'] as const

function rowOf(what: string, name: string, turns: readonly Turn[]): string {
  const served = Float64Array.from(turns.flatMap((turn) => [...turn.served])).sort()
  const seconds = turns.reduce((sum, turn) => sum + turn.served.length / turn.perSecond, 0)
  const cells = [
    median(turns.map(({ cpuUs }) => cpuUs)),
    median(turns.map(({ perSecond }) => perSecond)),
    turns.reduce((sum, { refused }) => sum + refused, 0) / seconds,
    quantile(served, 0.5),
    quantile(served, 0.99),
  ]
  return what.padEnd(24) + name.padStart(10) + cells.map((cell) => digits(cell).padStart(10)).join('')
}
