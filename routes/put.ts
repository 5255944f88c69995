import { put as schema } from '../schemas/put.js'
import { operation } from './operation.js'

export const put = operation({ path: '/v1/tables/:table/put', schema, name: 'PutItem' })
