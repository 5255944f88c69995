import type { FastifyReply } from 'fastify'
import type { Code } from '../../schemas/parts/codes.js'
import type { Audit, AuditRecord } from '../observability/audit.js'
import { ProblemError } from '../problem/problem-error.js'
import type { SentOperation } from '../storage/operations.js'
import type { ApiRequest } from './call.js'

type Handler<Answer> = (request: ApiRequest, reply: FastifyReply) => Promise<Answer>

const REFUSALS: ReadonlySet<Code> = new Set<Code>(['Unauthenticated', 'Forbidden', 'TooManyRequests'])

/**
 * The handler with a line in the audit log for each write and each refusal, one for each table. An import that is
 * refused at a line is both.
 * @param operation of the route; undefined if each request has its own
 */
export function audited<Answer>(
  operation: SentOperation | undefined,
  audit: Audit | undefined,
  handler: Handler<Answer>,
): Handler<Answer> {
  if (audit === undefined) return handler
  return async (request, reply) => {
    const record = (outcome: AuditRecord['outcome']) => {
      const { principal = null, tables = [], operation: action = operation } = request.observed ?? {}
      // Nothing was asked for that could be refused.
      if (action === undefined) return
      for (const table of tables.length > 0 ? tables : [request.params['table'] ?? null]) {
        audit({ principal, action, table, outcome, requestId: request.id })
      }
    }
    const recordFailure = (error: unknown) => {
      if (request.call?.writes === true) record('failed')
      if (error instanceof ProblemError && REFUSALS.has(error.code)) record('refused')
    }
    try {
      const answer = await handler(request, reply)
      // An import may have been answered with a problem in its last line.
      if (request.problem !== null) recordFailure(request.problem)
      else if (request.call?.writes === true) record('done')
      return answer
    } catch (error) {
      recordFailure(error)
      throw error
    }
  }
}
