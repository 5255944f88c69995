import { scan as schema } from '../schemas/scan.js'
import { operation, send } from './operation.js'

export const scan = operation({ path: '/v1/tables/:table/scan', schema, call: send('Scan') })
