import { randomUUID } from 'node:crypto'
import { formatIdempotencyKey } from '../http/idempotency-key.js'
import { ProblemError } from '../problem/problem-error.js'
import type { DynamoDBRequest } from '../storage/request.js'
import { tokenOf } from '../storage/write-once.js'
import type { Call } from './call.js'

/**
 * Every transaction has a token, since otherwise a retry could apply it twice. Every answer to a request without a token in its body contains it: a transaction of
 * unknown outcome that is sent again with its token is applied once.
 */
export function tokenParameter({ reply, body, idempotencyKey: inHeader }: Call): DynamoDBRequest {
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
