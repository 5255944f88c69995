/** Export and import of a table as a stream: memory and CPU time of the service, and CPU time of the SDK. */
import { once } from 'node:events'
import { request } from 'node:http'
import { streamed } from './cases.js'
import { document, mapMembers } from './items.js'
import type { Process } from './process.js'
import { SERVICE, startBefore } from './subjects.js'

export interface Stream {
  readonly items: number
  readonly seconds: number
  readonly perSecond: number
  /** CPU time of the service per item, in µs. */
  readonly cpuUs: number
  /** CPU time per item of a process that uses the SDK's document client, in µs. */
  readonly directCpuUs: number
  /** Resident memory of the service, in MB: before, the mean of each quarter of the time, and the peak. */
  readonly restMb: number
  readonly firstQuarterMb: number
  readonly lastQuarterMb: number
  readonly peakMb: number
}

export interface Streams {
  readonly out: Stream
  readonly in: Stream
}

const SAMPLE_MS = 50

const lines = Buffer.from(streamed.map((item) => `${JSON.stringify(mapMembers(item, document))}\n`).join(''))

export async function measureStreams(
  upstream: Process,
  pages: { readonly service: number; readonly direct: number },
): Promise<Streams> {
  const measured = {
    out: await measure(upstream, pages.service, (port) => readAll(port, pages.service)),
    in: await measure(upstream, pages.service, (port) => importAll(port, pages.service)),
  }
  const direct = await startBefore(upstream, ['dist/bench/direct-streams.js'], true)
  const cpuOf = async (what: 'out' | 'in') => {
    // A warm-up, in which V8 compiles.
    await direct.ask({ what, pages: Math.ceil(pages.direct / 4) })
    const before = direct.cpuMs()
    const items = Number(await direct.ask({ what, pages: pages.direct }))
    return ((direct.cpuMs() - before) / items) * 1000
  }
  const directOut = await cpuOf('out')
  const directIn = await cpuOf('in')
  await direct.stop()
  return { out: { ...measured.out, directCpuUs: directOut }, in: { ...measured.in, directCpuUs: directIn } }
}

/** Each in a new process, so that its memory is of this stream only. */
async function measure(
  upstream: Process,
  pages: number,
  stream: (port: number) => Promise<number>,
): Promise<Omit<Stream, 'directCpuUs'>> {
  const service = await (await startBefore(upstream, [SERVICE])).listening()
  const restMb = service.memory().now
  const samples: number[] = []
  const sampling = setInterval(() => samples.push(service.memory().now), SAMPLE_MS)
  const cpuMs = service.cpuMs()
  const start = performance.now()
  const items = await stream(service.port)
  const seconds = (performance.now() - start) / 1000
  clearInterval(sampling)
  if (items !== pages * streamed.length) throw new Error(`${items} of ${pages * streamed.length} items`)
  const quarter = Math.ceil(samples.length / 4)
  const mean = (some: readonly number[]) => some.reduce((sum, mb) => sum + mb, 0) / some.length
  const measured = {
    items,
    seconds,
    perSecond: items / seconds,
    cpuUs: ((service.cpuMs() - cpuMs) / items) * 1000,
    restMb,
    firstQuarterMb: mean(samples.slice(0, quarter)),
    lastQuarterMb: mean(samples.slice(-quarter)),
    peakMb: service.memory().peak,
  }
  await service.stop()
  return measured
}

/** Reads a scan of this number of pages as fast as it arrives, and counts its lines. */
async function readAll(port: number, pages: number): Promise<number> {
  const call = request(`http://127.0.0.1:${port}/v1/tables/pages-${pages}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
  })
  call.end('{}')
  const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream]
  let items = 0
  for await (const chunk of response) {
    const bytes = chunk as Buffer
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) items++
  }
  return items
}

/** Sends the lines of this number of pages as fast as the service reads them (back-pressure). */
async function importAll(port: number, pages: number): Promise<number> {
  const call = request(`http://127.0.0.1:${port}/v1/tables/imported/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  })
  const answered = once(call, 'response') as Promise<[NodeJS.ReadableStream]>
  for (let page = 0; page < pages; page++) if (!call.write(lines)) await once(call, 'drain')
  call.end()
  const [response] = await answered
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return (JSON.parse(text) as { written: number }).written
}
