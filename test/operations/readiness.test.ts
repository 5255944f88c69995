/** Readiness names the reason. `routes/service.test.ts` has the rest. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Readiness } from '../../src/operations/readiness.js'
import { Storage } from '../../src/storage/client.js'
import { makeCertificate, needsOpenssl } from '../helpers/certificates.js'
import { type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { connectionTo, startService, testConfig } from '../helpers/service.js'

/** Asserts that readiness and the log name the reason why DynamoDB cannot be used at this endpoint. */
async function assertReason(t: Test, endpoint: string, reason: RegExp, logged = reason) {
  const service = await startService(t, {}, endpoint)
  const { status, body } = await service.get('/health/ready')
  t.equal(status, 503)
  t.match(body, { code: 'ServiceUnavailable', detail: reason })
  const errors = service.log.filter(({ level }) => level === 50).map((line) => JSON.stringify(line))
  t.match(errors, [logged])
}

t.test('a host that does not resolve is named', async (t) => {
  await assertReason(
    t,
    'https://dynamodb.eu-cental-1.invalid',
    /the host dynamodb\.eu-cental-1\.invalid does not resolve \((?:ENOTFOUND|EAI_AGAIN)\)/,
  )
})

t.test('a host that refuses connections is named, with its port', async (t) => {
  await assertReason(t, 'http://127.0.0.1:1', /127\.0\.0\.1:1 refused the connection \(ECONNREFUSED\)/)
})

t.test('an unknown certificate is named', needsOpenssl, async (t) => {
  const server = createServer(makeCertificate(t.testdir(), 'unknown'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const reason = /TLS with 127\.0\.0\.1:\d+ failed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/
  await assertReason(t, `https://127.0.0.1:${port}`, reason)
})

t.test('TLS with a server that speaks HTTP is named', async (t) => {
  const { endpoint } = await startFakeDynamoDB(t, () => undefined)
  const reason = /TLS with 127\.0\.0\.1:\d+ failed \(ERR_SSL_\w+|EPROTO\)/
  await assertReason(t, endpoint.replace('http:', 'https:'), reason)
})

t.test('a host that does not respond is named', async (t) => {
  const { endpoint } = await startFakeDynamoDB(t, () => undefined)
  const reason = /DynamoDB did not respond in time, at 127\.0\.0\.1:\d+/
  await assertReason(t, endpoint, reason, /DynamoDB did not respond in time/)
})

t.test('a refusal of DynamoDB is named', async (t) => {
  const refusing: Behavior = (_received, response) => {
    refuse(response, 400, 'UnrecognizedClientException')
  }
  const { endpoint } = await startFakeDynamoDB(t, refusing)
  const reason = /DynamoDB refused the AWS credentials of the service \(UnrecognizedClientException\)/
  await assertReason(t, endpoint, reason, /UnrecognizedClientException/)
})

t.test('missing credentials are named', async (t) => {
  const credentials = () => Promise.reject(new Error('none found'))
  const storage = new Storage({ ...(await connectionTo('http://127.0.0.1:1')), credentials }, testConfig())
  t.teardown(() => storage.close())
  await t.rejects(new Readiness(storage, { draining: false }).check(), {
    code: 'ServiceUnavailable',
    message: /^The service has no AWS credentials, so it did not call DynamoDB\./,
  })
})

t.test('other requests do not name the host', async (t) => {
  const service = await startService(t, {}, 'http://127.0.0.1:1')
  const { body } = await service.post('/v1/tables/T/get', { key: { id: 'a' } })
  t.match(body, { code: 'ServiceUnavailable', detail: 'The connection to DynamoDB failed. ' })
  t.notMatch(JSON.stringify(body), /127\.0\.0\.1/)
})
