/** `Accept` is refused only where the response has a body that it excludes. */
import t from 'tap'
import { document, typed } from '../../src/items/representation.js'
import { preferredOffer } from '../../src/operations/negotiation.js'
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

const DOCUMENT = document.mediaType
const TYPED = typed.mediaType
const either = [document, typed]

t.test('answers in the representation of the request where Accept leaves the choice', async (t) => {
  const open = [
    undefined,
    '*/*',
    'application/*',
    '*/*;q=0.1',
    'text/html, */*;q=0.8',
    'text/html, application/*;q=0.5',
    `${DOCUMENT};q=0.5, ${TYPED};q=0.5`,
    `${DOCUMENT}, ${TYPED}`,
    `${TYPED}, ${DOCUMENT}`,
    `${TYPED}, ${DOCUMENT}, */*`,
  ]
  for (const accept of open) {
    for (const request of either) {
      t.equal(
        preferredOffer(accept, request),
        request,
        `${accept ?? 'no header'}, asked in ${request.mediaType}`,
      )
    }
  }
})

t.test('answers in the representation that Accept prefers', async (t) => {
  const asked = [
    [DOCUMENT, document],
    [TYPED, typed],
    ['Application/Json', document],
    ['APPLICATION/VND.DYNAMODB+JSON', typed],
    [` ${TYPED} `, typed],
    [`text/html, ${TYPED}`, typed],
    [`${DOCUMENT};q=0.1`, document],
    [`${DOCUMENT};q=0.4, ${TYPED};q=0.5`, typed],
    [`${DOCUMENT};q=0.5 , ${TYPED} ; q=0.4`, document],
    [`${DOCUMENT};q=0.9, ${TYPED}`, typed],
    [`${TYPED};q=0, */*`, document],
    [`${DOCUMENT};q=0, */*`, typed],
    [`*/*, ${DOCUMENT};q=0.0`, typed],
    [`application/*;q=0.2, ${TYPED};q=0.1`, document],
    [`*/*;q=0.1, ${TYPED};q=0.2`, typed],
    [`text/*, application/*;q=0, ${TYPED}`, typed],
    // Sent by axios: it names one media type and accepts any.
    [`${DOCUMENT}, text/plain, */*`, document],
    [`*/*, ${TYPED}`, typed],
    // JSON has no parameters; many clients send this one all the same (RFC 8259, section 11).
    [`${DOCUMENT}; charset=utf-8`, document],
    [`${DOCUMENT};charset=UTF-8;q=0.5, ${TYPED};q=0.4`, document],
    [`${TYPED}; charset=utf-8`, typed],
  ] as const
  for (const [accept, representation] of asked) {
    for (const request of either) {
      t.equal(preferredOffer(accept, request), representation, `${accept}, asked in ${request.mediaType}`)
    }
  }
})

t.test('has no representation for an Accept that allows neither', async (t) => {
  const neither = [
    'text/html',
    'text/*',
    'application/xml',
    'application/problem+json',
    'application/jsonx',
    `${DOCUMENT};q=0`,
    `${DOCUMENT};q=0, ${TYPED};q=0.000`,
    '*/*;q=0',
    `application/*;q=0, ${DOCUMENT};q=0`,
    'json',
  ]
  for (const accept of neither) {
    for (const request of either) {
      t.equal(preferredOffer(accept, request), undefined, `${accept}, asked in ${request.mediaType}`)
    }
  }
})
