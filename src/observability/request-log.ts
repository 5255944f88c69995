import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import type { ObservedRequest } from './observed-request.js'
import { ignore, type RequestEnded, type Subscriber } from './events.js'

/** What reads that share a call need, besides `dynamodb:GetItem`. */
const BATCH_GET = 'dynamodb:BatchGetItem'

/** One line for each request, when it ends, and one when reads stop sharing calls. */
export function createRequestLog(
  { slowRequestMs }: Pick<Config, 'slowRequestMs'>,
  logger: FastifyBaseLogger,
): Subscriber {
  const isSlow = ({ isFeed }: ObservedRequest, durationMs: number) =>
    !isFeed && slowRequestMs !== undefined && durationMs > slowRequestMs
  return {
    requestEnded: (event) => {
      const { request, status, problem, outcome, durationMs } = event
      const { log } = request.request
      const line = lineOf(event)
      if (outcome === 'disconnected') log.info(line, 'the caller disconnected')
      else if (outcome === 'broken off') {
        log.error({ ...line, err: request.brokenOffBy }, 'the stream broke off')
      } else if (status !== undefined && status >= 500) {
        log.error({ ...line, err: problem?.cause }, 'request failed')
      } else if (isSlow(request, durationMs)) log.warn(line, 'slow request')
      else log.info(line, 'request completed')
    },
    requestStarted: ignore,
    requestRefused: ignore,
    streamItems: ignore,
    attemptEnded: ignore,
    retrying: ignore,
    batchEntries: ignore,
    writeMaybeApplied: ignore,
    capacityConsumed: ignore,
    readsShared: ignore,
    sharingFailed: ({ table, failure, pauseMs }) => {
      const isDenied = failure.kind === 'access_denied'
      const line = { table, reason: failure.name, permission: isDenied ? BATCH_GET : undefined, pauseMs }
      logger.warn(line, 'reads of the table share no calls for a while')
    },
    changesRead: ignore,
    changeSubscribers: ignore,
  }
}

/** See docs/logs.md. The log redacts `url`, `route` and `table`: see `createLogger`. */
function lineOf({ request, status, problem, durationMs, bytesIn, bytesOut }: RequestEnded) {
  const { method, url } = request.request
  return {
    traceId: request.traceId,
    principal: request.principal ?? undefined,
    operation: request.operation,
    table: request.table,
    method,
    route: request.route,
    url,
    status,
    code: problem?.code,
    attempts: problem?.attempts ?? request.attempts,
    durationMs: rounded(durationMs),
    upstreamMs: rounded(request.upstreamMs),
    bytesIn,
    bytesOut,
    items: request.items,
    ...problem?.logged,
  }
}

/** In µs, so that lines are short. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
