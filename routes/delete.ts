import { deleteItem as schema } from '../schemas/delete.js'
import { operation } from '../src/operations/operation.js'

export const deleteItem = operation({ path: '/v1/tables/:table/delete', schema, name: 'DeleteItem' })
