/**
 * `npm run bench:overload`: the service under twice the load that it can serve. Clients do not slow down with it
 * (open loop): requests are due at a fixed rate, and their latency counts from then.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { caseNamed } from './cases.js'
import { all200, median } from './compare.js'
import { document } from './items.js'
import { type Load, type Measured, quantile } from './load.js'
import { digits } from './results.js'
import { SERVICE, startBefore, startGenerator, startUpstream, toFloor, toGateway } from './subjects.js'

const FEW = 64
const MANY = 400
/** More than MAX_CONCURRENT_REQUESTS, so that no request waits for a connection. */
const CROWD = 2000
const OVERLOAD_SECONDS = 12

/**
 * `npm run bench:overload -- 'query 100' 50` measures another case than the cheapest one, in front of an upstream that takes
 * 50 ms rather than 2.
 */
const measured = caseNamed(process.argv[2] ?? 'get 400 B')
const delayMs = Number(process.argv[3] ?? 2)
const upstream = await startUpstream(delayMs)
const generator = await startGenerator()
const service = await (await startBefore(upstream, [SERVICE])).listening()
const target = toGateway(service.port, measured, document)
const offer = (load: Load) => generator.load(target, load)
const say = (line: string) => process.stdout.write(`${line}\n`)

say('warming up …')
all200(await offer({ connections: FEW, requests: 20_000, seconds: 20 }))
const peak = Math.max(await saturation(FEW), await saturation(MANY))
const alone = await generator.load(toFloor(upstream.port, measured), { connections: MANY, seconds: 2 })
const capable = alone.served.length / alone.seconds
say(
  `${measured.name}, upstream of ${delayMs} ms: peak ${digits(peak)} requests/s; the generator with the upstream alone: ${digits(capable)}/s`,
)
if (capable < peak * 2.5) say('TAKE WITH CARE: that is too little to offer twice the peak')

const half = { connections: FEW, rate: peak / 2 }
const before = report('half the peak, before', await offer({ ...half, seconds: 5 }), 5)

const atRest = service.memory().now
const memory: number[] = []
const sampling = new AbortController()
const sampled = sampleMemory(sampling.signal)
service.resetPeak()
const overload = { connections: CROWD, rate: peak * 2, seconds: OVERLOAD_SECONDS }
const during = report('twice the peak', await offer(overload), OVERLOAD_SECONDS)
sampling.abort()
await sampled
const { peak: peakMb } = service.memory()
say(`  goodput ${digits((during.goodput / peak) * 100)} % of the peak`)
say(
  `  memory in MB: before ${digits(atRest)}, each second ${memory.map(digits).join(' ')}, peak ${digits(peakMb)}`,
)

const first = report('half the peak, the first second after', await offer({ ...half, seconds: 1 }), 1)
const after = report('half the peak, then', await offer({ ...half, seconds: 5 }), 5)

mkdirSync('bench/results', { recursive: true })
const results = {
  peak,
  capable,
  before,
  during,
  first,
  after,
  memory: { atRest, peakMb, eachSecond: memory },
}
writeFileSync(
  `bench/results/overload ${measured.name}, ${delayMs} ms.json`,
  `${JSON.stringify(results, null, 2)}\n`,
)
process.exit()

/** The capacity in a closed loop, in requests per second. */
async function saturation(connections: number): Promise<number> {
  const rates: number[] = []
  for (let time = 0; time < 3; time++) {
    const { served, seconds } = await offer({ connections, seconds: 2 })
    rates.push(served.length / seconds)
  }
  return median(rates)
}

async function sampleMemory(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    memory.push(service.memory().now)
    await sleep(1000, undefined, { signal }).catch(() => undefined)
  }
}

/** Prints the outcome of the offered load. */
function report(what: string, measured: Measured, seconds: number) {
  const { statuses, withRetryAfter, served, refused, unsent, unanswered, lateMs } = measured
  const broken = statuses[0] ?? 0
  const answered = served.length + refused.length
  const due = answered + broken + unanswered + unsent
  const at = (latencies: Float64Array) => ({ p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) })
  const found = {
    offered: due / seconds,
    goodput: served.length / measured.seconds,
    served: served.length,
    refusedWith503: statuses[503] ?? 0,
    withRetryAfter,
    otherAnswers: refused.length - (statuses[503] ?? 0),
    brokenConnections: broken,
    unsent,
    unanswered,
    servedMs: at(served),
    refusedMs: at(refused),
    generatorLateMs: lateMs,
  }
  const ms = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${digits(p50)}, p99 ${digits(p99)} ms`
  say(`${what}: ${digits(found.offered)}/s offered, ${digits(found.goodput)}/s served with 200`)
  say(`  served ${found.served}: ${ms(found.servedMs)}`)
  if (refused.length > 0) {
    const promised = withRetryAfter === found.refusedWith503 ? 'all' : `only ${withRetryAfter}`
    say(
      `  refused ${found.refusedWith503} with 503, ${promised} of them with Retry-After: ${ms(found.refusedMs)}`,
    )
    if (found.otherAnswers > 0) say(`  other answers: ${JSON.stringify(statuses)}`)
  }
  say(
    `  broken connections ${broken}, not sent for lack of a connection ${unsent}, not answered ${unanswered}`,
  )
  if (lateMs > 5) say(`  UNRELIABLE: the load generator itself was up to ${digits(lateMs)} ms late`)
  return found
}
