/** The origin check: programs, people and the service's own pages may call it; pages of other origins may not. */
import t from 'tap'
import { request } from 'undici'
import { type Service, startService } from '../helpers/service.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'

const put = '/v1/tables/T/put'

const putAs = (service: Service, headers: Record<string, string>) =>
  service.post(put, { item: { id: 'a' } }, headers)

/** Reads with headers of browsers, which `fetch` sets itself. */
async function readAs(service: Service, path: string, headers: Record<string, string>) {
  const answer = await request(service.url + path, { headers })
  await answer.body.dump()
  return { status: answer.statusCode, headers: answer.headers }
}

/** Sends a request with any `Host`, which `fetch` does not allow. */
async function asHost(service: Service, method: 'GET' | 'POST', path: string, host: string, origin?: string) {
  const answer = await request(service.url + path, {
    method,
    headers: { host, ...(origin !== undefined && { origin }) },
    ...(method === 'POST' && { body: '{"item":{"id":"a"}}' }),
  })
  return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> }
}

t.test('without AUTH', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { host } = new URL(service.url)

  t.test('accepts writes from programs, people and pages of the service itself', async (t) => {
    const allowed = [
      {},
      { 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
      // Behind a TLS proxy with another name.
      { 'sec-fetch-site': 'same-origin', origin: 'https://storage.example' },
      { 'sec-fetch-site': 'none' },
      { origin: `http://${host}` },
      { origin: `https://${host}` },
    ]
    for (const headers of allowed) {
      t.equal((await putAs(service, headers)).status, 200, JSON.stringify(headers))
    }
  })

  t.test('refuses writes from pages of another origin', async (t) => {
    const before = dynamodb.requests.length
    const refused = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site', origin: `http://${host}` },
      { 'sec-fetch-site': '' },
      { origin: 'https://elsewhere.example' },
      { origin: 'http://127.0.0.1:1' },
      { origin: `http://elsewhere.example@${host}.example` },
      { origin: 'null' },
      { origin: '' },
    ]
    for (const headers of refused) {
      const { status, body } = await putAs(service, headers)
      t.equal(status, 403, JSON.stringify(headers))
      t.match(body, { code: 'Forbidden', retryable: false, maybeApplied: false, detail: /another origin/ })
      const { status: ofDelete } = await service.request('/v1/tables/T', { method: 'DELETE', headers })
      t.equal(ofDelete, 403)
    }
    t.equal(dynamodb.requests.length, before)
  })

  t.test('refuses reads from pages of another origin: they could see whether an item exists', async (t) => {
    const before = dynamodb.requests.length
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'object' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      { origin: 'https://elsewhere.example' },
    ]) {
      const { status, headers: answered } = await readAs(service, '/v1/tables/T/items/a', headers)
      t.equal(status, 403, JSON.stringify(headers))
      t.equal(answered['cross-origin-resource-policy'], 'same-origin')
    }
    t.equal(dynamodb.requests.length, before)
  })

  t.test('lets other origins link to the page, but grants them no CORS permissions', async (t) => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    const { status, headers: answered } = await readAs(service, '/docs', link)
    t.equal(status, 200)
    t.equal(answered['access-control-allow-origin'], undefined)
    const preflight = { ...headers, 'access-control-request-method': 'POST' }
    t.equal((await service.request(put, { method: 'OPTIONS', headers: preflight })).status, 403)
  })

  t.test('accepts only names of this machine as Host', async (t) => {
    const { port } = new URL(service.url)
    for (const name of [
      '127.0.0.1',
      'localhost',
      'LOCALHOST',
      'localhost.',
      'storage.localhost',
      '[::1]',
      '10.0.0.1',
    ]) {
      for (const host of [`${name}:${port}`, name]) {
        t.equal((await asHost(service, 'POST', put, host)).status, 200, host)
      }
    }
    for (const name of [
      'elsewhere.example',
      'localhost.example',
      'notlocalhost',
      '127.0.0.1.example',
      'x',
      '',
    ]) {
      for (const path of ['/v1/tables/T', '/docs', '/health/ready', '/nowhere']) {
        const { status, body } = await asHost(service, 'GET', path, `${name}:${port}`)
        t.equal(status, 403, `${path} of ${name}`)
        t.match(body, { code: 'Forbidden', detail: /^Host must be localhost or an IP address/ })
      }
    }
  })
})

const asked = (service: Service, host: string) => asHost(service, 'POST', put, host)

t.test('AUTH=none does not change which names are accepted', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { auth: 'none' }, dynamodb.endpoint)
  t.equal((await asked(service, 'storage.example')).status, 403)
  t.equal((await asked(service, 'localhost')).status, 200)
})

t.test('ALLOWED_HOSTS adds names, and * allows any', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const listed = await startService(t, { auth: 'none', allowedHosts: ['storage.example'] }, dynamodb.endpoint)
  for (const host of ['storage.example', 'STORAGE.example:3000', 'localhost', '127.0.0.1']) {
    t.equal((await asked(listed, host)).status, 200, host)
  }
  for (const host of ['elsewhere.example', 'storage.example.', 'a.storage.example']) {
    t.equal((await asked(listed, host)).status, 403, host)
  }
  t.equal((await asked(listed, 'storage.example@x')).status, 400, 'no host at all')
  const any = await startService(t, { auth: 'none', allowedHosts: ['*'] }, dynamodb.endpoint)
  t.equal((await asked(any, 'elsewhere.example')).status, 200)
  t.equal((await asHost(any, 'POST', put, 'a.example', 'https://elsewhere.example')).status, 403)
})

t.test('with AUTH=policy any name is accepted, unless anonymous callers have roles', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const strict = await startService(t, {}, dynamodb.endpoint, {})
  t.equal((await asked(strict, 'elsewhere.example')).status, 401)
  const roles = { visitor: [{ tables: ['*'], actions: ['write'] }] }
  const open = await startService(t, {}, dynamodb.endpoint, { roles, anonymous: ['visitor'] })
  t.equal((await asked(open, 'elsewhere.example')).status, 403)
  t.equal((await asked(open, 'localhost')).status, 200)
  const listed = await startService(t, { allowedHosts: ['storage.example'] }, dynamodb.endpoint, {})
  t.equal((await asked(listed, 'elsewhere.example')).status, 403)
})

t.test('every answer keeps other sites from using it', async (t) => {
  const service = await startService(t, {}, 'http://127.0.0.1:1')
  for (const path of [
    '/health/live',
    '/openapi.json',
    '/docs',
    '/nowhere',
    '/v1/tables/%zz',
    '/v1/tables/T/get',
  ]) {
    const { headers } = await service.get(path)
    t.equal(headers.get('x-content-type-options'), 'nosniff', path)
    t.equal(headers.get('cross-origin-resource-policy'), 'same-origin', path)
    t.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, path)
  }
})
