/** What the formats of imports and of streamed answers cost beside lines of documents: CPU time of the service per item. */
import { once } from 'node:events'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { streamed } from './cases.js'
import { median } from './compare.js'
import { type AttributeValue, document, type Item, mapMembers, typed } from './items.js'
import type { Process } from './process.js'
import { SERVICE, startBefore } from './subjects.js'

const ROUNDS = 7
const NDJSON = 'application/x-ndjson'

interface Format {
  readonly name: string
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  /** The body in parts; that in the middle is sent any number of times. */
  readonly body: readonly [before: Buffer, middle: Buffer, after: Buffer]
}

const NOTHING = Buffer.alloc(0)
const linesOf = (write: (item: Item) => unknown) =>
  Buffer.from(streamed.map((item) => `${JSON.stringify(write(item))}\n`).join(''))
const documents = linesOf((item) => mapMembers(item, document))
const typedLines = linesOf((item) => mapMembers(item, typed))
const csvTypes = 'placed:N,amount:N,paid:BOOL,tags:SS,address:M,lines:L'

function csvCell(value: AttributeValue): string {
  if ('S' in value) return value.S
  if ('N' in value) return value.N
  if ('BOOL' in value) return String(value.BOOL)
  return `"${JSON.stringify('SS' in value ? value.SS : document(value)).replaceAll('"', '""')}"`
}

const names = Object.keys(streamed[0] ?? {})
const csvRows = Buffer.from(
  streamed.map((item) => `${names.map((name) => csvCell(item[name] ?? { S: '' })).join(',')}\r\n`).join(''),
)

const imports: readonly Format[] = [
  { name: 'lines of documents', headers: { 'content-type': NDJSON }, body: [NOTHING, documents, NOTHING] },
  {
    name: 'lines of {"Item": …}',
    headers: { 'content-type': NDJSON },
    body: [NOTHING, linesOf((item) => ({ Item: item })), NOTHING],
  },
  { name: 'lines of typed items', headers: { 'content-type': NDJSON }, body: [NOTHING, typedLines, NOTHING] },
  {
    name: 'JSON array',
    headers: { 'content-type': 'application/json' },
    body: [
      Buffer.from('[{"id":"first"}'),
      Buffer.from(`\n${documents.toString()}`.replaceAll('\n{', '\n,{')),
      Buffer.from(']'),
    ],
  },
  {
    name: 'CSV',
    query: `?types=${csvTypes}`,
    headers: { 'content-type': 'text/csv' },
    body: [Buffer.from(`${names.join(',')}\r\n`), csvRows, NOTHING],
  },
  {
    name: 'lines of documents, gzip',
    headers: { 'content-type': NDJSON, 'content-encoding': 'gzip' },
    body: [NOTHING, gzipSync(documents), NOTHING],
  },
]

const answers: readonly Pick<Format, 'name' | 'headers'>[] = [
  { name: 'scan as lines', headers: { accept: NDJSON } },
  { name: 'scan as CSV', headers: { accept: 'text/csv' } },
  { name: 'scan as lines, gzip', headers: { accept: NDJSON, 'accept-encoding': 'gzip' } },
]

/** Prints the CPU time of each format, divided by that of the first one, in alternating turns. */
export async function compareFormats(
  upstream: Process,
  pages: number,
  say: (line: string) => void,
): Promise<void> {
  const service = await (await startBefore(upstream, [SERVICE])).listening()
  const cpuOf = async (run: () => Promise<void>) => {
    const before = service.cpuMs()
    await run()
    return ((service.cpuMs() - before) / (pages * streamed.length)) * 1000
  }
  const kinds = [
    imports.map((format) => [format.name, () => importAll(service.port, format, pages)] as const),
    answers.map((format) => [format.name, () => readAll(service.port, format.headers, pages)] as const),
  ]
  for (const formats of kinds) {
    // A warm-up, in which V8 compiles.
    for (const [, run] of formats) await run()
    const measured = new Map(formats.map(([name]) => [name, [] as number[]]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, run] of formats) measured.get(name)?.push(await cpuOf(run))
    }
    const [first = []] = [...measured.values()]
    say(`\n${'CPU per item'.padEnd(34)}${'µs'.padStart(8)}${'ratio'.padStart(8)}   of ${ROUNDS} rounds`)
    for (const [name, each] of measured) {
      const ratios = each.map((us, round) => us / (first[round] ?? NaN)).sort((a, b) => a - b)
      const texts = [median(each).toFixed(1).padStart(8), median(ratios).toFixed(2).padStart(8)]
      say(`${name.padEnd(34)}${texts.join('')}   ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`)
    }
  }
  await service.stop()
}

/** Sends a body as fast as the service reads it (back-pressure). */
async function importAll(port: number, { query = '', headers, body }: Format, pages: number): Promise<void> {
  const call = request(`http://127.0.0.1:${port}/v1/tables/imported/import${query}`, {
    method: 'POST',
    headers,
  })
  const answered = once(call, 'response') as Promise<[NodeJS.ReadableStream]>
  const [before, middle, after] = body
  call.write(before)
  for (let page = 0; page < pages; page++) if (!call.write(middle)) await once(call, 'drain')
  call.end(after)
  const [response] = await answered
  let text = ''
  for await (const chunk of response) text += String(chunk)
  const { written = 0 } = JSON.parse(text) as { written?: number }
  if (written < pages * streamed.length) throw new Error(text)
}

async function readAll(
  port: number,
  headers: Readonly<Record<string, string>>,
  pages: number,
): Promise<void> {
  const call = request(`http://127.0.0.1:${port}/v1/tables/pages-${pages}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  call.end('{}')
  const [response] = (await once(call, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number; complete: boolean },
  ]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200 || !response.complete) throw new Error('the answer is not complete')
}
