/** A CPU profile of the service by V8: its functions by self time. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Case } from './cases.js'
import { all200 } from './compare.js'
import { document } from './items.js'
import type { Process } from './process.js'
import { SERVICE, startBefore, toGateway } from './subjects.js'

/** The members of a `.cpuprofile` that are read (Chrome DevTools Protocol, Profiler.Profile). */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** In µs, one per sample. */
  readonly timeDeltas: readonly number[]
}

export async function profile(upstream: Process, generator: Process, one: Case): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-profile-'))
  try {
    const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`] as const
    const service = await (await startBefore(upstream, [...options, SERVICE])).listening()
    const target = toGateway(service.port, one, document)
    all200(await generator.load(target, { connections: 16, seconds: 20 }))
    await service.stop()
    const [file = ''] = readdirSync(folder)
    return topTen(one.name, JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The part at the end of the profile that counts, in µs. Before it, the service starts and V8 compiles. */
const COUNTED_US = 10_000_000

function topTen(name: string, { nodes, samples, timeDeltas }: CpuProfile): string {
  const functionOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.replace(/^.*\/(?=node_modules\/|dist\/)/, '')
      return [id, `${functionName || '(anonymous)'}  ${file === '' ? '' : `${file}:${lineNumber + 1}`}`]
    }),
  )
  const selfUs = new Map<string, number>()
  let total = 0
  let untilEnd = timeDeltas.reduce((sum, us) => sum + us, 0)
  for (const [index, id] of samples.entries()) {
    const where = functionOf.get(id) ?? ''
    const us = timeDeltas[index] ?? 0
    untilEnd -= us
    if (untilEnd > COUNTED_US || where.startsWith('(idle)')) continue
    selfUs.set(where, (selfUs.get(where) ?? 0) + us)
    total += us
  }
  const top = [...selfUs].sort(([, a], [, b]) => b - a).slice(0, 10)
  const lines = top.map(([where, us]) => `${((us / total) * 100).toFixed(1).padStart(6)} %  ${where}`)
  return [`${name}: functions by their own time, of all the time that was not idle`, ...lines].join('\n')
}
