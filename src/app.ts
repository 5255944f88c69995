/** Builds the service: the routes and all that is the same for every request. */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  type FastifySchemaValidationError,
  LogController,
  type RawServerDefault,
} from 'fastify'
import { routes } from '../routes/index.js'
import type { Config } from './config.js'
import { JsonTextError } from './json-text.js'
import { readBody } from './representation/body.js'
import {
  answerRepresentation,
  MEDIA_TYPES,
  type Representation,
  requestRepresentation,
} from './representation/media-type.js'
import { SHAPE, type Shape } from './representation/shape.js'
import { ProblemError, problemText, sendProblem } from './problem.js'
import type { Storage } from './storage/storage.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** DynamoDB. */
    storage: Storage
    config: Config
    /** True from the first signal to stop; nothing new is begun then. */
    closing: boolean
  }
  interface FastifyRequest {
    /** How items stand in the body and shall stand in the answer; null outside the routes of the API. */
    representation: { readonly request: Representation; readonly answer: Representation } | null
    /** What the request was answered with, if not with success. */
    problem: ProblemError | null
  }
  interface FastifyContextConfig {
    /** Where items stand in the body. */
    body?: Shape
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** What any id of a caller's may look like: it stands in logs and headers, where nothing may be smuggled in. */
const SANE_REQUEST_ID = /^[\w.:/+=@-]{1,128}$/

/**
 * The service, ready to listen.
 * @param storage is closed with the app
 */
export async function buildApp(config: Config, storage: Storage, logger: FastifyBaseLogger): Promise<App> {
  const app: App = Fastify({
    loggerInstance: logger,
    // One line a request, written below, instead of two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: config.bodyLimitBytes,
    // The time to receive a whole request, body included.
    requestTimeout: config.requestTimeoutMs,
    routerOptions: { maxParamLength: 2048 },
    return503OnClosing: false,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allErrors: false,
        keywords: [SHAPE],
      },
    },
    schemaErrorFormatter: ([error], part) => new ProblemError('InvalidRequest', explain(error, part)),
    frameworkErrors: (error, request, reply) => {
      sendProblem(error, request, reply)
    },
    clientErrorHandler,
  })
  // Answers are written as text; a serializer for each schema would only cost time at the start.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request) => {
    throw new ProblemError(
      'RouteNotFound',
      `There is no route ${request.method} ${request.url.split('?', 1)[0]}`,
    )
  })

  app.decorate('storage', storage)
  app.decorate('config', config)
  app.decorate('closing', false)
  app.decorateRequest('representation', null)
  app.decorateRequest('problem', null)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (app.closing) {
      throw new ProblemError('ServiceUnavailable', 'The service is shutting down. The request was not begun.')
    }
    negotiate(request)
  })
  // A connection that outlives its last request would hold up the end of the process.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (app.closing) reply.header('connection', 'close')
    done()
  })
  app.addHook('onResponse', async (request, reply) => {
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
  })
  app.addHook('preClose', async () => {
    app.closing = true
  })
  app.addHook('onClose', async () => {
    await storage.close()
  })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    MEDIA_TYPES,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => parseBody(request, body),
  )

  await app.register(routes)
  return app
}

function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && SANE_REQUEST_ID.test(header) ? header : randomUUID()
}

/** Finds out which representations a request is about, before anything is done for it. */
function negotiate(request: FastifyRequest): void {
  if (!request.url.startsWith('/v1/')) return
  const { 'content-type': contentType, accept } = request.headers
  const ofRequest = requestRepresentation(contentType)
  const ofAnswer = answerRepresentation(accept, ofRequest)
  request.representation = { request: ofRequest, answer: ofAnswer ?? ofRequest }
  if (ofAnswer === undefined) {
    throw new ProblemError('NotAcceptable', `Accept must allow ${MEDIA_TYPES.join(' or ')}.`)
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i

function parseBody(request: FastifyRequest, body: Buffer): unknown {
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new ProblemError('UnsupportedMediaType', `The body must be in UTF-8, not in ${charset}.`)
  }
  const { body: shape } = request.routeOptions.config
  if (shape === undefined || request.representation === null) return undefined
  // Decoding would put U+FFFD in the place of what is no UTF-8, and nobody would know.
  if (!isUtf8(body)) throw new ProblemError('InvalidRequest', 'body is not valid UTF-8')
  try {
    return readBody(body.toString(), shape, request.representation.request)
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    throw new ProblemError('InvalidRequest', `body${error.path} ${error.message}`)
  }
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

/** Answers what is no HTTP request, or came too slowly, and never reached Fastify. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    {
      ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
      HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
    }[error.code ?? ''] ?? '400 Bad Request'
  const id = randomUUID()
  const body = problemText(
    new ProblemError('InvalidRequest', `This is not HTTP as it should be: ${status}`),
    id,
    '',
  )
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\nx-request-id: ${id}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
