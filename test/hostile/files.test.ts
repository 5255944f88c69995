/** Files, pipes and descriptors that fail while the service runs. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../../src/local/free-port.js'
import { packageRoot } from '../../src/package-root.js'
import { SERVER } from '../helpers/process.js'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { within } from '../helpers/within.js'
import { startCallers } from './callers.js'
import { probe, probes } from './probes.js'
import { RawClient } from './raw-client.js'
import { environment, startSubject } from './subject.js'
import { succeed } from './upstream.js'

const dynamodb = await startFakeDynamoDB(t, succeed)
const env = { AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint }

/** Sends enough requests for their log lines to fill any pipe. */
async function fillLog(port: number): Promise<void> {
  const client = new RawClient(port)
  const one = Buffer.from('GET /v1/tables/Orders HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  for (let number = 0; number < 3000; number++) await client.send(one, ['GET'])
  client.close()
}

t.test('a log whose reader has died stops nothing', async (t) => {
  const subject = await startSubject(t, env)
  const valid = await probes()
  const before = await probe(subject.port, valid)
  subject.closeLog()
  await fillLog(subject.port)
  t.ok(subject.running())
  t.same(await probe(subject.port, valid), before)
  t.equal(await subject.stop(), 0)
})

t.test('a log on a full disk stops nothing', async (t) => {
  const port = await freePort()
  const command = `exec "${process.execPath}" "${SERVER}" > /dev/full`
  const child = spawn('sh', ['-c', command], {
    cwd: packageRoot,
    env: { ...environment, ...env, PORT: String(port) },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const serves = () =>
    fetch(`http://127.0.0.1:${port}/health/live`).then(
      ({ ok }) => ok,
      () => false,
    )
  t.ok(await within(20_000, serves))
  await fillLog(port)
  t.ok(await serves())
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
})

t.test('a policy file that vanishes leaves the last one in force, also while it comes back', async (t) => {
  const { policyFile, operator } = await startCallers(t)
  const text = readFileSync(policyFile, 'utf8')
  const secret = { PAGE_TOKEN_SECRET: 'a-secret-of-the-tests' }
  const subject = await startSubject(t, { ...env, ...secret, AUTH: 'policy', ACCESS_FILE: policyFile })
  const valid = await probes(operator)
  const before = await probe(subject.port, valid)
  rmSync(policyFile)
  await sleep(6000)
  t.same(await probe(subject.port, valid), before)
  writeFileSync(policyFile, text.slice(0, text.length / 2))
  await sleep(6000)
  t.same(await probe(subject.port, valid), before)
  writeFileSync(policyFile, text)
  t.same(await probe(subject.port, valid), before)
  t.ok(subject.running())
})

t.test(
  'without a free file descriptor, connections wait or are closed, and are served afterwards',
  async (t) => {
    const subject = await startSubject(t, env)
    const valid = await probes()
    const before = await probe(subject.port, valid)
    const limit = (await subject.descriptors()) + 10
    const { status } = spawnSync('prlimit', [`--pid=${subject.pid}`, `--nofile=${limit}:${limit}`])
    t.equal(status, 0, 'prlimit (Debian: util-linux)')
    const sockets = Array.from({ length: 100 }, () => connect(subject.port, '127.0.0.1'))
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.write('GET /v1/tables/Orders HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    }
    await sleep(2000)
    t.ok(subject.running())
    for (const socket of sockets) socket.destroy()
    t.ok(await within(10_000, async () => (await subject.descriptors()) < limit - 5))
    t.same(await probe(subject.port, valid), before)
    t.equal(await subject.stop(), 0)
  },
)
