/** Bodies of lines: one item on each line. */
import * as Type from 'typebox'

/** The body of an import. */
export const ImportLines = Type.String({
  description:
    'One item on each line: as a document, `{"id":"u1"}`, or as in DynamoDB’s own exports, ' +
    '`{"Item":{"id":{"S":"u1"}}}`. Empty lines are skipped. A line `{"Item":{…}}` with nothing but objects inside is ' +
    'always read as exported: as a document its key would be a map, and a key cannot be a map.',
  examples: [
    '{"customer":"alan","placed":"2026-11-25","amount":7}\n' +
      '{"Item":{"customer":{"S":"alan"},"placed":{"S":"2026-11-26"},"amount":{"N":"8.50"}}}\n',
  ],
})

/** Every item of every page as lines. */
const ItemLines = Type.String({
  description:
    'Every item of every page, one on each line: as a document, or, if the request is in DynamoDB’s own types, ' +
    'as in DynamoDB’s own exports, `{"Item":{"id":{"S":"u1"}}}`. An answer that does not end with its last chunk ' +
    'is incomplete.',
  examples: ['{"amount":7,"placed":"2026-11-25"}\n{"amount":8.5,"placed":"2026-11-26"}\n'],
})

/** The streams of a route that answers with items, by media type. */
export const itemStreams = {
  'application/x-ndjson': ItemLines,
}
