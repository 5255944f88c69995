/**
 * Two replicas behind nginx and behind HAProxy, as deploy/ configures them: what a rolling restart, the sudden end of a replica
 * and a stalled one cost, and that every answer tells the truth.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { loadBalancers, needsProgram } from '../helpers/load-balancers.js'
import { sourceProcess } from '../helpers/process.js'
import { createTable, dynamodbEndpoint, needsDynamoDB, startService } from '../helpers/service.js'
import { within } from '../helpers/within.js'
import { AcknowledgedLoad, type Failure } from './acknowledged-load.js'

const CLIENTS = 8

/** A replica on a port of its own, on which it can be started again. */
async function startReplica(t: Test, shutdownDelayMs: number) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const start = () =>
    sourceProcess(t, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodbEndpoint ?? '',
      // The machine may be busy, and these tests are not about DynamoDB's faults.
      ATTEMPT_TIMEOUT_MS: '25000',
      PORT: String(port),
      SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
      LOG_LEVEL: 'warn',
    })
  const isReady = () =>
    within(60_000, async () => {
      const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
      return answer?.status === 200
    })
  let process = start()
  await isReady()
  return {
    port,
    url,
    kill: (signal: NodeJS.Signals) => process.server.kill(signal),
    /** Sends a signal that ends it, and starts it again; resolves to its exit code. */
    restart: async (signal: NodeJS.Signals) => {
      process.server.kill(signal)
      const [code] = await process.exited
      process = start()
      await isReady()
      return code
    },
  }
}

async function startTwoReplicas(t: Test, name: keyof typeof loadBalancers) {
  const { shutdownDelayMs, start } = loadBalancers[name]
  const admin = await startService(t)
  const table = await createTable(t, admin)
  const replicas = await Promise.all([startReplica(t, shutdownDelayMs), startReplica(t, shutdownDelayMs)])
  const [first, second] = replicas
  const balancer = await start(t, [first.port, second.port])
  await balancer.bothInUse()
  const load = new AcknowledgedLoad(balancer.url, table, CLIENTS)
  t.teardown(() => load.stop())
  const more = async (requests: number) => {
    const until = load.sent + requests
    await within(60_000, () => load.sent >= until)
  }
  await more(100)
  return { replicas, balancer, load, more, admin }
}

const describe = ({ operation, answer }: Failure) => `${operation}: ${answer.status ?? 'none'} ${answer.text}`

const report = (t: Test, load: AcknowledgedLoad) => {
  const failed = load.failures.length
  const slowest = Math.max(...load.latenciesMs)
  t.comment(`${load.sent} requests, ${failed} failed; the slowest took ${Math.round(slowest)} ms`)
}

/** A crash and a stall take two minutes, so they are tested by `npm run test:soak`. */
const needsSoak = { skip: process.env['TEST_SOAK'] !== 'true' && 'run by npm run test:soak' }

/** Tests two replicas behind a load balancer. Each has a file of its own, since they wait most of the time. */
export function testTwoReplicas(t: Test, name: keyof typeof loadBalancers): void {
  const options = { skip: needsDynamoDB.skip || needsProgram(name).skip }
  const inSoak = { skip: options.skip || needsSoak.skip }

  t.test(`behind ${name}, a rolling restart fails no request`, options, async (t) => {
    const { replicas, balancer, load, more, admin } = await startTwoReplicas(t, name)
    for (const replica of replicas) {
      t.equal(await replica.restart('SIGTERM'), 0)
      t.ok(await balancer.bothInUse())
      await more(50)
    }
    await load.stop()
    report(t, load)
    t.same(load.failures.map(describe), [], load.failures.length === 0 ? 'none' : balancer.output())
    t.same(await load.lies(admin.url), [])
  })

  t.test(
    `behind ${name}, kill -9 of a replica loses no acknowledged write, and no read`,
    inSoak,
    async (t) => {
      const { replicas, balancer, load, more, admin } = await startTwoReplicas(t, name)
      for (const replica of replicas) {
        await replica.restart('SIGKILL')
        t.ok(await balancer.bothInUse())
        await more(50)
      }
      await load.stop()
      report(t, load)
      for (const failure of load.failures) {
        // On a connection that had an answer before, HAProxy closes it instead (RFC 9112, section 9.3.1): an unknown outcome.
        const isClosed = name === 'haproxy' && failure.answer.status === undefined
        t.ok(failure.maybeApplied !== undefined || isClosed, `the answer is the truth: ${describe(failure)}`)
        t.notMatch(failure.operation, /get|read/, describe(failure))
      }
      t.ok(load.failures.length <= 2 * CLIENTS, 'only in-flight requests failed')
      t.same(await load.lies(admin.url), [])
    },
  )

  t.test(`behind ${name}, a stalled replica loses no acknowledged write`, inSoak, async (t) => {
    const { replicas, load, more, admin } = await startTwoReplicas(t, name)
    const [stalled] = replicas
    stalled.kill('SIGSTOP')
    // Both load balancers wait 35 s for an answer.
    await sleep(40_000)
    stalled.kill('SIGCONT')
    await more(100)
    await load.stop()
    report(t, load)
    for (const failure of load.failures) t.equal(failure.maybeApplied, true, describe(failure))
    t.ok(load.failures.length <= CLIENTS, 'each client failed once at the most')
    t.same(await load.lies(admin.url), [])
  })
}
