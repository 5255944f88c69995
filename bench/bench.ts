/**
 * `npm run bench`: compares this service with the alternatives, in front of one canned upstream. All subjects take
 * turns within one run, and only the ratios between them count. `--quick` measures less, `--profile` shows where the
 * time is spent instead, `--streams` measures streams only, `--access` what access control costs,
 * `--observability` what metrics and traces cost, `--formats` what the formats of imports and streams cost, `--pages` what
 * page tokens and collections cost, `--idempotency` what an `Idempotency-Key` costs, `--own-protocol` what DynamoDB's own
 * protocol costs, `--merge` what reads that share a call cost. `--against DIR` compares this build
 * with another one, such as that of an earlier commit: DIR is its checkout, after `npm ci && npm run build`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { compareAccess } from './access.js'
import { compareBuilds } from './against.js'
import { cases, caseNamed } from './cases.js'
import { compare, type Plan } from './compare.js'
import { writeDocuments } from './documents.js'
import { compareFormats } from './formats.js'
import { compareIdempotency } from './idempotency.js'
import { compareMergedReads } from './merged-reads.js'
import { compareObservability } from './observability.js'
import { comparePages } from './pages.js'
import { compareOwnProtocol } from './own-protocol.js'
import { peerNames, subjectNames } from './names.js'
import { Disturbance, pinned, type Process } from './process.js'
import { profile } from './profile.js'
import { MOST_DISTURBANCE, type Results, streamsText, toText } from './results.js'
import { compareBatches, compareLatencies, compareStarts } from './single.js'
import { measureStreams } from './streams.js'
import { isInstalled } from './peers.js'
import { startGenerator, startSubject, startUpstream } from './subjects.js'

interface WholePlan extends Plan {
  readonly cases: readonly string[]
  /** The number of cold starts, and of batch writes. */
  readonly times: number
  readonly added: { readonly seconds: number; readonly times: number }
  /** The number of pages in a stream of this service, and of the SDK. */
  readonly pages: { readonly service: number; readonly direct: number }
}

const whole: WholePlan = {
  cases: cases.map(({ name }) => name),
  warmUp: { first: { requests: 10_000, seconds: 30 }, other: { requests: 2000, seconds: 1.5 } },
  roundSeconds: 0.4,
  rounds: [5, 9],
  latencySeconds: 0.7,
  times: 5,
  added: { seconds: 0.7, times: 21 },
  pages: { service: 400, direct: 40 },
}

const quick: WholePlan = {
  cases: ['get 400 B', 'put 400 B', 'get 100 kB', 'query 100'],
  warmUp: { first: { requests: 6000, seconds: 12 }, other: { requests: 1000, seconds: 0.7 } },
  roundSeconds: 0.25,
  rounds: [3, 4],
  latencySeconds: 0.3,
  times: 2,
  added: { seconds: 0.5, times: 7 },
  pages: { service: 80, direct: 20 },
}

const say = (line: string) => process.stdout.write(`${line}\n`)
const isQuick = process.argv.includes('--quick')
const plan = isQuick ? quick : whole
const upstream = await startUpstream()
const generator = await startGenerator()

const against = process.argv[process.argv.indexOf('--against') + 1]

if (process.argv.includes('--against') && against !== undefined) {
  await compareBuilds(against, upstream, generator, plan, say)
} else if (process.argv.includes('--access')) {
  await compareAccess(upstream, generator, plan, say)
} else if (process.argv.includes('--observability')) {
  await compareObservability(upstream, generator, plan, say)
} else if (process.argv.includes('--pages')) {
  await comparePages(upstream, generator, plan, say)
} else if (process.argv.includes('--idempotency')) {
  await compareIdempotency(upstream, generator, plan, say)
} else if (process.argv.includes('--own-protocol')) {
  await compareOwnProtocol(upstream, generator, plan, say)
} else if (process.argv.includes('--merge')) {
  await compareMergedReads(generator, plan, say)
} else if (process.argv.includes('--streams')) {
  say(streamsText(await measureStreams(upstream, plan.pages)).join('\n'))
} else if (process.argv.includes('--formats')) {
  await compareFormats(upstream, Math.ceil(plan.pages.direct / 4), say)
} else if (process.argv.includes('--profile')) {
  for (const name of ['get 400 B', 'query 100']) {
    say(`${await profile(upstream, generator, caseNamed(name))}\n`)
  }
} else {
  const results = await measure(upstream, generator, plan)
  say(`\n${toText(results)}`)
  process.exitCode = publish(results) ? 0 : 1
}
process.exit()

/** Writes the results and the documents that show them, if the machine was quiet. */
function publish(results: Results): boolean {
  const { disturbance } = results.machine
  if (disturbance > MOST_DISTURBANCE) {
    const [others, most] = [disturbance, MOST_DISTURBANCE].map((share) => (share * 100).toFixed(1))
    say(`\n*** NOT PUBLISHED: others took ${others} % of the CPU; at most ${most} % may be published`)
    return false
  }
  mkdirSync('bench/results', { recursive: true })
  writeFileSync(`bench/results/${isQuick ? 'quick' : 'latest'}.json`, `${JSON.stringify(results, null, 2)}\n`)
  if (!isQuick) writeDocuments(results)
  return true
}

async function measure(upstream: Process, generator: Process, plan: WholePlan): Promise<Results> {
  const get = caseNamed('get 400 B')
  const missing = peerNames.filter((name) => !isInstalled(name))
  if (missing.length > 0) say(`*** NOT MEASURED, because not installed: ${missing.join(', ')}`)
  const disturbance = new Disturbance()
  say('cold starts …')
  const starts = await compareStarts(upstream, get, plan.times)
  say('a batch write of 10,000 …')
  const batch = await compareBatches(generator, plan.times)
  say(`streams of ${plan.pages.service} pages …`)
  const streams = await measureStreams(upstream, plan.pages)
  const names = subjectNames.filter((name) => !missing.some((one) => one === name))
  const subjects = await Promise.all(names.map((name) => startSubject(name, upstream, generator)))
  const rows = await compare(subjects, plan.cases.map(caseNamed), plan, say)
  say('the latency that the service adds to a direct call …')
  const service = subjects.find(({ name }) => name === 'service')
  const half = (rows.get(get.name)?.service.perSecond ?? NaN) / 2
  if (service === undefined) throw new Error('the service is not among the subjects')
  const added = await compareLatencies(upstream, generator, service.process, get, {
    perSecond: half,
    ...plan.added,
  })
  return {
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      pinned,
      disturbance: disturbance.share,
      node: process.versions.node,
    },
    quick: isQuick,
    cases: Object.fromEntries(rows),
    starts,
    added,
    batch,
    streams,
  }
}
