import * as Type from 'typebox'
import { Closed } from './parts/building-blocks.js'
import { writeErrors } from './parts/errors.js'
import { importAnswers, importStreams } from './parts/streams.js'
import { TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

export const importItems = {
  operationId: 'importItems',
  summary: 'Import items',
  description:
    'BatchWriteItem for any number of puts and deletes: lines, a JSON array, or CSV, each item of up to BODY_LIMIT_BYTES, also with ' +
    '`Content-Encoding: gzip`. Items are written as they arrive, in requests of 25, and read no faster than they are written. Of two ' +
    'items with the same key the later one wins. An import that stops names the `line` on which an item begins: all items before ' +
    'it are written or listed in `unprocessedItems`. The service needs the permission `dynamodb:DescribeTable`, to know which ' +
    'items have the same key. A delete needs the permission for deletes, too.',
  tags: ['Batches'],
  params: TablePath,
  querystring: Closed({
    types: Type.Optional(
      Type.String({
        description:
          'For CSV: the types of columns that are not text, S, N, BOOL, NULL, B (base64), or SS, NS, BS, L and M (JSON), ' +
          'such as `amount:N,tags:SS`.',
      }),
    ),
  }),
  headers: Type.Object({
    'content-encoding': Type.Optional(
      Type.String({ description: 'How the body is compressed: `gzip`, and `zstd` where Node.js has it.' }),
    ),
  }),
  bodyStreams: importStreams,
  response: {
    200: Type.Object(
      { written: Type.Integer({ description: 'The number of items that were written or deleted.' }) },
      { examples: [{ written: 2 }] },
    ),
  },
  responseStreams: importAnswers,
  errors: [...writeErrors, 'BatchIncomplete'],
} satisfies RouteSchema
