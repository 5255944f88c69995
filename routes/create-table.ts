import { createTable as schema } from '../schemas/create-table.js'
import { operation, send } from './operation.js'

export const createTable = operation({ path: '/v1/tables', schema, call: send('CreateTable') })
