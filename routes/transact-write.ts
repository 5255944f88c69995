import { randomUUID } from 'node:crypto'
import { transactWrite as schema } from '../schemas/transact-write.js'
import { ProblemError } from '../src/problem/problem.js'
import { operation, type OperationRequest } from '../src/operations/operation.js'

export const transactWrite = operation({
  path: '/v1/transact/write',
  schema,
  name: 'TransactWriteItems',
  members: (request, reply) => {
    const inBody = tokenInBody(request)
    const inHeader = request.headers['idempotency-key']?.toString()
    if (inBody !== undefined && inHeader !== undefined && inBody !== inHeader) {
      throw new ProblemError(
        'InvalidRequest',
        'body/clientRequestToken and the header Idempotency-Key are two ways to say the same, but they differ',
      )
    }
    if (inBody !== undefined) return {}
    // Every transaction has a token, or a retry of ours could apply it twice. The caller learns it from any answer:
    // sent again with it, a transaction of unknown outcome is applied once.
    const token = inHeader ?? randomUUID()
    reply.header('idempotency-key', token)
    return { ClientRequestToken: token }
  },
})

function tokenInBody({ body }: OperationRequest): string | undefined {
  return typeof body === 'object' && body !== null && 'clientRequestToken' in body
    ? String(body.clientRequestToken)
    : undefined
}
