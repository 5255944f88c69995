/** Bodies of lines: one item on each line. */
import * as Type from 'typebox'
import { OneOf } from './building-blocks.js'

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

/** Every item of every page as CSV. */
const ItemsAsCsv = Type.String({
  description:
    'Every item of every page as CSV (RFC 4180) with a header line, in UTF-8. The columns are those of the projection; without ' +
    'one they are the attributes of the first page that has items, in the order of their names, the table’s key first. An item on a ' +
    'later page that has another attribute breaks the answer off, unless `extra=drop`. Text, numbers, true, false and null are ' +
    'written as they are, and everything else as the JSON of its document. The cell of an attribute that an item ' +
    'lacks is empty; an empty text is `""`. An answer that does not end with its last chunk is incomplete.',
  examples: ['placed,amount,tags\r\n2026-11-25,7,\r\n2026-11-26,8.5,"{""$stringSet"":[""books""]}"\r\n'],
})

/** The streams of a route that answers with items, by media type. */
export const itemStreams = {
  'application/x-ndjson': ItemLines,
  'text/csv': ItemsAsCsv,
}

/** The query parameters of a route with {@link itemStreams}. */
export const streamParameters = {
  extra: Type.Optional(
    OneOf(['drop'], {
      title: 'ExtraAttributes',
      description: 'For an answer in text/csv: `drop` leaves out attributes that have no column.',
    }),
  ),
}
