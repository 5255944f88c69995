import { createTable as schema } from '../schemas/create-table.js'
import { operation } from '../src/operations/operation.js'

export const createTable = operation({ path: '/v1/tables', schema, name: 'CreateTable' })
