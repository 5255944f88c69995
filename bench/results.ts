/** The results of a run, their comparison with the targets, and both as text. */
import type { Cell, Row } from './compare.js'
import { labels, type SubjectName, subjectNames } from './names.js'
import type { Added, Batch, Start } from './single.js'
import type { Stream, Streams } from './streams.js'

export interface Results {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    /** Whether the measured process and the others had different cores. */
    readonly pinned: boolean
    /** The share of all cores that other processes and the host used during the whole measurement. */
    readonly disturbance: number
    readonly node: string
  }
  readonly quick: boolean
  readonly cases: Readonly<Record<string, Row>>
  readonly starts: Readonly<Record<'service' | 'naive', Start>>
  readonly added: Added
  readonly batch: Batch
  readonly streams: Streams
}

/** The largest share of the machine that others may take from results that are published. */
export const MOST_DISTURBANCE = 0.05

/** One or two values and the most that each may be; no goal is null. */
interface Goal {
  readonly what: string
  readonly most: readonly (number | null)[]
  readonly found: readonly number[]
}

/** The CPU time by that of the naive gateway and by that of the floor. */
const cpuGoals: readonly (readonly [name: string, of: 'service' | 'typed', most: Goal['most']])[] = [
  ['query 100', 'service', [0.11, 2]],
  ['query 100', 'typed', [null, 1.5]],
  ['get 100 kB', 'service', [0.09, 1.2]],
  ['get 100 kB', 'typed', [null, 1.1]],
  ['put 100 kB', 'service', [0.13, 1.6]],
  ['batch get 100', 'service', [0.15, null]],
  ['transact write 10', 'service', [0.18, null]],
  ['get 400 B', 'service', [0.16, 1.35]],
  ['put 400 B', 'service', [0.16, 1.35]],
]

/** The CPU time of a subject by that of another one. */
export function cpuBy(row: Row, than: SubjectName, of: 'service' | 'typed' = 'service'): number {
  return row[of].ratio / (row[than]?.ratio ?? NaN)
}

function goalsOf({ cases, starts, added, batch, streams }: Results): Goal[] {
  const rows = Object.entries(cases)
  const peak = (name: 'service' | 'naive') => Math.max(...rows.map(([, row]) => row[name].peakMb))
  const goal = (what: string, most: number, found: number): Goal => ({ what, most: [most], found: [found] })
  return [
    ...cpuGoals.flatMap(([name, of, most]) => {
      const row = cases[name]
      const what = `CPU of ${name}${of === 'typed' ? ', typed' : ''}, by naive gateway / floor`
      return row === undefined
        ? []
        : [{ what, most, found: [cpuBy(row, 'naive', of), cpuBy(row, 'floor', of)] }]
    }),
    ...['get 400 B', 'put 400 B'].flatMap((name) => {
      const row = cases[name]
      return row === undefined ? [] : [goal(`CPU of ${name}, by the direct SDK`, 1 / 3, cpuBy(row, 'sdk'))]
    }),
    // Two equal subjects do not measure equal: 3 % are noise.
    ...rows.map(([name, { typed }]) => goal(`CPU of ${name}, typed, by documents`, 1.03, typed.ratio)),
    goal(
      'a million items out, by the SDK’s document client',
      0.07,
      streams.out.cpuUs / streams.out.directCpuUs,
    ),
    goal('a million items in, by the SDK’s document client', 0.13, streams.in.cpuUs / streams.in.directCpuUs),
    ...[streams.out, streams.in].flatMap((stream, index) => [
      goal(`memory of a stream ${index === 0 ? 'out' : 'in'} at the peak, in MB`, 150, stream.peakMb),
      goal(
        `memory of a stream ${index === 0 ? 'out' : 'in'}, last quarter by first`,
        // The first one includes the start.
        1.2,
        stream.lastQuarterMb / stream.firstQuarterMb,
      ),
    ]),
    goal('p99 added to DynamoDB’s own, in ms', 1, added.service.p99 - added.direct.p99),
    goal('batch write of 10,000, by 400 direct requests', 1.2, batch.ratio),
    goal('cold start, by the naive gateway', 0.5, starts.service.coldStartMs / starts.naive.coldStartMs),
    goal('memory at rest, by the naive gateway', 1, starts.service.restMb / starts.naive.restMb),
    goal('memory at the peak, by the naive gateway', 1, peak('service') / peak('naive')),
  ]
}

/** The goals beside the figures. */
function goalsText(results: Results): string[] {
  const several = (values: readonly (number | null)[]) =>
    values.map((value) => (value === null ? '–' : value.toFixed(2))).join(' / ')
  return [
    `${'goals'.padEnd(56)}${'at most'.padEnd(14)}measured`,
    ...goalsOf(results).map(({ what, most, found }) => {
      const met = found.every((value, index) => value <= (most[index] ?? Infinity))
      return `${what.padEnd(56)}${several(most).padEnd(14)}${several(found).padEnd(14)}${met ? 'met' : 'NOT MET'}`
    }),
  ]
}

/** The subjects that were measured. */
export function measuredOf(row: Row): (readonly [SubjectName, Cell])[] {
  return subjectNames.flatMap((name) => {
    const cell = row[name]
    return cell === undefined ? [] : [[name, cell] as const]
  })
}

export function toText(results: Results): string {
  const { machine, cases, starts, added, batch, streams } = results
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}; ${machine.pinned ? 'pinned' : 'not pinned'} to cores; ` +
      `others took ${(machine.disturbance * 100).toFixed(0)} % of the CPU${machine.disturbance > MOST_DISTURBANCE ? ', so the figures below are disturbed' : ''}`,
    '',
    columns('', ['CPU µs', 'relative', 'spread', 'req/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'peak MB']),
  ]
  for (const [name, row] of Object.entries(cases)) {
    lines.push(
      name,
      ...measuredOf(row).map(([subject, cell]) => columns(`  ${labels[subject]}`, written(cell))),
    )
  }
  const { service, naive } = starts
  lines.push(
    '',
    `cold start: this service ${digits(service.coldStartMs)} ms, naive gateway ${digits(naive.coldStartMs)} ms`,
    `idle memory: this service ${digits(service.restMb)} MB, naive gateway ${digits(naive.restMb)} MB`,
    `get 400 B at ${digits(added.perSecond)} req/s, half of saturation: DynamoDB alone p50 ${digits(added.direct.p50)}, p99 ${digits(added.direct.p99)} ms; ` +
      `with this service p50 ${digits(added.service.p50)}, p99 ${digits(added.service.p99)} ms`,
    `batch write of 10,000: ${digits(batch.serviceMs)} ms, 400 direct requests ${digits(batch.directMs)} ms; ` +
      `memory ${digits(batch.restMb)} MB before, ${digits(batch.peakMb)} MB at the peak`,
    ...streamsText(streams),
    '',
    ...goalsText(results),
  )
  const wide = Object.entries(cases).flatMap(([name, row]) =>
    measuredOf(row)
      .filter(([, { spread }]) => spread >= 0.1)
      .map(([subject]) => `${name} (${labels[subject]})`),
  )
  if (wide.length > 0)
    lines.push('', `The rounds differ by 10 % or more, so these are less reliable: ${wide.join(', ')}`)
  return lines.join('\n')
}

export function streamsText({ out, in: into }: Streams): string[] {
  const line = (name: string, stream: Stream) =>
    `${name} ${stream.items} items: ${digits(stream.seconds)} s, ${digits(stream.perSecond)} items/s, ` +
    `CPU ${digits(stream.cpuUs)} µs an item (the SDK’s document client: ${digits(stream.directCpuUs)} µs); memory ` +
    `${digits(stream.restMb)} MB before, ${digits(stream.firstQuarterMb)} MB in the first quarter, ` +
    `${digits(stream.lastQuarterMb)} MB in the last, ${digits(stream.peakMb)} MB at the peak`
  return [line('a stream out of', out), line('an import of', into)]
}

function written({ cpuUs, ratio, spread, perSecond, latencyMs: { p50, p99, p999 }, peakMb }: Cell): string[] {
  return [
    digits(cpuUs),
    ratio.toFixed(2),
    `${(spread * 100).toFixed(0)} %`,
    digits(perSecond),
    ...[p50, p99, p999].map((ms) => (ms === null ? '–' : digits(ms))),
    digits(peakMb),
  ]
}

function columns(first: string, others: readonly string[]): string {
  return first.padEnd(24) + others.map((text) => text.padStart(9)).join('')
}

/** Three significant digits: the measurement is no more precise than that. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
