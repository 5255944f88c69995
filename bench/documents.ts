/** The documents that show the results: the chart, the numbers in README, and the tables in docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownTable, withSection } from '../scripts/pages/sections.js'
import { packageRoot } from '../src/package-root.js'
import { chart } from './chart.js'
import { median, type Row } from './compare.js'
import { labels } from './names.js'
import { cpuBy, digits, measuredOf, type Results } from './results.js'
import type { Stream } from './streams.js'

/** How each document is made of the results and of itself, by its file. */
export const documents: Readonly<Record<string, (before: string, results: Results) => string>> = {
  'bench/results/bench.svg': (_, results) => chart(results),
  'README.md': (readme, results) => withSection(readme, 'performance', numbers(results)),
  'docs/performance.md': (page, results) => withSection(page, 'results', tables(results)),
}

export function writeDocuments(results: Results): void {
  for (const [name, change] of Object.entries(documents)) {
    const path = join(packageRoot, name)
    writeFileSync(path, change(readFileSync(path, 'utf8'), results))
  }
}

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}\n`).join('')
const ratio = (value: number) => value.toPrecision(2)
const percent = (share: number) => `${(share * 100).toFixed(0)} %`

function numbers(results: Results): string {
  const { added, streams } = results
  const get = rowOf(results, 'get 400 B')
  const query = rowOf(results, 'query 100')
  return list([
    `A get of 400 B takes ${ratio(cpuBy(get, 'naive'))} of the CPU time of a plain gateway with the SDK’s document client.`,
    `A query of 100 items takes ${ratio(cpuBy(query, 'naive'))} of it.`,
    `A get of 400 B takes ${ratio(cpuBy(get, 'floor'))} of the time of passing the bytes through on Node.js, unread and unsigned.`,
    `A streamed scan takes ${ratio(streams.out.cpuUs / streams.out.directCpuUs)} of the time of a script with the SDK’s document client.`,
    `At half of saturation, it adds ${digits(added.service.p99 - added.direct.p99)} ms to DynamoDB’s own p99.`,
  ])
}

function rowOf({ cases }: Results, name: string): Row {
  const row = cases[name]
  if (row === undefined) throw new Error(`the results have no case "${name}"`)
  return row
}

function tables(results: Results): string {
  const { machine, cases, starts, added, batch, streams } = results
  const rows = Object.entries(cases)
  const present = rows[0] === undefined ? [] : measuredOf(rows[0][1]).map(([name]) => name)
  const others = present.filter((name) => name !== 'service' && name !== 'typed')
  const table = markdownTable(
    ['case', ...others.map((name) => `by ${labels[name]}`)],
    rows.flatMap(([name, row]) =>
      (['service', 'typed'] as const).map((of) => [
        of === 'typed' ? `${name}, typed` : name,
        ...others.map((than) => ratio(cpuBy(row, than, of))),
      ]),
    ),
  )
  const ms = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${digits(p50)} ms, p99 ${digits(p99)} ms`
  const stream = (name: string, { cpuUs, directCpuUs, ...memory }: Stream) =>
    `A million items as a stream ${name}: ${digits(cpuUs)} µs of CPU per item, ${ratio(cpuUs / directCpuUs)} of a script with the ` +
    `SDK’s document client. Memory: ${digits(memory.firstQuarterMb)} MB on average in the first quarter of the time, ` +
    `${digits(memory.lastQuarterMb)} MB in the last, ${digits(memory.peakMb)} MB at the peak.`
  const { service, naive } = starts
  return `${table}
${list([
  `The first response after a start takes ${digits(service.coldStartMs)} ms, ${ratio(service.coldStartMs / naive.coldStartMs)} of the naive gateway’s time.`,
  `Memory at rest is ${digits(service.restMb)} MB, ${ratio(service.restMb / naive.restMb)} of the naive gateway’s.`,
  `A batch write of 10,000 takes ${ratio(batch.ratio)} of the time of its 400 requests without the service, eight at a time.`,
  `Latency of a get of 400 B at half of saturation, ${digits(added.perSecond)} requests/s: ${ms(added.service)}; of DynamoDB alone: ${ms(added.direct)}.`,
  stream('out', streams.out),
  stream('in', streams.in),
])}
Measured on ${machine.cores} cores of ${machine.cpu}, with Node.js ${machine.node}. Others took ${percent(machine.disturbance)} of the CPU meanwhile.
The rounds of half of the ratios differ by less than ${percent(median(spreads(rows)))}.
`
}

const spreads = (rows: readonly (readonly [string, Row])[]) =>
  rows.flatMap(([, row]) =>
    measuredOf(row).flatMap(([name, { spread }]) => (name === 'service' ? [] : [spread])),
  )
