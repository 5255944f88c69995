import { put as schema } from '../schemas/put.js'
import { operation } from '../src/operations/operation.js'

export const put = operation({ path: '/v1/tables/:table/put', schema, name: 'PutItem' })
