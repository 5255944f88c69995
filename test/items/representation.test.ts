import t from 'tap'
import { document, MEDIA_TYPES, requestRepresentation, typed } from '../../src/items/representation.js'

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
