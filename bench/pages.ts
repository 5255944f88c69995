/**
 * What page tokens and collections cost: a query whose page has no token, beside one that is that starts at a page token and
 * answered with the next one, and the same items as a collection, in alternating turns on one process.
 */
import { request } from 'undici'
import { caseNamed, PAGES } from './cases.js'
import { all200, median, type Plan } from './compare.js'
import { document } from './items.js'
import type { HttpTarget } from './load-http.js'
import type { Process } from './process.js'
import { SERVICE, startBefore, toGateway } from './subjects.js'

/** As in `against.ts`: each start of a process has a rhythm of its own. */
const STARTS = 3
const ROUNDS = 5
const TURNS = 4
const CONNECTIONS = 16
/** The most that each may cost, as a multiple of the query. */
const MOST = 1.1

/** Prints the CPU time of each, divided by that of `query 100`. */
export async function comparePages(
  upstream: Process,
  generator: Process,
  { warmUp, roundSeconds }: Plan,
  say: (line: string) => void,
): Promise<void> {
  const ratios = new Map<string, number[]>()
  for (let start = 1; start <= STARTS; start++) {
    say(`start ${start} of ${STARTS}`)
    const settings = { PAGE_TOKEN_SECRET: 'the-secret-of-the-benchmark' }
    const service = await startBefore(upstream, [SERVICE], false, settings)
    await service.listening()
    const targets = await targetsOf(service.port)
    const load = async (name: string, seconds: number, requests?: number) =>
      all200(
        await generator.load(targetNamed(targets, name), {
          connections: CONNECTIONS,
          seconds,
          ...(requests !== undefined && { requests }),
        }),
      )
    for (const [index, [name]] of targets.entries()) {
      const { seconds, requests } = warmUp[index === 0 ? 'first' : 'other']
      await load(name, seconds, requests)
    }
    for (let round = 1; round <= ROUNDS; round++) {
      const sums = new Map(targets.map(([name]) => [name, { cpuMs: 0, requests: 0 }]))
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [name] of turn % 2 === 0 ? targets : targets.toReversed()) {
          const before = service.cpuMs()
          const { served } = await load(name, roundSeconds / TURNS)
          const sum = sums.get(name)
          if (sum === undefined) continue
          sum.cpuMs += service.cpuMs() - before
          sum.requests += served.length
        }
      }
      const costs = [...sums].map(([name, { cpuMs, requests }]) => [name, cpuMs / requests] as const)
      const base = costs[0]?.[1] ?? NaN
      for (const [name, cost] of costs) ratios.set(name, [...(ratios.get(name) ?? []), cost / base])
    }
    await service.stop()
  }
  say(`\n${'CPU, divided by that of query 100'.padEnd(40)}${'median'.padStart(8)}`)
  for (const [name, all] of ratios) {
    const ratio = median(all)
    say(`${name.padEnd(40)}${ratio.toFixed(3).padStart(8)}${ratio > MOST ? `   more than ${MOST}` : ''}`)
  }
}

type Targets = readonly (readonly [name: string, target: HttpTarget])[]

function targetNamed(targets: Targets, name: string): HttpTarget {
  const [, target] = targets.find(([other]) => other === name) ?? []
  if (target === undefined) throw new Error(`there is no target ${name}`)
  return target
}

/** @throws Error if an answer is not that of a page with more behind it */
async function targetsOf(port: number): Promise<Targets> {
  const query = caseNamed('query 100')
  const base = `/v1/tables/${PAGES}`
  const collection: HttpTarget = {
    port,
    method: 'GET',
    path: `${base}/items/ada.lovelace@mail.example`,
    headers: {},
    body: '',
  }
  const page = { ...query, path: `${base}/query` }
  const first = toGateway(port, page, document)
  const { body } = await request(`http://127.0.0.1:${port}${first.path}`, {
    method: 'POST',
    headers: first.headers,
    body: first.body,
  })
  const { nextPageToken } = (await body.json()) as { nextPageToken?: string }
  if (nextPageToken === undefined) throw new Error('the page has no token')
  const next = toGateway(
    port,
    { ...page, body: (represent) => ({ ...query.body(represent), pageToken: nextPageToken }) },
    document,
  )
  const { statusCode, headers } = await request(`http://127.0.0.1:${port}${collection.path}`)
  if (statusCode !== 200 || headers['link'] === undefined) throw new Error('the collection has no next page')
  return [
    ['query 100', toGateway(port, query, document)],
    ['query 100, that starts at a page token', next],
    ['collection of 100', collection],
  ]
}
