/** Some kinds of requests to one process of the service, in alternating turns: the ratios of the CPU time that they cost. */
import { all200, median, type Plan } from './compare.js'
import type { HttpTarget } from './load-http.js'
import type { Process } from './process.js'
import { SERVICE, startBefore } from './subjects.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 5
const ROUNDS = 5
const TURNS = 4
const CONNECTIONS = 16

/** The request to measure by, and those to measure. */
export type Targets = readonly [by: HttpTarget, ...measured: HttpTarget[]]

/**
 * @param targetsOf a service at a port
 * @param settings of the service
 * @returns the CPU time of each that is measured, divided by that of the first one
 */
export async function cpuRatios(
  upstream: Process,
  generator: Process,
  targetsOf: (port: number) => Targets | Promise<Targets>,
  { warmUp, roundSeconds }: Plan,
  say: (line: string) => void,
  settings: NodeJS.ProcessEnv = {},
): Promise<number[]> {
  const rounds: (readonly number[])[] = []
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const service = await (await startBefore(upstream, [SERVICE], false, settings)).listening()
    const all = (await targetsOf(service.port)).map((target) => ({ target, cpuMs: 0, requests: 0 }))
    for (const { target } of all) {
      all200(await generator.load(target, { connections: CONNECTIONS, ...warmUp.first }))
    }
    for (let round = 1; round <= ROUNDS; round++) {
      for (const one of all) Object.assign(one, { cpuMs: 0, requests: 0 })
      for (let turn = 0; turn < TURNS; turn++) {
        for (const one of turn % 2 === 0 ? all : all.toReversed()) {
          const before = service.cpuMs()
          const load = { connections: CONNECTIONS, seconds: roundSeconds / TURNS }
          const { served } = all200(await generator.load(one.target, load))
          one.cpuMs += service.cpuMs() - before
          one.requests += served.length
        }
      }
      const [by = NaN, ...measured] = all.map(({ cpuMs, requests }) => cpuMs / requests)
      rounds.push(measured.map((cost) => cost / by))
    }
    await service.stop()
  }
  return (rounds[0] ?? []).map((_, index) => median(rounds.map((ratios) => ratios[index] ?? NaN)))
}
