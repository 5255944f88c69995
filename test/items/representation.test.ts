import t from 'tap'
import {
  answerRepresentation,
  document,
  MEDIA_TYPES,
  requestRepresentation,
  typed,
} from '../../src/items/representation.js'

const DOCUMENT = 'application/json'
const TYPED = 'application/vnd.dynamodb+json'

t.test('has two media types', async (t) => {
  t.same(MEDIA_TYPES, [DOCUMENT, TYPED])
})

t.test('reads a request in the representation that Content-Type names, a document by default', async (t) => {
  for (const contentType of [DOCUMENT, 'Application/JSON', `${DOCUMENT}; charset=utf-8`, undefined]) {
    t.equal(requestRepresentation(contentType), document, contentType ?? 'no header')
  }
  for (const contentType of [
    TYPED,
    'APPLICATION/vnd.DynamoDB+JSON',
    `${TYPED};charset=utf-8`,
    ` ${TYPED} ; charset="UTF-8"; x=y`,
  ]) {
    t.equal(requestRepresentation(contentType), typed, contentType)
  }
})

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
        answerRepresentation(accept, request),
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
      t.equal(
        answerRepresentation(accept, request),
        representation,
        `${accept}, asked in ${request.mediaType}`,
      )
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
      t.equal(answerRepresentation(accept, request), undefined, `${accept}, asked in ${request.mediaType}`)
    }
  }
})
