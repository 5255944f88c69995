/** Builds the service: the routes and all that is the same for every request. */
import { isUtf8 } from 'node:buffer'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaValidationError,
  LogController,
} from 'fastify'
import { routes } from '../routes/index.js'
import { Admission } from './http/admission.js'
import { Bag } from './http/bag.js'
import { essenceOf } from './http/content-negotiation.js'
import { receiveBody, refuseEncodings, refuseOtherCharsets } from './http/request-body.js'
import type { Config } from './config.js'
import type { App } from './fastify.js'
import { createHttpServer, requestIdOf } from './http/http-server.js'
import { readBody, RequestBodyError } from './items/request-body.js'
import {
  answerRepresentation,
  document,
  MEDIA_TYPES,
  ndjson,
  requestRepresentation,
} from './items/representation.js'
import { isPercentEncoded } from './http/percent-encoding.js'
import { clip, pathOf, ProblemError, sendProblem, wrongMediaType } from './problem/problem.js'
import { refusalOfOtherPages } from './http/origin-check.js'
import type { Cancellation } from './storage/call/cancellation.js'
import type { Storage } from './storage/client.js'
import { createValidatorCompiler } from './http/validation.js'

/** The bodies of all requests under way are together no larger than so many of the largest one. */
const BODIES_AT_A_TIME = 8

/**
 * The service, ready to listen.
 * @param storage is closed with the app
 */
export async function buildApp(config: Config, storage: Storage, logger: FastifyBaseLogger): Promise<App> {
  const admission = new Admission({
    maxConcurrentRequests: config.maxConcurrentRequests,
    maxBodyBytes: BODIES_AT_A_TIME * config.bodyLimitBytes,
  })
  const app: App = Fastify({
    serverFactory: (handler) => createHttpServer(handler, config, admission, logger),
    loggerInstance: logger,
    logController: new RequestLog({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    // Fastify hands over options even if there are none, and for them pino goes a much longer way.
    childLoggerFactory: (parent, bindings, options) =>
      options.level === undefined ? parent.child(bindings) : parent.child(bindings, options),
    // Keys have 2,048 bytes at most, which DynamoDB says better; Node's own limit of all headers together is this.
    routerOptions: { maxParamLength: 16 * 1024 },
    return503OnClosing: false,
    genReqId: requestIdOf,
    schemaErrorFormatter: ([error], part) => new ProblemError('InvalidRequest', explain(error, part)),
    // What the router cannot read; no hook sees it.
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id)
      sendProblem(unreadablePath(request.url) ?? error, request, reply)
      request.log.info({ method: request.method, statusCode: reply.statusCode }, 'request completed')
    },
  })
  app.setValidatorCompiler(createValidatorCompiler())
  // Answers are written as bytes; a serializer for each schema would only cost time at the start.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request) => {
    throw new ProblemError('RouteNotFound', `There is no route ${request.method} ${pathOf(request.url)}`)
  })

  app.decorate('storage', storage)
  app.decorate('config', config)
  app.decorate('admission', admission)
  app.decorate('closing', false)
  app.decorate('givenUp', false)
  app.decorate('calls', new Bag<Cancellation>())
  app.decorateRequest('representation', null)
  app.decorateRequest('problem', null)

  const refuseOtherPages = refusalOfOtherPages(config)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    refuseOtherPages(request.raw)
    negotiate(request)
    done()
  })
  const endings: NodeJS.Timeout[] = []
  app.addHook('preClose', async () => {
    app.closing = true
    // Whoever still waits is told, while there is time to: nobody is cut off without an answer.
    const giveUp = setTimeout(() => {
      logger.warn(
        { calls: app.calls.size },
        'SHUTDOWN_GRACE_MS has no time left for these; they are given up',
      )
      app.givenUp = true
      for (const call of app.calls) call.abort()
    }, config.shutdownGraceMs * 0.8).unref()
    const cut = setTimeout(() => {
      app.server.closeAllConnections()
    }, config.shutdownGraceMs * 0.9).unref()
    endings.push(giveUp, cut)
  })
  app.addHook('onClose', async () => {
    for (const ending of endings) clearTimeout(ending)
    await storage.close()
  })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser(MEDIA_TYPES, (request, _payload, done) => {
    receiveBody(request.raw, config.bodyLimitBytes, admission, (problem, bytes) => {
      let body: unknown
      try {
        if (problem === null) body = parseBody(request, bytes)
      } catch (error) {
        done(error as Error)
        return
      }
      done(problem, body)
    })
  })
  // Whoever takes lines receives them for itself.
  app.addContentTypeParser(ndjson.mediaType, (request, _payload, done) => {
    const { takesLines = false } = request.routeOptions.config
    done(takesLines || request.is404 ? null : wrongMediaType(MEDIA_TYPES))
  })

  await app.register(routes)
  return app
}

/** One line a request, when it is over, instead of Fastify's two. */
class RequestLog extends LogController {
  override requestCompleted(_error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem } = request
    const line = {
      method: request.method,
      url: request.url,
      statusCode: reply.statusCode,
      responseTime: Math.round(reply.elapsedTime * 1000) / 1000,
      ...(problem !== null && { code: problem.code, attempts: problem.attempts }),
    }
    if (reply.statusCode >= 500) request.log.error({ ...line, err: problem?.cause }, 'request failed')
    else request.log.info(line, 'request completed')
  }
}

/** Finds out which representations a request is about, before anything is done for it. */
function negotiate(request: FastifyRequest): void {
  const { api, givesLines = false, takesLines } = request.routeOptions.config
  if (api !== true) return
  const { headers } = request
  // A body without a type is a document; Fastify would not read it.
  const hasBody = (headers['content-length'] ?? '0') !== '0' || 'transfer-encoding' in headers
  if (hasBody) {
    headers['content-type'] ??= document.mediaType
    refuseEncodings(headers['content-encoding'])
  }
  const { 'content-type': contentType, accept } = headers
  const ofRequest = requestRepresentation(contentType)
  // By HTTP/1.0, lines that broke off would look like all there are (RFC 9112, section 8).
  const inLines = givesLines && request.raw.httpVersion !== '1.0'
  const ofAnswer = answerRepresentation(accept, ofRequest, inLines)
  const answer = ofAnswer !== undefined && 'decode' in ofAnswer ? ofAnswer : ofRequest
  request.representation = { request: ofRequest, answer, inLines: ofAnswer === ndjson }
  if (ofAnswer === undefined) {
    const lines = givesLines ? `, or, by HTTP/1.1, ${ndjson.mediaType}` : ''
    throw new ProblemError('NotAcceptable', `Accept must allow ${MEDIA_TYPES.join(' or ')}${lines}.`)
  }
  if (takesLines === true) {
    if (essenceOf(contentType) !== ndjson.mediaType) throw wrongMediaType([ndjson.mediaType])
    refuseOtherCharsets(contentType)
  }
}

/** What of a path is not percent-encoded UTF-8 (RFC 3986, section 2.5). */
function unreadablePath(target: string): ProblemError | undefined {
  const [, ...parts] = /^\/v1\/tables\/([^/]*)(?:\/items\/([^/]*)(?:\/([^/]*))?)?/.exec(pathOf(target)) ?? []
  const wrong = ['table', 'partitionKey', 'sortKey'].find((_, index) => !isPercentEncoded(parts[index] ?? ''))
  if (wrong === undefined) return undefined
  return new ProblemError('InvalidRequest', `params/${wrong} is not percent-encoded UTF-8`)
}

function parseBody(request: FastifyRequest, body: Buffer): unknown {
  refuseOtherCharsets(request.headers['content-type'])
  const { body: shape } = request.routeOptions.config
  if (request.is404 || request.representation === null) return undefined
  if (shape === undefined) {
    if (body.length === 0) return undefined
    throw new ProblemError('InvalidRequest', 'body must be empty: this route takes none')
  }
  // Decoding would put U+FFFD in the place of what is no UTF-8, and nobody would know.
  if (!isUtf8(body)) throw new ProblemError('InvalidRequest', 'body is not valid UTF-8')
  try {
    const { value, unknownFields } = readBody(body, shape, request.representation.request)
    if (unknownFields.length === 0) return value
    throw invalidBody(unknownFields.map(clip))
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error
    throw invalidBody([...error.unknownFields.map(clip), `${clip(error.path)} ${clip(error.message)}`])
  }
}

/** @param faults each with the path of its place in front */
function invalidBody(faults: readonly string[]): ProblemError {
  return new ProblemError('InvalidRequest', faults.map((fault) => `body${fault}`).join('; '))
}

/** What a schema found wrong, naming the field. */
function explain(error: FastifySchemaValidationError | undefined, part: string): string {
  const at = `${part}${error?.instancePath ?? ''}`
  const { additionalProperty, allowedValues, missingProperty } = error?.params ?? {}
  if (typeof additionalProperty === 'string') return `${at} has an unknown field "${additionalProperty}"`
  if (typeof missingProperty === 'string') return `${at} must have the field "${missingProperty}"`
  if (Array.isArray(allowedValues)) return `${at} must be one of ${allowedValues.join(', ')}`
  if (error?.keyword === 'minProperties') return `${at} must not be empty`
  if (error?.keyword === 'maxProperties') return `${at} must have exactly one field`
  return `${at} ${error?.message ?? 'is wrong'}`
}
