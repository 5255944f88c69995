/** Where the SDK's chain finds credentials. Only loopback stands in for instance metadata, containers and STS. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { resolveConnection } from '../../../src/storage/call/connection.js'
import { sourceOf } from '../../../src/storage/call/credential-source.js'
import type { ProxySettings } from '../../../src/storage/call/proxy.js'
import { Storage } from '../../../src/storage/client.js'
import { startConnectProxy } from '../../helpers/connect-proxy.js'
import { testConfig } from '../../helpers/service.js'

/** The source of the credentials that the chain finds in this environment, without any other variable of AWS. */
async function sourceIn(t: Test, env: Record<string, string>, proxies: Partial<ProxySettings> = {}) {
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', HOME: '/nonexistent', ...env })
  const config = testConfig(proxies)
  const storage = new Storage(await resolveConnection('http://127.0.0.1:1', config), config)
  t.teardown(() => storage.close())
  return storage.findCredentials()
}

/** Starts a server that answers every request; it stops with the test. */
async function serve(t: Test, answer: (method: string, path: string) => string): Promise<string> {
  const server = createServer((request, response) => {
    response.end(answer(request.method ?? '', request.url ?? ''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const EXPIRES = '2099-01-01T00:00:00Z'

t.test('an access key in the environment', async (t) => {
  t.equal(await sourceIn(t, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }), 'environment')
})

t.test('a profile of the shared file', async (t) => {
  const folder = t.testdir({ file: '[orders]\naws_access_key_id = key\naws_secret_access_key = secret\n' })
  const env = { AWS_PROFILE: 'orders', AWS_SHARED_CREDENTIALS_FILE: join(folder, 'file') }
  t.equal(await sourceIn(t, env), 'shared file')
})

t.test('a process of a profile', async (t) => {
  const found = JSON.stringify({ Version: 1, AccessKeyId: 'key', SecretAccessKey: 'secret' })
  const folder = t.testdir({ file: `[orders]\ncredential_process = echo '${found}'\n` })
  const env = { AWS_PROFILE: 'orders', AWS_SHARED_CREDENTIALS_FILE: join(folder, 'file') }
  t.equal(await sourceIn(t, env), 'process')
})

t.test('a container', async (t) => {
  const found = { AccessKeyId: 'key', SecretAccessKey: 'secret', Token: 'token', Expiration: EXPIRES }
  const url = await serve(t, () => JSON.stringify(found))
  t.equal(await sourceIn(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }), 'container')
})

t.test('the instance metadata', async (t) => {
  const found = { AccessKeyId: 'key', SecretAccessKey: 'secret', Token: 'token', Expiration: EXPIRES }
  const url = await serve(t, (method, path) =>
    method === 'PUT' ? 'session' : path.endsWith('/') ? 'role' : JSON.stringify(found),
  )
  t.equal(await sourceIn(t, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url }), 'instance metadata')
})

/** Starts a stand-in for STS. Returns the environment of a web identity, and the host of the stand-in. */
async function webIdentity(t: Test) {
  const url = await serve(
    t,
    () =>
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>key</AccessKeyId>` +
      `<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${EXPIRES}</Expiration>` +
      `</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  )
  const env = {
    AWS_ENDPOINT_URL_STS: url,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/storage',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(t.testdir({ token: 'token' }), 'token'),
  }
  return { env, host: new URL(url).host }
}

t.test('a web identity, by STS', async (t) => {
  const { env } = await webIdentity(t)
  t.equal(await sourceIn(t, env), 'web identity')
})

t.test('STS is asked through the proxy, unless NO_PROXY lists it', async (t) => {
  const { env, host } = await webIdentity(t)
  const proxy = await startConnectProxy(t)
  const httpProxy = `http://${proxy.host}`
  t.equal(await sourceIn(t, env, { httpProxy, noProxy: host }), 'web identity')
  t.same(proxy.connects, [])
  t.equal(await sourceIn(t, env, { httpProxy }), 'web identity')
  t.same(proxy.connects, [{ target: host, authorization: undefined }])
})

t.test('a dead proxy in front of STS is an error that names it', async (t) => {
  const { env } = await webIdentity(t)
  const error: unknown = await sourceIn(t, env, { httpProxy: 'http://127.0.0.1:1' }).catch(
    (cause: unknown) => cause,
  )
  t.match(error, { name: 'CredentialsError', cause: { message: /the proxy 127\.0\.0\.1:1 failed/ } })
})

t.test('containers and instance metadata are asked without the proxy', async (t) => {
  const found = { AccessKeyId: 'key', SecretAccessKey: 'secret', Token: 'token', Expiration: EXPIRES }
  const url = await serve(t, (method, path) =>
    method === 'PUT'
      ? 'session'
      : path.endsWith('/latest/meta-data/iam/security-credentials/')
        ? 'role'
        : JSON.stringify(found),
  )
  const httpProxy = 'http://127.0.0.1:1'
  t.equal(await sourceIn(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }, { httpProxy }), 'container')
  t.equal(await sourceIn(t, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url }, { httpProxy }), 'instance metadata')
})

t.test('SSO is asked without the proxy, since the SDK gives its client no agents', async (t) => {
  const startUrl = 'https://example.awsapps.com/start'
  const roleCredentials = {
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration: 4e12,
  }
  const url = await serve(t, () => JSON.stringify({ roleCredentials }))
  const home = t.testdir({
    '.aws': {
      config:
        `[profile orders]\nsso_start_url = ${startUrl}\nsso_region = eu-central-1\n` +
        'sso_account_id = 123456789012\nsso_role_name = storage\n',
      sso: {
        cache: {
          [`${createHash('sha1').update(startUrl).digest('hex')}.json`]: JSON.stringify({
            accessToken: 'token',
            expiresAt: EXPIRES,
          }),
        },
      },
    },
  })
  const env = { HOME: home, AWS_PROFILE: 'orders', AWS_ENDPOINT_URL_SSO: url }
  t.equal(await sourceIn(t, env, { httpProxy: 'http://127.0.0.1:1' }), 'SSO')
})

t.test('no credentials', async (t) => {
  await t.rejects(sourceIn(t, { AWS_EC2_METADATA_DISABLED: 'true' }), { name: 'CredentialsError' })
})

t.test('sources that need an account at AWS are told by the marks of the SDK', async (t) => {
  for (const [marks, source] of [
    [['CREDENTIALS_PROFILE_SSO', 'CREDENTIALS_SSO'], 'SSO'],
    [['CREDENTIALS_PROFILE_LOGIN', 'CREDENTIALS_LOGIN'], 'login session'],
    [['CREDENTIALS_STS_ASSUME_ROLE', 'CREDENTIALS_PROFILE_SOURCE_PROFILE'], 'assumed role'],
    [['CREDENTIALS_PROFILE_NAMED_PROVIDER'], 'instance metadata'],
    [['CREDENTIALS_HTTP', 'CREDENTIALS_PROFILE_NAMED_PROVIDER'], 'container'],
  ] as const) {
    const $source = Object.fromEntries(marks.map((mark) => [mark, 'x']))
    t.equal(sourceOf({ accessKeyId: 'key', secretAccessKey: 'secret', $source }), source)
  }
})
