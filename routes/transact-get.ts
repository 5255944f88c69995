import { transactGet as schema } from '../schemas/transact-get.js'
import { operation } from '../src/operations/operation.js'

export const transactGet = operation({ path: '/v1/transact/get', schema, name: 'TransactGetItems' })
