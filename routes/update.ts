import { update as schema } from '../schemas/update.js'
import { operation, send } from './operation.js'

export const update = operation({ path: '/v1/tables/:table/update', schema, call: send('UpdateItem') })
