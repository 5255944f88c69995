/** CORS: pages of the listed origins may call the service and read its answers. */
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { startService } from '../helpers/service.js'

const APP = 'https://app.example.com'
const put = '/v1/tables/T/put'
const from = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })
const preflight = (origin: string, headers: string) => ({
  method: 'OPTIONS',
  headers: {
    ...from(origin),
    'access-control-request-method': 'PUT',
    'access-control-request-headers': headers,
  },
})

t.test('a page of a listed origin', async (t) => {
  const fake = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const { entry, headers: credentials } = keyHolder('app', ['writer'])
  const policy = { roles: { writer: [{ tables: ['T'], actions: ['write'] }] }, keys: [entry] }
  const service = await startService(
    t,
    { corsOrigins: [APP, 'http://localhost:5173'] },
    fake.endpoint,
    policy,
  )

  t.test('may ask first, without credentials, and remember the answer for 10 minutes', async (t) => {
    const wanted = 'authorization, content-type, if-match, x-api-key'
    const { status, headers } = await service.request('/v1/tables/T/items/a', preflight(APP, wanted))
    t.equal(status, 204)
    t.equal(headers.get('access-control-allow-origin'), APP)
    t.equal(headers.get('access-control-max-age'), '600')
    t.equal(headers.get('access-control-allow-headers'), wanted)
    t.match(headers.get('access-control-allow-methods'), /PUT/)
    t.equal(headers.get('access-control-allow-credentials'), null)
    t.match(headers.get('vary'), /Origin/i)
    t.equal(fake.requests.length, 0)
  })

  t.test('may write, and read the answer and its headers', async (t) => {
    const { status, headers } = await service.post(
      put,
      { item: { id: 'a' } },
      { ...from(APP), ...credentials },
    )
    t.equal(status, 200)
    t.equal(headers.get('access-control-allow-origin'), APP)
    t.match(headers.get('access-control-expose-headers'), /accept-patch.*etag.*retry-after.*x-request-id/)
  })

  t.test('may read errors', async (t) => {
    for (const [path, status] of [
      [put, 401],
      ['/v1/tables/T/nothing', 404],
      ['/v1/tables', 401],
    ] as const) {
      const { status: answered, headers } = await service.request(path, {
        method: path === put ? 'POST' : 'GET',
        headers: from(APP),
      })
      t.equal(answered, status, path)
      t.equal(headers.get('access-control-allow-origin'), APP, path)
    }
  })

  t.test('of another origin may not', async (t) => {
    const before = fake.requests.length
    for (const origin of [
      'https://evil.example',
      'http://app.example.com',
      `${APP}.evil.example`,
      'null',
      `${APP}:8443`,
    ]) {
      t.equal((await service.request(put, preflight(origin, 'x-api-key'))).status, 403, origin)
      const { status, headers } = await service.post(
        put,
        { item: { id: 'a' } },
        { ...from(origin), ...credentials },
      )
      t.equal(status, 403, origin)
      t.equal(headers.get('access-control-allow-origin'), null)
    }
    t.equal(fake.requests.length, before)
  })

  t.test('leaves OPTIONS without an origin or without a method to ask for as it is', async (t) => {
    for (const headers of [
      {},
      { 'access-control-request-method': 'PUT' },
      { origin: 'https://app.example.com', 'access-control-request-method': '' },
    ]) {
      const answer = await service.request(put, { method: 'OPTIONS', headers })
      t.equal(answer.status, 204)
      t.equal(answer.headers.get('allow'), 'POST')
    }
  })
})

t.test('CORS_ORIGINS=* lets any page call, without credentials of the browser', async (t) => {
  const fake = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { corsOrigins: ['*'] }, fake.endpoint)
  const { status, headers } = await service.post(put, { item: { id: 'a' } }, from('https://any.example'))
  t.equal(status, 200)
  t.equal(headers.get('access-control-allow-origin'), '*')
  t.equal(headers.get('access-control-allow-credentials'), null)
})
