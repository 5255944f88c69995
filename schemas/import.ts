import * as Type from 'typebox'
import { writeErrors } from './parts/errors.js'
import { ImportLines } from './parts/lines.js'
import { NoQuery, TablePath } from './parts/paths.js'

export const importItems = {
  operationId: 'importItems',
  summary: 'Import items',
  description:
    'BatchWriteItem, for a stream of puts: each line is an item, of up to BODY_LIMIT_BYTES, and there may be any number of ' +
    'them. They are written as they come, in requests of 25, and are read no faster. Of two lines with one key the later ' +
    'one wins. An import that stops names the `line`: all before it are written or stand in `unprocessedItems`. It needs ' +
    'the permission `dynamodb:DescribeTable`, to know which lines have one key.',
  tags: ['Batches'],
  params: TablePath,
  querystring: NoQuery,
  bodyLines: ImportLines,
  response: {
    200: Type.Object(
      { written: Type.Integer({ description: 'How many lines were written.' }) },
      { examples: [{ written: 2 }] },
    ),
  },
  errors: [...writeErrors, 'BatchIncomplete'],
}
