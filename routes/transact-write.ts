import { randomUUID } from 'node:crypto'
import { transactWrite as schema } from '../schemas/transact-write.js'
import { ProblemError } from '../src/problem.js'
import { operation, type OperationRequest, send } from './operation.js'

export const transactWrite = operation({
  path: '/v1/transact/write',
  schema,
  call: send('TransactWriteItems'),
  members: (request) => {
    const inBody = tokenInBody(request)
    const inHeader = request.headers['idempotency-key']?.toString()
    if (inBody !== undefined && inHeader !== undefined && inBody !== inHeader) {
      throw new ProblemError(
        'InvalidRequest',
        'body/clientRequestToken and the header Idempotency-Key are two ways to say the same, but they differ',
      )
    }
    // Every transaction has a token, or a retry of ours could apply it twice.
    return inBody === undefined ? { ClientRequestToken: inHeader ?? randomUUID() } : {}
  },
})

function tokenInBody({ body }: OperationRequest): string | undefined {
  return typeof body === 'object' && body !== null && 'clientRequestToken' in body
    ? String(body.clientRequestToken)
    : undefined
}
