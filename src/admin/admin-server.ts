/**
 * The admin server: metrics, probes and settings for operators, on a port of its own (`ADMIN_PORT`). It has no access control
 * and serves nothing of the API.
 */
import Fastify, { type FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import type { EffectiveSettings } from '../config/effective-settings.js'
import type { Metrics } from '../observability/metrics/metrics.js'
import type { Readiness } from '../operations/readiness.js'
import { ProblemError } from '../problem/problem-error.js'

export interface AdminSources {
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly settings: EffectiveSettings
}

export interface AdminServer {
  readonly listen: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The requests of a scraper and of probes are few, and have no body. */
const BODY_LIMIT = 1024

/**
 * - `GET /metrics`: the metrics in Prometheus's text format.
 * - `GET /live`: 200 as long as the process responds.
 * - `GET /ready`: 200 if the service is ready, otherwise 503 with the reason.
 * - `GET /config`: the settings in force by the names of their environment variables, secrets replaced by `***`.
 */
export function createAdminServer(
  { adminHost: host, adminPort: port = 0 }: Pick<Config, 'adminHost' | 'adminPort'>,
  { metrics, readiness, settings }: AdminSources,
  logger: FastifyBaseLogger,
): AdminServer {
  const admin = Fastify({ logger: false, bodyLimit: BODY_LIMIT, forceCloseConnections: true })
  admin.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  admin.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.contentType)
    return metrics.text()
  })
  admin.get('/live', async () => ({ status: 'live' }))
  admin.get('/ready', async (_request, reply) => {
    try {
      await readiness.check()
      return { status: 'ready' }
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      return reply.code(error.status).send({ status: 'unready', reason: error.message })
    }
  })
  admin.get('/config', async () => settings)
  return {
    listen: async () => {
      const url = await admin.listen({ host, port })
      logger.info({ address: url }, 'the admin port is open')
    },
    close: async () => {
      await admin.close()
    },
  }
}
