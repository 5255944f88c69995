import type { FastifyReply } from 'fastify'
import type { Code } from '../../schemas/parts/codes.js'
import type { Audit, AuditRecord } from '../observability/audit.js'
import { ProblemError } from '../problem/problem-error.js'
import type { Operation } from '../storage/operations.js'
import type { ApiRequest } from './call.js'

type Handler<Answer> = (request: ApiRequest, reply: FastifyReply) => Promise<Answer>

const REFUSALS: ReadonlySet<Code> = new Set<Code>(['Unauthenticated', 'Forbidden', 'TooManyRequests'])

/**
 * The handler with a line in the audit log for each write and each refusal, one for each table. An import that is
 * refused at a line is both.
 */
export function audited<Answer>(
  operation: Operation,
  audit: Audit | undefined,
  handler: Handler<Answer>,
): Handler<Answer> {
  if (audit === undefined) return handler
  return async (request, reply) => {
    const record = (outcome: AuditRecord['outcome']) => {
      const { principal = null, tables = [], operation: action = operation } = request.observed ?? {}
      for (const table of tables.length > 0 ? tables : [request.params['table'] ?? null]) {
        audit({ principal, action, table, outcome, requestId: request.id })
      }
    }
    try {
      const answer = await handler(request, reply)
      if (request.call?.writes === true) record('done')
      return answer
    } catch (error) {
      if (request.call?.writes === true) record('failed')
      if (error instanceof ProblemError && REFUSALS.has(error.code)) record('refused')
      throw error
    }
  }
}
