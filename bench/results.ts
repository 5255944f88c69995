/** The results of a run, their comparison with the targets, and both as text. */
import type { Cell, Row } from './compare.js'
import type { Added, Batch, Start } from './single.js'
import type { Stream, Streams } from './streams.js'
import { labels, subjectNames } from './subjects.js'

export interface Results {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    /** Whether the measured process and the others had different cores. */
    readonly pinned: boolean
    /** The share of all cores that other processes used during the measurement of the cases. */
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

interface Target {
  readonly what: string
  readonly most: number
  readonly found: number
}

export function targetsOf({ cases, starts, added, batch, streams }: Results): Target[] {
  const cpu = (name: string, than: 'naive' | 'sdk' | 'floor', most: number): Target[] => {
    const row = cases[name]
    return row === undefined
      ? []
      : [{ what: `CPU of ${name}, by that of the ${labels[than]}`, most, found: 1 / row[than].ratio }]
  }
  const rows = Object.entries(cases)
  const peak = (name: 'service' | 'naive') => Math.max(...rows.map(([, row]) => row[name].peakMb))
  return [
    ...['get 400 B', 'put 400 B'].flatMap((name) => [
      ...cpu(name, 'naive', 1 / 6),
      ...cpu(name, 'sdk', 1 / 3),
      ...cpu(name, 'floor', 1.25),
    ]),
    ...cpu('query 100', 'naive', 1 / 5),
    ...cpu('get 100 kB', 'naive', 1 / 3),
    ...cpu('put 100 kB', 'naive', 1 / 3),
    // Two equal subjects do not measure equal: 3 % are noise.
    ...rows.map(([name, { typed }]) => ({
      what: `CPU of ${name} typed, by that of documents`,
      most: 1.03,
      found: typed.ratio,
    })),
    {
      what: 'p99 added to a direct signed call, in ms',
      most: 1,
      found: added.service.p99 - added.direct.p99,
    },
    { what: 'batch write of 10,000, by 400 direct requests', most: 1.5, found: batch.ratio },
    {
      what: 'cold start, by that of the naive gateway',
      most: 1 / 2,
      found: starts.service.coldStartMs / starts.naive.coldStartMs,
    },
    ...streamTargets(streams),
    {
      what: 'memory at rest, by that of the naive gateway',
      most: 1,
      found: starts.service.restMb / starts.naive.restMb,
    },
    {
      what: 'memory at the peak, by that of the naive gateway',
      most: 1,
      found: peak('service') / peak('naive'),
    },
  ]
}

export function toText(results: Results): string {
  const { machine, cases, starts, added, batch, streams } = results
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}; ${machine.pinned ? 'pinned' : 'not pinned'} to cores; ` +
      `others took ${(machine.disturbance * 100).toFixed(0)} % of the CPU${machine.disturbance > 0.1 ? ', so the times below are disturbed' : ''}`,
    '',
    columns('', ['CPU µs', 'relative', 'spread', 'req/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'peak MB']),
  ]
  for (const [name, row] of Object.entries(cases)) {
    lines.push(name, ...subjectNames.map((subject) => columns(`  ${labels[subject]}`, written(row[subject]))))
  }
  const { service, naive } = starts
  lines.push(
    '',
    `cold start: this service ${digits(service.coldStartMs)} ms, naive gateway ${digits(naive.coldStartMs)} ms`,
    `idle memory: this service ${digits(service.restMb)} MB, naive gateway ${digits(naive.restMb)} MB`,
    `get 400 B at ${digits(added.perSecond)} req/s: direct p50 ${digits(added.direct.p50)}, p99 ${digits(added.direct.p99)} ms; ` +
      `this service p50 ${digits(added.service.p50)}, p99 ${digits(added.service.p99)} ms`,
    `batch write of 10,000: ${digits(batch.serviceMs)} ms, 400 direct requests ${digits(batch.directMs)} ms; ` +
      `memory ${digits(batch.restMb)} MB before, ${digits(batch.peakMb)} MB at the peak`,
    ...streamsText(streams),
    '',
  )
  for (const { what, most, found } of targetsOf(results)) {
    lines.push(
      `${found <= most ? 'met    ' : 'NOT MET'} ${what}: ${found.toFixed(2)}, at most ${most.toFixed(2)}`,
    )
  }
  const wide = Object.entries(cases).flatMap(([name, row]) =>
    subjectNames
      .filter((subject) => row[subject].spread >= 0.1)
      .map((subject) => `${name} (${labels[subject]})`),
  )
  if (wide.length > 0)
    lines.push('', `The rounds differ by 10 % or more, so these are less reliable: ${wide.join(', ')}`)
  return lines.join('\n')
}

function streamTargets({ out, in: into }: Streams): Target[] {
  return [['a stream out', out] as const, ['an import', into] as const].flatMap(([name, stream]) => [
    { what: `memory of ${name} at the peak, in MB`, most: 150, found: stream.peakMb },
    {
      what: `memory of the last quarter of ${name}, by that of the first`,
      // The first one includes the start.
      most: 1.2,
      found: stream.lastQuarterMb / stream.firstQuarterMb,
    },
    { what: `CPU of ${name}, by that of the SDK`, most: 1, found: stream.cpuUs / stream.directCpuUs },
  ])
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
