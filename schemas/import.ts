import * as Type from 'typebox'
import { writeErrors } from './parts/errors.js'
import { ImportLines } from './parts/lines.js'
import { NoQuery, TablePath } from './parts/paths.js'
import type { RouteSchema } from './parts/route-schema.js'

export const importItems = {
  operationId: 'importItems',
  summary: 'Import items',
  description:
    'BatchWriteItem for a stream of puts: one item on each line, any number of lines, each of up to BODY_LIMIT_BYTES. Lines ' +
    'are written as they arrive, in requests of 25, and read no faster than they are written. Of two lines with the same key the later ' +
    'one wins. An import that stops names the `line`: all lines before it are written or listed in `unprocessedItems`. The service ' +
    'needs the permission `dynamodb:DescribeTable`, to know which lines have the same key.',
  tags: ['Batches'],
  params: TablePath,
  querystring: NoQuery,
  bodyLines: ImportLines,
  response: {
    200: Type.Object(
      { written: Type.Integer({ description: 'The number of lines that were written.' }) },
      { examples: [{ written: 2 }] },
    ),
  },
  errors: [...writeErrors, 'BatchIncomplete'],
} satisfies RouteSchema
