/** An attack, and what must hold during and after it. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { Test } from 'tap'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'
import { faultIn } from './invariants.js'
import { probe } from './probes.js'
import { RawClient } from './raw-client.js'
import type { RawRequest } from './requests.js'
import { type Subject, watch } from './subject.js'

/** Whether this is `npm run test:soak`, which sends several times as much. */
export const SOAK = process.env['TEST_SOAK'] === 'true'

/** The seed of everything that is random here. A failure names it. */
export const seed = Number(process.env['HOSTILE_SEED'] ?? 20_261_125)

/** Requests are generated in batches: all of them at once would take too much memory. */
const BATCH = 1000
export const CLIENTS = 16
/** The failures that are shown. Most of them have one cause. */
const SHOWN = 10

/** No request may keep the others waiting for longer, in ms. */
const BLOCKED_MS = 1000
/** After the attack, everything is as before within this time, in ms. */
const SETTLED_MS = 5000
const MEMORY_BYTES = 1024 * 1024 * 1024

/** Failures, one of each kind. */
export class Failures {
  readonly shown = new Map<string, string>()
  count = 0

  /** @param request the bytes that led to it */
  add(name: string, failure: unknown, request: Buffer): void {
    this.count++
    const kind = String(failure).slice(0, 60)
    if (this.shown.size >= SHOWN || this.shown.has(kind)) return
    this.shown.set(
      kind,
      `${name}: ${String(failure)}\n${JSON.stringify(request.toString('latin1', 0, 1000))}`,
    )
  }
}

/**
 * Attacks the process, and checks that it lives on as if nothing had happened.
 * @param probes requests that have the same answers before and after the attack
 */
export async function survive(
  t: Test,
  subject: Subject,
  probes: readonly RawRequest[],
  attack: (failures: Failures) => Promise<void>,
): Promise<void> {
  const before = await probe(subject.port, probes)
  const descriptors = await subject.descriptors()
  const seen = watch(subject)
  const failures = new Failures()
  await attack(failures)
  await seen.stop()

  t.same([...failures.shown.values()], [], `${failures.count} answers are not as they should be`)
  t.ok(subject.running(), 'the process is alive')
  t.same(subject.faults, [], 'the log is well-formed and has no internal error')
  t.ok(seen.blockedMs < scaled(BLOCKED_MS), `the event loop was blocked for ${seen.blockedMs} ms at the most`)
  t.ok(seen.memory < MEMORY_BYTES, `the process took ${Math.round(seen.memory / 1e6)} MB at the most`)
  t.ok(
    await within(30_000, async () => (await subject.descriptors()) <= descriptors + CLIENTS),
    `file descriptors: ${descriptors} before, ${seen.descriptors} at the most, ${await subject.descriptors()} after`,
  )
  // For a moment, readiness answers with a check that was made during the attack.
  let after = before
  await within(SETTLED_MS, async () => {
    after = await probe(subject.port, probes)
    return isDeepStrictEqual(after, before)
  })
  t.same(after, before, 'everything is served as before')
}

/** Sends requests on some keep-alive connections, one after the other on each. */
export async function sendAll(
  subject: Subject,
  requests: fc.Arbitrary<RawRequest>,
  count: number,
  failures: Failures,
): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, () => new RawClient(subject.port))
  for (let first = 0; first < count && subject.running(); first += BATCH) {
    const batch = fc.sample(requests, { seed: seed + first, numRuns: Math.min(BATCH, count - first) })
    await inParallel(clients, batch, async (client, request, index) => {
      if (!subject.running()) return
      const fault = await faultOf(client, request).catch(String)
      if (fault !== undefined)
        failures.add(`request ${first + index} of the seed ${seed}`, fault, request.bytes)
    })
  }
  for (const client of clients) client.close()
}

/** Each worker takes the next item as soon as it is done with one. */
export async function inParallel<Worker, Item>(
  workers: readonly Worker[],
  items: readonly Item[],
  work: (worker: Worker, item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries()
  await Promise.all(
    workers.map(async (worker) => {
      for (const [index, item] of queue) await work(worker, item, index)
    }),
  )
}

/** No answer takes longer, in ms: DynamoDB answers at once, or the attempt times out long before. */
const ANSWER_MS = 10_000

/**
 * What is wrong with the answer to a request.
 * @param mayFail whether DynamoDB is at fault
 */
export async function faultOf(
  client: RawClient,
  { method, bytes }: RawRequest,
  mayFail = false,
): Promise<string | undefined> {
  const sentAt = performance.now()
  const [answer] = await client.send(bytes, [method])
  // Node.js ignores the upgrade, but then also what is wrong with the next request: it gets 408 after REQUEST_TIMEOUT_MS.
  if (/^upgrade:/im.test(bytes.toString('latin1'))) client.close()
  if (answer === undefined) return 'no answer'
  const tookMs = performance.now() - sentAt
  const late = tookMs > scaled(ANSWER_MS) ? `after ${Math.round(tookMs)} ms` : undefined
  const fault = faultIn(answer, method, mayFail) ?? late
  return fault === undefined
    ? undefined
    : `${fault}: ${answer.status} ${answer.body.toString('utf8', 0, 800)}`
}
