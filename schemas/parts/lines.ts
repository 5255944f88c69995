import * as Type from 'typebox'

const description =
  'A line is an item as a document, `{"id":"u1"}`, or as DynamoDB’s own exports have it, `{"Item":{"id":{"S":"u1"}}}`.'

/** The body of an import. */
export const ImportLines = Type.String({
  description:
    `${description} Lines may be empty. What is \`{"Item":{…}}\` with nothing but objects inside is always read as ` +
    'exported: as a document, its key would be a map, which no key can be.',
  examples: [
    '{"customer":"alan","placed":"2026-11-25","amount":7}\n' +
      '{"Item":{"customer":{"S":"alan"},"placed":{"S":"2026-11-26"},"amount":{"N":"8.50"}}}\n',
  ],
})

/** The answer of query and scan, if it shall be lines. */
export const ItemLines = Type.String({
  description:
    'Every item of every page, a line each: as a document, or, where the request is in DynamoDB’s own types, ' +
    'as DynamoDB’s own exports have it, `{"Item":{"id":{"S":"u1"}}}`. An answer without the end of its last chunk ' +
    'has broken off.',
  examples: ['{"amount":7,"placed":"2026-11-25"}\n{"amount":8.5,"placed":"2026-11-26"}\n'],
})
