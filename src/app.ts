/** The composition root: it puts the rooms of the service together. */
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { optionalRoutes, registerRoutes } from '../routes/index.js'
import type { Access } from './access/access.js'
import { RateLimits } from './access/rate-limits.js'
import { createAdminServer } from './admin/admin-server.js'
import type { Config } from './config.js'
import { effectiveSettings } from './config/effective-settings.js'
import { Admission } from './http/admission.js'
import { createHostCheck } from './http/allowed-hosts.js'
import { compressAnswers } from './http/compression.js'
import { allowOrigins } from './http/cors.js'
import type { App } from './http/fastify.js'
import { createHttpServer } from './http/http-server.js'
import { InFlightRequests } from './http/in-flight.js'
import { Lifecycle } from './http/lifecycle.js'
import { beginRequest, observeRequests, observeRoutes } from './http/observed-requests.js'
import { createOriginCheck } from './http/origin-check.js'
import { requestIdOf } from './http/request-id.js'
import { addServerTiming } from './http/server-timing.js'
import { TlsFiles } from './http/tls-files.js'
import { RouteTable, unreadablePath } from './http/unmatched-routes.js'
import { createValidatorCompiler } from './http/validation.js'
import { MEDIA_TYPES, ndjson } from './items/representation.js'
import { ChangeFeeds } from './operations/change-feeds.js'
import { PageTokens } from './operations/page-tokens.js'
import { Readiness } from './operations/readiness.js'
import { createAudit } from './observability/audit.js'
import { openObservability } from './observability/observability.js'
import { AMZ_JSON } from './problem/dynamodb-error.js'
import { SECURITY_HEADERS } from './problem/security-headers.js'
import { createProblemSender } from './problem/send-problem.js'
import type { Storage } from './storage/client.js'
import { TableNamesCache } from './storage/tables/table-names-cache.js'

/** The bodies of all in-flight requests together are at most this many times the limit of the largest one. */
const BODIES_IN_MEMORY = 8

/**
 * The service, ready to listen.
 * @param storage is closed with the app
 * @param access with `AUTH=policy`; is closed with the app, too
 * @param lifecycle to start draining before the app is closed
 * @param changeFeeds with another heartbeat
 */
export async function buildApp(
  config: Config,
  storage: Storage,
  logger: FastifyBaseLogger,
  access?: Access,
  lifecycle = new Lifecycle(),
  changeFeeds = new ChangeFeeds(),
): Promise<App> {
  const admission = new Admission(
    {
      maxConcurrentRequests: config.maxConcurrentRequests,
      maxConcurrentStreams: config.maxConcurrentStreams,
      maxChangeSubscribers: config.maxChangeSubscribers,
      maxBodyBytes: BODIES_IN_MEMORY * Math.max(config.bodyLimitBytes, config.batchBodyLimitBytes),
    },
    () => storage.connections.pending,
  )
  const inFlight = new InFlightRequests()
  const { observe, metrics, close } = await openObservability(config, storage, logger)
  const tls = await TlsFiles.open(config, logger)
  const sendProblem = createProblemSender(config)
  const app: App = Fastify({
    serverFactory: (handler) => createHttpServer(handler, config, admission, lifecycle, logger, observe, tls),
    // Only for the URL that Fastify logs and returns.
    ...(tls !== undefined && { https: {} }),
    // It would destroy connections on which answers are still owed. http-server.ts answers these errors.
    clientErrorHandler: () => undefined,
    loggerInstance: logger,
    // The observer logs requests.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    // Fastify passes options even if there are none, and pino is much slower with them.
    childLoggerFactory: (parent, bindings, options) =>
      options.level === undefined ? parent.child(bindings) : parent.child(bindings, options),
    // Keys have at most 2,048 bytes, which DynamoDB explains better. This is Node's own limit for all headers together.
    routerOptions: { maxParamLength: 16 * 1024 },
    return503OnClosing: false,
    genReqId: requestIdOf,
    // The router cannot read the path; no hook runs.
    frameworkErrors: (error, request, reply) => {
      beginRequest(observe, request, reply)
      reply.header('x-request-id', request.id)
      reply.headers(SECURITY_HEADERS)
      sendProblem(unreadablePath(request.url) ?? error, request, reply)
    },
  })
  app.setValidatorCompiler(createValidatorCompiler())
  // Answers are written as bytes; compiling a serializer for each schema would only delay the start.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(sendProblem)
  app.decorateRequest('call', null)
  app.decorateRequest('problem', null)

  // Bodies are read by operations/serve.ts. Fastify caches the parser of a media type only if it is registered by name.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser([...MEDIA_TYPES, ndjson.mediaType, AMZ_JSON, '*'], (_request, _payload, done) => {
    done(null)
  })

  observeRequests(app, observe)
  if (config.serverTiming) addServerTiming(app)
  const checkHost = createHostCheck(config.allowedHosts, () => access?.anonymousHasRoles === false)
  const checkOrigin = createOriginCheck(config.corsOrigins)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    reply.headers(SECURITY_HEADERS)
    checkHost(request.headers.host)
    checkOrigin(request.raw)
    done()
  })

  allowOrigins(app, config.corsOrigins)
  compressAnswers(app)

  const routeTable = new RouteTable(optionalRoutes)
  app.addHook('onRoute', routeTable.add)
  app.setNotFoundHandler(routeTable.answer)
  const rateLimits = new RateLimits({ redisUrl: config.rateLimitRedisUrl, logger })
  const audit = config.audit ? createAudit(logger) : undefined
  const readiness = new Readiness(storage, lifecycle)

  if (metrics !== undefined) observeRoutes(app, metrics)
  changeFeeds.endOnDraining(lifecycle)
  registerRoutes(app, {
    config,
    storage,
    tableNames: new TableNamesCache(storage.send),
    access,
    rateLimits,
    audit,
    pageTokens: new PageTokens(config.pageTokenSecret),
    changeFeeds,
    admission,
    inFlight,
    lifecycle,
    readiness,
    observe,
  })

  app.addHook('preClose', async () => {
    lifecycle.startDraining()
  })
  inFlight.drainOnClose(app, config.shutdownGraceMs, logger)
  app.addHook('onClose', async () => {
    await Promise.all([storage.close(), access?.close(), rateLimits.close()])
    await close()
  })
  if (metrics !== undefined) {
    const settings = effectiveSettings(process.env)
    const admin = createAdminServer(config, { metrics, readiness, settings }, logger)
    app.addHook('onReady', admin.listen)
    app.addHook('onClose', admin.close)
  }
  return app
}
