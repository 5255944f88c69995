import { importItems as schema } from '../schemas/import.js'
import { permitTable } from '../src/operations/access-control.js'
import { answerImport, importItems as send } from '../src/operations/import.js'
import { apiRoute } from '../src/operations/serve.js'

export const importItems = apiRoute({
  method: 'POST',
  path: '/v1/tables/:table/import',
  schema,
  operation: 'BatchWriteItem',
  // The writes are read from the body while they are sent.
  request: ({ request }) => ({ RequestItems: { [request.params['table'] ?? '']: [] } }),
  // Each item is decided before it is written.
  permit: (call) => permitTable(call, 'PutItem', call.request.params['table'] ?? ''),
  send,
  answer: answerImport,
})
