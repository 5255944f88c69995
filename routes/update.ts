import { update as schema } from '../schemas/update.js'
import { operation } from '../src/operations/operation.js'

export const update = operation({ path: '/v1/tables/:table/update', schema, name: 'UpdateItem' })
