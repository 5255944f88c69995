/**
 * The HTTP server underneath Fastify: its timeouts, the requests that it refuses before they cost anything, and how it
 * closes connections.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { ProblemError, problemText } from '../problem/problem-error.js'
import { SECURITY_HEADERS } from '../problem/security-headers.js'
import { type Admission, overloaded } from './admission.js'
import { type ArrivalLimits, beginArrival, lateness } from './arrival.js'
import { type ClientError, clientProblem } from './client-errors.js'
import { Connection } from './connection.js'
import { ConnectionLimits, type MaxConnections } from './connection-limits.js'
import { createFramingCheck, expectationFailed, mayStall } from './framing.js'
import { requestIdOf } from './request-id.js'
import type { TlsFiles } from './tls-files.js'

/** A connection without a request is closed after this time, in ms: later than load balancers close theirs. */
const KEEP_ALIVE_MS = 72_000
const MAX_TIMER_MS = 2 ** 31 - 1
/** The interval at which slow requests and slow readers are looked for, in ms. */
const CHECK_MS = 500
/** When the server closes, requests that are already on their way have this time to arrive, in ms. */
const ARRIVAL_MS = 300
/** Refusals are logged at most once in this interval, in ms: load shedding must be cheap for the log, too. */
const LOG_MS = 1000

const noProxy = new ProblemError('MethodNotAllowed', 'The service is no proxy: CONNECT is not supported.')

export type ServerLimits = ArrivalLimits & MaxConnections & { readonly problemBaseUrl: string }

/**
 * Creates the server.
 * @param handler gets the requests that are admitted
 * @param tls for HTTPS
 */
export function createHttpServer(
  handler: RequestListener,
  limits: ServerLimits,
  admission: Admission,
  logger: FastifyBaseLogger,
  tls?: TlsFiles,
): Server {
  const { requestTimeoutMs, problemBaseUrl } = limits
  const connections = new Map<Socket, Connection>()
  /** Those beyond the limits for connections. */
  const excess = new WeakSet<Socket>()
  const connectionLimits = new ConnectionLimits(limits)
  const wrongFraming = createFramingCheck()

  const logRefused = createCountLog(logger, 'overloaded: refused requests with 503')
  const logExcess = createCountLog(logger, 'overloaded: refused connections')

  const onRequest = (request: IncomingMessage, response: ServerResponse, expectsContinue = false) => {
    serve(request, response, wrongFraming(request), expectsContinue)
  }

  const serve = (
    request: IncomingMessage,
    response: ServerResponse,
    malformed: ProblemError | undefined,
    expectsContinue: boolean,
  ) => {
    const { socket } = request
    const connection = connections.get(socket)
    // After an answer that closes the connection, no answer can be sent, so nothing may be done (RFC 9112, section 9.6).
    if (connection === undefined || connection.closing) {
      request.resume()
      return
    }
    beginArrival(request)
    connection.begin(request, response)
    response.on('close', () => {
      admission.leave(request)
      connection.end(request, response)
      // Its headers may have promised keep-alive before the server was closed.
      if (!server.listening && connection.isIdle) setTimeout(closeIdleConnections, ARRIVAL_MS)
    })
    // During a shutdown, a connection that stays open after its last answer would delay the end of the process.
    if (malformed !== undefined || excess.has(socket) || !server.listening || mayStall(request)) {
      connection.closeAfterAnswers()
    }
    if (malformed !== undefined) {
      const requestId = sendRefusal(request, response, malformed, problemBaseUrl)
      logger.info({ requestId, code: malformed.code, detail: malformed.message }, 'malformed request')
    } else if (isHealthCheck(request) || (!excess.has(socket) && admission.begin(request))) {
      if (expectsContinue) {
        // Behind an answer that is still owed, Node.js would write it between the headers and the body of its own answer.
        if (connection.isNext(response)) response.writeContinue()
        else connection.closeAfterAnswers()
      }
      handler(request, response)
    } else {
      sendRefusal(request, response, overloaded, problemBaseUrl)
      logRefused()
    }
  }

  const create = tls?.createServer ?? createServer
  const server: Server = create(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: requestTimeoutMs,
      // Node's own limit covers the body, too, and an import may take as long as it needs. See arrival.ts.
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_MS,
      // Node's own answer has no body. See framing.ts.
      requireHostHeader: false,
    },
    onRequest,
  )
  // Node's own switch, which its types do not have: a caller that closes its side only (`nc -N`) gets its answers.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response, true)
  })
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, wrongFraming(request) ?? expectationFailed, false)
  })
  const checking = setInterval(() => {
    const now = performance.now()
    for (const [socket, connection] of connections) {
      const { arriving } = connection
      const late = arriving && lateness(arriving, admission.heldBy(arriving), now, limits)
      if (late !== undefined) connection.failRequest(new ProblemError('RequestTimeout', late))
      if (connection.isReadTooSlowly(now, requestTimeoutMs)) socket.destroy()
    }
  }, CHECK_MS).unref()
  server.on('close', () => {
    clearInterval(checking)
  })
  // The limit for a connection on which nothing is sent and nothing is read.
  server.setTimeout(Math.min(requestTimeoutMs + KEEP_ALIVE_MS, MAX_TIMER_MS))

  server.on('connection', (socket: Socket) => {
    if (connectionLimits.enter(socket)) return
    excess.add(socket)
    logExcess()
    // The handshake would cost more than the answer is worth.
    if (tls !== undefined) socket.destroy()
  })
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections.set(socket, new Connection(socket, problemBaseUrl))
    socket.once('close', () => {
      connections.delete(socket)
    })
  })
  // Bytes that are not HTTP, headers that arrive too slowly, and TLS handshakes that fail.
  server.on('clientError', (error: ClientError, socket: Socket) => {
    const connection = connections.get(socket)
    if (error.code === 'ECONNRESET' || connection === undefined) socket.destroy()
    else connection.fail(clientProblem(error))
  })
  // Without a listener, Node.js closes the connection without an answer.
  server.on('connect', (_request, socket: Socket) => {
    // Node.js has removed its own listener, and reads no more.
    socket.on('error', () => socket.destroy())
    socket.resume()
    connections.get(socket)?.fail(noProxy)
  })

  // A connection that is idle now may have a request on its way, which an immediate close would lose.
  const closeIdleConnections = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    setTimeout(closeIdleConnections, ARRIVAL_MS)
    for (const connection of connections.values()) connection.closeAfterAnswers()
  }
  return server
}

/** Returns a function that counts; the count is logged once in a while. */
function createCountLog(logger: FastifyBaseLogger, message: string): () => void {
  let refused = 0
  return () => {
    if (refused++ > 0) return
    setTimeout(() => {
      logger.warn({ refused }, message)
      refused = 0
    }, LOG_MS).unref()
  }
}

/** Health checks bypass admission: they cost nothing, and matter most under overload. */
function isHealthCheck({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && (url === '/health/live' || url === '/health/ready')
}

/**
 * Refuses without Fastify, at a fraction of the cost: under overload, refusing takes CPU time away from serving.
 * @returns the id of the request
 */
function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  problem: ProblemError,
  problemBaseUrl: string,
): string {
  const id = requestIdOf(request)
  const body = problemText(problem, id, request.url ?? '', problemBaseUrl)
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    ...(problem === overloaded && { 'retry-after': '1' }),
    connection: response.shouldKeepAlive ? 'keep-alive' : 'close',
    'x-request-id': id,
    ...SECURITY_HEADERS,
  })
  response.end(body)
  return id
}
