/** Two kinds of requests to one process of the service, in alternating turns: the ratio of the CPU time that they cost. */
import { all200, median, type Plan } from './compare.js'
import type { HttpTarget } from './load-http.js'
import type { Process } from './process.js'
import { SERVICE, startBefore } from './subjects.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 5
const ROUNDS = 5
const TURNS = 4
const CONNECTIONS = 16

/**
 * @param targets of a service at a port: the one to measure, and the one to measure it by
 * @param settings of the service
 * @returns the CPU time of the first one, divided by that of the second one
 */
export async function cpuRatio(
  upstream: Process,
  generator: Process,
  targets: (port: number) => readonly [measured: HttpTarget, by: HttpTarget],
  { warmUp, roundSeconds }: Plan,
  say: (line: string) => void,
  settings: NodeJS.ProcessEnv = {},
): Promise<number> {
  const ratios: number[] = []
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const service = await (await startBefore(upstream, [SERVICE], false, settings)).listening()
    const [measured, by] = targets(service.port).map((target) => ({ target, cpuMs: 0, requests: 0 }))
    if (measured === undefined || by === undefined) throw new Error('there are two targets')
    for (const { target } of [by, measured]) {
      all200(await generator.load(target, { connections: CONNECTIONS, ...warmUp.first }))
    }
    for (let round = 1; round <= ROUNDS; round++) {
      for (const one of [measured, by]) Object.assign(one, { cpuMs: 0, requests: 0 })
      for (let turn = 0; turn < TURNS; turn++) {
        for (const one of turn % 2 === 0 ? [by, measured] : [measured, by]) {
          const before = service.cpuMs()
          const load = { connections: CONNECTIONS, seconds: roundSeconds / TURNS }
          const { served } = all200(await generator.load(one.target, load))
          one.cpuMs += service.cpuMs() - before
          one.requests += served.length
        }
      }
      ratios.push(measured.cpuMs / measured.requests / (by.cpuMs / by.requests))
    }
    await service.stop()
  }
  return median(ratios)
}
