import * as schemas from '../schemas/statements.js'
import type { Route } from '../src/operations/call.js'
import { permitStatement, sendBatchOfStatements, sendStatement } from '../src/operations/execute-statement.js'
import { operation } from '../src/operations/operation.js'
import { checkBatch, checkStatement, checkTransaction } from '../src/operations/statement-checks.js'
import { tokenParameter } from '../src/operations/transaction-token.js'

export const statements: readonly Route[] = [
  operation({
    path: '/v1/statements',
    schema: schemas.execute,
    operation: 'ExecuteStatement',
    checkRequest: checkStatement,
    permit: permitStatement,
    send: sendStatement,
  }),
  operation({
    path: '/v1/batch/statements',
    schema: schemas.batchExecute,
    operation: 'BatchExecuteStatement',
    checkRequest: checkBatch,
    send: sendBatchOfStatements,
  }),
  operation({
    path: '/v1/transact/statements',
    schema: schemas.transact,
    operation: 'ExecuteTransaction',
    checkRequest: checkTransaction,
    parameters: tokenParameter,
  }),
]
