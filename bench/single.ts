/** The measurements beside the cases: start, idle memory, latency that the service adds to a call, and a large batch. */
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { batchWrite, type Case } from './cases.js'
import { all200, median } from './compare.js'
import { document } from './items.js'
import { quantile } from './load.js'
import type { Process } from './process.js'
import { NAIVE, SERVICE, startBefore, startUpstream, toFloor, toGateway } from './subjects.js'

export interface Start {
  /** The time from the start of the process to the first 200, in ms. */
  readonly coldStartMs: number
  /** Resident memory one second later, in MB. */
  readonly restMb: number
}

export async function compareStarts(
  upstream: Process,
  one: Case,
  times: number,
): Promise<Record<'service' | 'naive', Start>> {
  const start = async (file: string): Promise<Start> => {
    const started = performance.now()
    const process = await (await startBefore(upstream, [file])).listening()
    const { port, path, headers, body } = toGateway(process.port, one, document)
    const answer = await request(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body })
    await answer.body.text()
    const coldStartMs = performance.now() - started
    if (answer.statusCode !== 200) throw new Error(`${file} answers ${answer.statusCode}`)
    await sleep(1000)
    const restMb = process.memory().now
    await process.stop()
    return { coldStartMs, restMb }
  }
  const starts: Record<'service' | 'naive', Start[]> = { service: [], naive: [] }
  for (let time = 0; time < times; time++) {
    starts.service.push(await start(SERVICE))
    starts.naive.push(await start(NAIVE))
  }
  const middle = (all: readonly Start[]) => ({
    coldStartMs: median(all.map(({ coldStartMs }) => coldStartMs)),
    restMb: median(all.map(({ restMb }) => restMb)),
  })
  return { service: middle(starts.service), naive: middle(starts.naive) }
}

/** Latencies at half of saturation, in ms: of DynamoDB alone, and with this service in front of it. */
export interface Added {
  readonly perSecond: number
  readonly direct: { readonly p50: number; readonly p99: number }
  readonly service: { readonly p50: number; readonly p99: number }
}

/**
 * What the service adds to the latency of a call: one generator sends the same calls at the same rate to the service and to the
 * upstream itself, in alternating turns. All that the generator and the upstream need is in both.
 */
export async function compareLatencies(
  upstream: Process,
  generator: Process,
  service: Process,
  one: Case,
  { perSecond, seconds, times }: { perSecond: number; seconds: number; times: number },
): Promise<Added> {
  const targets = [
    ['direct', toFloor(upstream.port, one)],
    ['service', toGateway(service.port, one, document)],
  ] as const
  const load = { connections: 64, rate: perSecond }
  for (const [, target] of targets) all200(await generator.load(target, { ...load, seconds }))
  const found = { direct: [] as Float64Array[], service: [] as Float64Array[] }
  for (let time = 0; time < times; time++) {
    for (const [name, target] of time % 2 === 0 ? targets : targets.toReversed()) {
      found[name].push(all200(await generator.load(target, { ...load, seconds })).served)
    }
  }
  const middle = (all: readonly Float64Array[]) => ({
    p50: median(all.map((served) => quantile(served, 0.5))),
    p99: median(all.map((served) => quantile(served, 0.99))),
  })
  return { perSecond, direct: middle(found.direct), service: middle(found.service) }
}

const DIRECT = 'dist/bench/direct-undici.js'

export interface Batch {
  readonly serviceMs: number
  readonly directMs: number
  readonly ratio: number
  /** Resident memory of the service before the batch and at its peak, in MB. */
  readonly restMb: number
  readonly peakMb: number
}

/** One batch write of 10,000 entries, and its 400 requests without the service, eight at a time. */
export async function compareBatches(generator: Process, times: number): Promise<Batch> {
  const upstream = await startUpstream(5)
  const service = await (await startBefore(upstream, [SERVICE])).listening()
  const direct = await startBefore(upstream, [DIRECT], true)
  const body = batchWrite(document).body
  const target = toGateway(service.port, { path: '/v1/batch/write', body: () => body }, document)
  const restMb = service.memory().now
  const found: { serviceMs: number; directMs: number; ratio: number }[] = []
  // The first one is a warm-up.
  for (let time = 0; time <= times; time++) {
    const [serviceMs = NaN] = all200(
      await generator.load(target, { connections: 1, requests: 1, seconds: 30 }),
    ).served
    const calls = all200(await direct.load('BatchWriteItem', { connections: 8, requests: 400, seconds: 30 }))
    const directMs = calls.seconds * 1000
    found.push({ serviceMs, directMs, ratio: serviceMs / directMs })
  }
  const counted = found.slice(1)
  const { peak: peakMb } = service.memory()
  await Promise.all([service.stop(), direct.stop(), upstream.stop()])
  return {
    serviceMs: median(counted.map(({ serviceMs }) => serviceMs)),
    directMs: median(counted.map(({ directMs }) => directMs)),
    ratio: median(counted.map(({ ratio }) => ratio)),
    restMb,
    peakMb,
  }
}
