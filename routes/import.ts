import { importItems as schema } from '../schemas/import.js'
import { answerImport, importLines } from '../src/operations/import.js'
import { apiRoute } from '../src/operations/serve.js'

export const importItems = apiRoute({
  method: 'POST',
  path: '/v1/tables/:table/import',
  schema,
  operation: 'BatchWriteItem',
  // The puts are read from the body while they are written.
  request: ({ request }) => ({ RequestItems: { [request.params['table'] ?? '']: [] } }),
  send: importLines,
  answer: answerImport,
})
