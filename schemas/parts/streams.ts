/** Bodies of any size: lines, JSON and CSV. */
import * as Type from 'typebox'
import { OneOf } from './building-blocks.js'

/** The body of an import as lines. */
const ImportLines = Type.String({
  description:
    'One item on each line: as a document, `{"id":"u1"}`, or in DynamoDB’s own types, `{"id":{"S":"u1"}}`, alone or as in ' +
    'DynamoDB’s exports: `{"Item":{…}}` of a full export; of an incremental one, `{"Keys":{…},"NewImage":{…}}` is a put, and ' +
    '`{"Keys":{…}}`, also with `OldImage`, a delete. Lines of all kinds can be mixed. Blank lines are skipped.',
  examples: [
    '{"customer":"alan","placed":"2026-11-25","amount":7}\n' +
      '{"Item":{"customer":{"S":"alan"},"placed":{"S":"2026-11-26"},"amount":{"N":"8.50"}}}\n',
  ],
})

/** The body of an import as one JSON text. Without a type: oapi-codegen knows none that is an array or an object. */
const ImportJson = Type.Unsafe({
  description:
    'A JSON array of items, each as on a line; the output of a scan, `{"Items":[…]}`; or the request items of a batch write ' +
    'of the AWS CLI, `{"Orders":[{"PutRequest":{"Item":{…}}},{"DeleteRequest":{"Key":{…}}}]}`. It may have any size.',
  examples: [
    [
      { customer: 'alan', placed: '2026-11-25', amount: 7 },
      { customer: { S: 'alan' }, placed: { S: '2026-11-26' }, amount: { N: '8.50' } },
    ],
    { Items: [{ customer: { S: 'alan' }, placed: { S: '2026-11-26' } }], Count: 1, ScannedCount: 1 },
  ],
})

/** The body of an import as CSV. */
const ImportCsv = Type.String({
  description:
    'CSV (RFC 4180) in UTF-8 with a header line, which names the attributes. Cells are text, unless `types` gives the column ' +
    'another type. An empty cell is no attribute; `""` in a column of text is an empty text.',
  examples: ['customer,placed,amount\r\nalan,2026-11-25,7\r\nalan,2026-11-26,8.50\r\n'],
})

/** The answer of an import as lines of progress. */
const ImportProgress = Type.String({
  description:
    'For an import that takes longer than a second: each second a line with the items `written` so far and the `line` that is being ' +
    'read. The last line is the answer, or the problem if the import stopped; the status is 200 then, too. A shorter import is ' +
    'answered with one line, or with a problem and its own status.',
  examples: ['{"written":26025,"line":26226}\n{"written":41000}\n'],
})

/** The answers of an import, by media type, beside the one JSON value. */
export const importAnswers = { 'application/x-ndjson': ImportProgress }

/** The bodies of an import, by media type. */
export const importStreams = {
  'application/x-ndjson': ImportLines,
  'application/jsonl': ImportLines,
  'application/ndjson': ImportLines,
  'application/json': ImportJson,
  'text/csv': ImportCsv,
}

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
