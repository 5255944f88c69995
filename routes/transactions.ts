import { randomUUID } from 'node:crypto'
import * as schemas from '../schemas/transactions.js'
import { formatIdempotencyKey } from '../src/http/idempotency-key.js'
import { operation } from '../src/operations/operation.js'
import type { Call, Route } from '../src/operations/call.js'
import { ProblemError } from '../src/problem/problem-error.js'
import type { DynamoDBRequest } from '../src/storage/request.js'
import { tokenOf } from '../src/storage/write-once.js'

export const transactions: readonly Route[] = [
  operation({ path: '/v1/transact/get', schema: schemas.transactGet, operation: 'TransactGetItems' }),
  operation({
    path: '/v1/transact/write',
    schema: schemas.transactWrite,
    operation: 'TransactWriteItems',
    parameters: tokenParameter,
  }),
]

/**
 * Every transaction has a token, since otherwise a retry could apply it twice. Every answer to a request without a token in its body contains it: a transaction of
 * unknown outcome that is sent again with its token is applied once.
 */
function tokenParameter({ reply, body, idempotencyKey: inHeader }: Call): DynamoDBRequest {
  const inBody = tokenInBody(body)
  if (inBody !== undefined && inHeader !== undefined && inBody !== inHeader) {
    throw new ProblemError(
      'InvalidRequest',
      'body/clientRequestToken and headers/idempotency-key are different. Send only one of them.',
    )
  }
  if (inBody !== undefined) return {}
  const key = inHeader ?? randomUUID()
  reply.header('idempotency-key', formatIdempotencyKey(key))
  return { ClientRequestToken: tokenOf(key) }
}

function tokenInBody(body: Call['body']): string | undefined {
  return body !== undefined && 'clientRequestToken' in body ? String(body.clientRequestToken) : undefined
}
