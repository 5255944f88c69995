/** `Accept` is refused only where the response has a body that it excludes. */
import t from 'tap'
import { needsDynamoDB, createTable, startService } from '../helpers/service.js'

// Clients of openapi-generator accept every media type that openapi.yaml lists for an operation. If its success has no
// body, this is the only one.
const PROBLEM = { accept: 'application/problem+json' }

t.test('an Accept that allows only problems', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const url = `/v1/tables/${table}/items/a`
  const json = { ...PROBLEM, 'content-type': 'application/json' }

  await t.test('is accepted by PUT, DELETE and HEAD of an item URL', async (t) => {
    const write = await service.request(url, { method: 'PUT', headers: json, body: '{"n":1}' })
    t.equal(write.status, 201)
    t.equal((await service.request(url, { method: 'HEAD', headers: PROBLEM })).status, 200)
    t.equal((await service.request(url, { method: 'DELETE', headers: PROBLEM })).status, 204)
    const refused = await service.request(url, { method: 'DELETE', headers: { ...PROBLEM, 'if-match': '*' } })
    t.match(refused, { status: 412, body: { code: 'ConditionalCheckFailedException' } })
  })

  await t.test('is accepted by an import', async (t) => {
    for (const accept of ['application/problem+json', 'application/x-ndjson', 'text/plain']) {
      const headers = { accept, 'content-type': 'application/x-ndjson' }
      const { status, text } = await service.post(`/v1/tables/${table}/import`, '{"id":"a"}\n', headers)
      t.equal(status, 200)
      t.equal(text, '{"written":1}')
    }
  })

  await t.test('is refused where the response has a body, before DynamoDB is called', async (t) => {
    for (const [path, body] of [
      ['get', { key: { id: 'a' } }],
      ['put', { item: { id: 'b' } }],
    ] as const) {
      const answer = await service.post(`/v1/tables/${table}/${path}`, body, PROBLEM)
      t.match(answer, { status: 406, body: { code: 'NotAcceptable' } })
    }
    t.equal((await service.get(url, PROBLEM)).status, 406)
    t.match(await service.post(`/v1/tables/${table}/get`, { key: { id: 'b' } }), { status: 404 })
  })
})
