import t from 'tap'
import { startService } from '../helpers/service.js'

// No request here reaches DynamoDB.
const NOWHERE = 'http://127.0.0.1:1'

t.test('an unsupported method on an existing path gets 405 with Allow', async (t) => {
  const service = await startService(t, {}, NOWHERE)
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/v1/tables/Orders/get', 'POST'],
    ['DELETE', '/v1/batch/get', 'POST'],
    ['POST', '/v1/tables/Orders/items/ada/2026', 'HEAD, GET, PUT, PATCH, DELETE'],
    ['PROPFIND', '/v1/tables/Orders/items/a%2Fb', 'HEAD, GET, PUT, PATCH, DELETE'],
    ['PUT', '/v1/tables', 'HEAD, GET, POST'],
    ['POST', '/health/live', 'HEAD, GET'],
    ['PROPFIND', '/docs', 'HEAD, GET'],
  ]
  for (const [method, path, allow] of cases) {
    const { status, headers, body } = await service.request(path, { method })
    t.match(body, { status: 405, code: 'MethodNotAllowed', retryable: false }, `${method} ${path}`)
    t.equal(status, 405)
    const sorted = (methods: string | null) => methods?.split(', ').sort().join()
    t.equal(sorted(headers.get('allow')), sorted(allow), `${method} ${path}`)
  }
  const { body } = await service.get('/v1/tables/Orders/query')
  t.match(body['detail'], /does not support GET. Use POST\.$/)
  const url = await service.request('/v1/tables/Orders/items/ada', { method: 'POST' })
  t.match(url.body['detail'], /Use GET, HEAD, PUT, PATCH, or DELETE\.$/)
})

t.test('OPTIONS answers 204 with Allow on every path, and each other method 405', async (t) => {
  for (const tableAdmin of [true, false]) {
    const service = await startService(t, { tableAdmin }, NOWHERE)
    const ofTables = tableAdmin ? ['DELETE', 'GET', 'HEAD', 'PATCH'] : ['GET', 'HEAD']
    for (const [path, methods] of [
      ['/v1/tables/T', ofTables],
      ['/v1/tables', tableAdmin ? ['GET', 'HEAD', 'POST'] : ['GET', 'HEAD']],
      ['/v1/tables/T/update', ['POST']],
      ['/v1/tables/T/import', ['POST']],
      ['/v1/tables/T/items/a', ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT']],
      ['/v1/tables/T/items/a/1', ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT']],
      ['/v1/batch/write', ['POST']],
      ['/v1/transact/write', ['POST']],
      ['/health/ready', ['GET', 'HEAD']],
      ['/errors/ItemNotFound', ['GET', 'HEAD']],
      ['/docs', ['GET', 'HEAD']],
      ['/openapi.yaml', ['GET', 'HEAD']],
      ['/', ['GET', 'HEAD']],
    ] as const) {
      const { status, headers, text } = await service.request(path, { method: 'OPTIONS' })
      t.equal(status, 204, path)
      t.equal(text, '')
      t.same(headers.get('allow')?.split(', ').sort(), methods, path)
      t.equal(headers.get('accept-patch'), path.includes('/items/') ? 'application/merge-patch+json' : null)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        if (methods.some((one) => one === method)) continue
        const refused = await service.request(path, { method })
        t.equal(refused.status, 405, `${method} ${path}`)
        t.equal(refused.headers.get('allow'), headers.get('allow'))
      }
    }
    t.match(await service.request('/v1/nothing', { method: 'OPTIONS' }), {
      status: 404,
      body: { code: 'RouteNotFound' },
    })
  }
})

t.test('an unknown path gets 404 with a suggestion', async (t) => {
  const service = await startService(t, {}, NOWHERE)
  const cases: readonly (readonly [string, RegExp])[] = [
    ['/v2/tables', /^There is no route GET \/v2\/tables. The page \/docs lists all routes\.$/],
    ['/tables/Orders/get', /Did you mean \/v1\/tables\/Orders\/get\?$/],
    ['/tables', /Did you mean \/v1\/tables\?$/],
    ['/batch/get?x=1', /Did you mean \/v1\/batch\/get\?$/],
    ['/v1/tables/Orders/get/', /Did you mean \/v1\/tables\/Orders\/get\?$/],
    ['/tables/', /Did you mean \/v1\/tables\?$/],
    ['/tables/Orders/eat', /The page \/docs lists all routes\.$/],
    ['/tablespoons', /The page \/docs lists all routes\.$/],
    [`/${'x'.repeat(10_000)}`, /^.{1,700}$/],
  ]
  for (const [path, detail] of cases) {
    const { status, body } = await service.get(path)
    t.equal(status, 404)
    t.match(body, { code: 'RouteNotFound', detail }, path)
  }
})

t.test('without TABLE_ADMIN, table administration gets 405 that names the setting', async (t) => {
  const service = await startService(t, { tableAdmin: false }, NOWHERE)
  const create = await service.post('/v1/tables', { tableName: 'T' })
  t.match(create, { status: 405, body: { code: 'MethodNotAllowed', detail: /TABLE_ADMIN=true/ } })
  t.match(create.headers.get('allow'), /GET/)
  const remove = await service.request('/v1/tables/T', { method: 'DELETE' })
  t.match(remove, { status: 405, body: { code: 'MethodNotAllowed', detail: /TABLE_ADMIN=true/ } })
  const patch = await service.request('/v1/tables/T', { method: 'PATCH' })
  t.match(patch.body, { detail: /TABLE_ADMIN=true/ })
  const replace = await service.request('/v1/tables/T', { method: 'PUT' })
  t.match(replace.body, { detail: /does not support PUT/ })
})
