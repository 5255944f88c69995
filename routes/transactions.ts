import * as schemas from '../schemas/transactions.js'
import { operation } from '../src/operations/operation.js'
import type { Route } from '../src/operations/call.js'
import { tokenParameter } from '../src/operations/transaction-token.js'

export const transactions: readonly Route[] = [
  operation({ path: '/v1/transact/get', schema: schemas.transactGet, operation: 'TransactGetItems' }),
  operation({
    path: '/v1/transact/write',
    schema: schemas.transactWrite,
    operation: 'TransactWriteItems',
    parameters: tokenParameter,
  }),
]
