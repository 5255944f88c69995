/** A certificate authority of the operator's own, which Node.js reads at its start. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { makeCertificate, needsOpenssl } from '../../helpers/certificates.js'
import { startConnectProxy } from '../../helpers/connect-proxy.js'
import { answer } from '../../helpers/fake-dynamodb.js'
import { sourceProcess } from '../../helpers/process.js'
import { within } from '../../helpers/within.js'

const PATIENCE_MS = 60_000
const WEB_IDENTITY =
  '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>key</AccessKeyId>' +
  '<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>' +
  '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>'

t.test('an endpoint whose certificate is of a private authority', needsOpenssl, async (t) => {
  const folder = t.testdir()
  const authority = makeCertificate(folder, 'authority')
  const { cert, key } = makeCertificate(folder, 'dynamodb', authority)
  // It stands in for DynamoDB, and for STS.
  const dynamodb = createServer({ cert, key }, (request, response) => {
    if (request.headers['x-amz-target'] === undefined) response.end(WEB_IDENTITY)
    else answer(response, { TableNames: [] })
  })
  dynamodb.listen(0, '127.0.0.1')
  await once(dynamodb, 'listening')
  t.teardown(() => {
    dynamodb.close()
    dynamodb.closeAllConnections()
  })
  const { port } = dynamodb.address() as AddressInfo
  const proxy = await startConnectProxy(t)
  const authorization = `Basic ${Buffer.from('user:top-secret').toString('base64')}`

  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_DYNAMODB: `https://localhost:${port}`,
  }
  const trusting = { NODE_EXTRA_CA_CERTS: authority.certFile }
  const proxied = { HTTPS_PROXY: `http://user:top-secret@${proxy.host}` }
  const readiness = async (settings: Record<string, string>) => {
    const { listening, output, server, exited } = sourceProcess(t, { ...env, ...settings })
    const response = await fetch(`${await listening()}/health/ready`)
    const { detail } = (await response.json()) as { detail?: string }
    server.kill('SIGTERM')
    await exited
    return { status: response.status, detail, output: output() }
  }

  await t.test('is refused without NODE_EXTRA_CA_CERTS, and the reason is named', async (t) => {
    const { status, detail, output } = await readiness({})
    t.equal(status, 503)
    t.match(detail, /TLS with localhost:\d+ failed \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/)
    t.match(output, /DynamoDB cannot be reached: TLS with localhost:\d+ failed/)
  })

  await t.test('is accepted with NODE_EXTRA_CA_CERTS', async (t) => {
    const { status, output } = await readiness(trusting)
    t.equal(status, 200)
    t.notMatch(output, /cannot be reached/)
    t.equal(proxy.connects.length, 0)
  })

  await t.test('is accepted through HTTPS_PROXY, with TLS inside of the tunnel', async (t) => {
    const { status, output } = await readiness({ ...trusting, ...proxied })
    t.equal(status, 200)
    t.ok(await within(PATIENCE_MS, () => proxy.connects.length > 0))
    for (const connect of proxy.connects) t.same(connect, { target: `localhost:${port}`, authorization })
    t.notMatch(output, /top-secret|cannot be reached/)
    t.notMatch(output, authorization)
  })

  await t.test('is accepted through HTTPS_PROXY by STS too', async (t) => {
    const { status, output } = await readiness({
      ...trusting,
      ...proxied,
      AWS_ACCESS_KEY_ID: '',
      AWS_ENDPOINT_URL_STS: env.AWS_ENDPOINT_URL_DYNAMODB,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/storage',
      AWS_WEB_IDENTITY_TOKEN_FILE: authority.certFile,
    })
    t.equal(status, 200)
    t.match(output, /"credentials":"web identity"/)
  })

  await t.test('is refused through HTTPS_PROXY without NODE_EXTRA_CA_CERTS', async (t) => {
    const { status, detail } = await readiness(proxied)
    t.equal(status, 503)
    t.match(detail, /TLS with localhost:\d+ failed \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/)
  })
})
