import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { requestFields } from './request-fields.js'

/** One line for each request, when it ends, instead of Fastify's two. */
export class RequestLog extends LogController {
  constructor() {
    super({ disableRequestLogging: true, requestIdLogLabel: 'requestId' })
  }

  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem, call } = request
    const { method, route, table, url } = requestFields(request)
    const line = {
      method,
      route,
      table,
      url,
      principal: call?.principal ?? undefined,
      statusCode: reply.statusCode,
      responseTime: Math.round(reply.elapsedTime * 1000) / 1000,
      code: problem?.code,
      attempts: problem?.attempts,
      ...problem?.logged,
    }
    if (reply.statusCode >= 500) request.log.error({ ...line, err: problem?.cause }, 'request failed')
    else request.log.info(line, 'request completed')
  }
}
