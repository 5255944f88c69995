import { deleteTable as schema } from '../schemas/delete-table.js'
import { operation, send } from './operation.js'

export const deleteTable = operation({
  method: 'DELETE',
  path: '/v1/tables/:table',
  schema,
  call: send('DeleteTable'),
})
