import { scan as schema } from '../schemas/scan.js'
import { operation } from '../src/operations/operation.js'

export const scan = operation({ path: '/v1/tables/:table/scan', schema, name: 'Scan' })
