import { deleteTable as schema } from '../schemas/delete-table.js'
import { members } from '../src/json/reader.js'
import { operation } from '../src/operations/operation.js'

export const deleteTable = operation({
  method: 'DELETE',
  path: '/v1/tables/:table',
  schema,
  name: 'DeleteTable',
  call: (storage, input, limits) => storage.deleteTable(Object.fromEntries(members(input)), limits),
})
