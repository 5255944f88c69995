/**
 * What DynamoDB's own protocol costs: a get over it beside the same get over REST, and an SDK whose endpoint is the service
 * beside the same SDK without it.
 */
import { caseNamed } from './cases.js'
import { all200, median, type Plan } from './compare.js'
import { document } from './items.js'
import { quantile } from './load.js'
import { AROUND, Process } from './process.js'
import { SERVICE, startBefore, startUpstream, toFloor, toGateway } from './subjects.js'
import { cpuRatios } from './turns.js'

const settings = { WIRE_PROTOCOL: 'true' }
const get = caseNamed('get 400 B')
/** The most CPU time that a get may cost, as a multiple of the one over REST. */
const MOST_CPU = 0.9
/** The most that the median latency of an SDK may be, as a multiple of the one without the service. */
const MOST_LATENCY = 1.15
/** DynamoDB answers a GetItem within some ms. */
const UPSTREAM_MS = [4, 0] as const
const ROUNDS = 11
const SDK = 'dist/bench/direct-sdk.js'

/** Prints both ratios. */
export async function compareOwnProtocol(
  upstream: Process,
  generator: Process,
  plan: Plan,
  say: (line: string) => void,
): Promise<void> {
  const targets = (port: number) => [toGateway(port, get, document), toFloor(port, get)] as const
  const [cpu = NaN] = await cpuRatios(upstream, generator, targets, plan, say, settings)
  say(`\nCPU of a get over DynamoDB's own protocol, divided by that over REST: ${cpu.toFixed(3)}`)
  if (cpu > MOST_CPU) say(`more than ${MOST_CPU}`)
  for (const delayMs of UPSTREAM_MS) {
    const { direct, through } = await compareLatency(delayMs, plan)
    const ratio = through / direct
    say(
      `p50 of the SDK in front of the service, divided by that of the SDK alone, where DynamoDB takes ${delayMs} ms: ` +
        `${ratio.toFixed(3)} (${through.toFixed(3)} ms, ${direct.toFixed(3)} ms)`,
    )
    if (delayMs > 0 && ratio > MOST_LATENCY) say(`more than ${MOST_LATENCY}`)
  }
}

/** The medians of the latency, one request at a time, in ms. */
async function compareLatency(
  delayMs: number,
  { warmUp }: Plan,
): Promise<Record<'direct' | 'through', number>> {
  const upstream = await startUpstream(delayMs)
  const endpoint = `http://127.0.0.1:${upstream.port}`
  const env = { ...settings, AWS_ENDPOINT_URL_DYNAMODB: endpoint }
  // Client and service run at the same time, so they have a core each.
  const service = await (await Process.start([SERVICE], AROUND, { env })).listening()
  const clients = [await startBefore(upstream, [SDK], true), await startBefore(service, [SDK], true)]
  const found = clients.map(() => [] as number[])
  for (const client of clients) all200(await client.load(get.name, { connections: 1, ...warmUp.first }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, client] of clients.entries()) {
      const { served } = all200(await client.load(get.name, { connections: 1, seconds: 0.5 }))
      found[index]?.push(quantile(served, 0.5))
    }
  }
  await Promise.all([...clients, service, upstream].map((one) => one.stop()))
  const [direct = [], through = []] = found
  return { direct: median(direct), through: median(through) }
}
