/** The comparison: all subjects on all cases, in alternating turns, until the ratios are stable. */
import type { Case } from './cases.js'
import { type Measured, quantile } from './load.js'
import type { PeerName, SubjectName } from './names.js'
import type { Subject } from './subjects.js'

export interface Plan {
  /** Warm-up, in seconds: on the first case, until V8 has compiled most of the code, and on each further case. */
  readonly warmUp: Readonly<
    Record<'first' | 'other', { readonly requests: number; readonly seconds: number }>
  >
  readonly roundSeconds: number
  /** The minimum and the maximum number of rounds of a case. */
  readonly rounds: readonly [least: number, most: number]
  /** For each of two turns, in seconds. */
  readonly latencySeconds: number
}

/** The measurements of a subject on a case. */
export interface Cell {
  /** CPU time of the subject's process per request, user and system, in µs. */
  readonly cpuUs: number
  /** `cpuUs` divided by that of this service. */
  readonly ratio: number
  /** Spread of the rounds' ratios without the worst one: (greatest - least) / median. */
  readonly spread: number
  /** Requests per second at saturation. */
  readonly perSecond: number
  /** Latency at half of that rate, in ms; null if there were too few requests to tell. */
  readonly latencyMs: {
    readonly p50: number | null
    readonly p99: number | null
    readonly p999: number | null
  }
  /** Peak resident memory, in MB. */
  readonly peakMb: number
}

/** Peers that are not installed are left out. */
export type Row = Readonly<Record<Exclude<SubjectName, PeerName>, Cell> & Partial<Record<PeerName, Cell>>>

interface Rounds {
  readonly cpuUs: number[]
  readonly perSecond: number[]
}

const CONNECTIONS = 16
/** Connections in the open loop. The SDK has 50 sockets by default. */
const OPEN_CONNECTIONS = 48
/** The number of short measurements of each subject in a round. */
const TURNS = 4
const WIDEST_SPREAD = 0.1
/** Only the last rounds count: in earlier ones V8 may still have been compiling. */
const LAST = 5

export async function compare(
  subjects: readonly Subject[],
  cases: readonly Case[],
  plan: Plan,
  say: (progress: string) => void,
): Promise<Map<string, Row>> {
  await warmUp(subjects, cases, plan, say)
  const results = new Map<string, Row>()
  for (const one of cases) {
    for (const { process } of subjects) process.resetPeak()
    const rounds = await closedRounds(subjects, one, plan)
    const latencies = bySubject(subjects, (): number[] => [])
    for (const { name, load } of [...subjects, ...subjects.toReversed()]) {
      const rate = median(rounds[name].perSecond) / 2
      const measured = all200(
        await load(one, { connections: OPEN_CONNECTIONS, seconds: plan.latencySeconds, rate }),
      )
      latencies[name].push(...measured.served)
    }
    const cell = ({ name, process }: Subject): Cell => {
      const served = Float64Array.from(latencies[name]).sort()
      const ratios = ratiosOf(rounds, name)
      return {
        cpuUs: median(rounds[name].cpuUs),
        ratio: median(ratios),
        spread: spreadOf(ratios),
        perSecond: median(rounds[name].perSecond),
        latencyMs: { p50: told(served, 0.5), p99: told(served, 0.99), p999: told(served, 0.999) },
        peakMb: process.memory().peak,
      }
    }
    results.set(one.name, bySubject(subjects, cell))
    say(`${one.name}: measured`)
  }
  return results
}

/** Checks all subjects on all cases, and lets V8 compile. */
export async function warmUp(
  subjects: readonly Subject[],
  cases: readonly Case[],
  plan: Pick<Plan, 'warmUp'>,
  say: (progress: string) => void,
): Promise<void> {
  for (const [index, one] of cases.entries()) {
    for (const subject of subjects) {
      await subject.check(one)
      await subject.load(one, { connections: CONNECTIONS, ...plan.warmUp[index === 0 ? 'first' : 'other'] })
    }
    say(
      `CHECK ${one.name}: all ${subjects.length} answer 200 with the right content, and ask DynamoDB the right thing`,
    )
  }
}

/** The rounds of a case. In each, all subjects take turns, forwards and backwards: all see the same disturbances. */
async function closedRounds(
  subjects: readonly Subject[],
  one: Case,
  { roundSeconds, rounds: [least, most] }: Plan,
): Promise<Record<SubjectName, Rounds>> {
  const rounds = bySubject(subjects, (): Rounds => ({ cpuUs: [], perSecond: [] }))
  for (let round = 1; round <= most; round++) {
    const sums = bySubject(subjects, () => ({ cpuMs: 0, requests: 0, seconds: 0 }))
    const turns = Array.from({ length: TURNS }, (_, turn) => (turn % 2 ? subjects : subjects.toReversed()))
    for (const { name, process, load } of turns.flat()) {
      const sum = sums[name]
      const before = process.cpuMs()
      const { served, seconds } = all200(
        await load(one, { connections: CONNECTIONS, seconds: roundSeconds / TURNS }),
      )
      sum.cpuMs += process.cpuMs() - before
      sum.requests += served.length
      sum.seconds += seconds
    }
    for (const { name } of subjects) {
      const { cpuMs, requests, seconds } = sums[name]
      rounds[name].cpuUs.push((cpuMs / requests) * 1000)
      rounds[name].perSecond.push(requests / seconds)
    }
    const settled = subjects.every(({ name }) => spreadOf(ratiosOf(rounds, name)) < WIDEST_SPREAD)
    if (round >= least && settled) break
  }
  return bySubject(subjects, ({ name }) => ({
    cpuUs: rounds[name].cpuUs.slice(-LAST),
    perSecond: rounds[name].perSecond.slice(-LAST),
  }))
}

function ratiosOf(rounds: Record<SubjectName, Rounds>, name: SubjectName): number[] {
  const ours = rounds.service.cpuUs
  return rounds[name].cpuUs.map((cpuUs, round) => cpuUs / (ours[round] ?? NaN)).slice(-LAST)
}

export function spreadOf(values: readonly number[]): number {
  const middle = median(values)
  const kept = values.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).slice(0, -1)
  return (Math.max(...kept) - Math.min(...kept)) / middle
}

export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}

/** A quantile, if at least three requests lie beyond it; fewer are not significant. */
function told(sorted: Float64Array, share: number): number | null {
  return sorted.length * (1 - share) < 3 ? null : quantile(sorted, share)
}

/** Only successful requests may be measured. */
export function all200(measured: Measured): Measured {
  const { served, statuses, unanswered } = measured
  const others = Object.entries(statuses).filter(([status]) => status !== '200')
  if (served.length > 0 && others.length === 0 && unanswered === 0) return measured
  throw new Error(`not all answers were 200: ${JSON.stringify(statuses)}, ${unanswered} not answered`)
}

function bySubject<Value>(
  subjects: readonly Subject[],
  value: (subject: Subject) => Value,
): Record<SubjectName, Value> {
  return Object.fromEntries(subjects.map((subject) => [subject.name, value(subject)])) as Record<
    SubjectName,
    Value
  >
}
