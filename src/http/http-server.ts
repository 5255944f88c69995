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
import type { Observe } from '../observability/events.js'
import { isOwnProtocol } from '../problem/dynamodb-error.js'
import { ProblemError } from '../problem/problem-error.js'
import type { ErrorSettings } from '../problem/send-problem.js'
import { emptyAcceptQueue } from './accept-queue.js'
import { type Admission, overloaded } from './admission.js'
import { type ArrivalLimits, beginArrival, lateness } from './arrival.js'
import { type ClientError, clientProblem } from './client-errors.js'
import { Connection } from './connection.js'
import { ConnectionLimits, type MaxConnections } from './connection-limits.js'
import { readFirst, type WholeRequest } from './early-refusal.js'
import { createFramingCheck, expectationFailed, mayStall } from './framing.js'
import type { Lifecycle } from './lifecycle.js'
import { prepareRefusal, sendRefusal } from './refusal.js'
import { requestIdOf } from './request-id.js'
import type { TlsFiles } from './tls-files.js'

/** A connection without a request is closed after this time, in ms: later than load balancers close theirs. */
const KEEP_ALIVE_MS = 72_000
const MAX_TIMER_MS = 2 ** 31 - 1
/** The interval at which slow requests and slow readers are looked for, in ms. */
const CHECK_MS = 500
/** When the server closes, requests that are already on their way have this time to arrive, in ms. */
const ARRIVAL_MS = 300
/** A connection that opened at most this time before has its first request on its way, in ms. */
const FIRST_REQUEST_MS = 50
/** Under overload, new connections are looked for at most once in this interval, in ms. */
const READ_UNUSED_MS = 500
/** Refusals are logged at most once in this interval, in ms: load shedding must be cheap for the log, too. */
const LOG_MS = 1000

/** The answer to a request that arrives after the port has closed. */
const shuttingDown = new ProblemError(
  'ServiceUnavailable',
  'The service is shutting down. The request was not processed.',
  { shedding: 'draining' },
)
const noProxy = new ProblemError('MethodNotAllowed', 'The service is no proxy: CONNECT is not supported.')

export type ServerLimits = ArrivalLimits & MaxConnections & ErrorSettings

/**
 * Creates the server.
 * @param handler gets the requests that are admitted
 * @param tls for HTTPS
 */
export function createHttpServer(
  handler: RequestListener,
  limits: ServerLimits,
  admission: Admission,
  lifecycle: Lifecycle,
  logger: FastifyBaseLogger,
  observe: Observe,
  tls?: TlsFiles,
): Server {
  const { requestTimeoutMs, problemBaseUrl } = limits
  const connections = new Map<Socket, Connection>()
  /** Those beyond the limits for connections. */
  const excess = new WeakSet<Socket>()
  const connectionLimits = new ConnectionLimits(limits)
  const wrongFraming = createFramingCheck()
  /** When the server began to close, in ms. */
  let closingAt = Infinity
  /** Requests that are served when the port has closed; undefined at all other times. */
  let held: (() => void)[] | undefined

  const logRefused = createCountLog(logger, 'overloaded: refused requests with 503')
  const logExcess = createCountLog(logger, 'overloaded: refused connections')

  /** Whether its request has arrived after the port has closed. The first one of a new connection was on its way. */
  const isTooLate = ({ isFirstRequest, openedAt }: Connection) =>
    !server.listening && !(isFirstRequest && openedAt > closingAt - FIRST_REQUEST_MS)

  const onRequest = (request: IncomingMessage, response: ServerResponse, expectsContinue = false) => {
    serve(request, response, wrongFraming(request), expectsContinue)
  }

  const refuse = (request: IncomingMessage, response: ServerResponse, problem: ProblemError): string => {
    observe('requestRefused', { method: request.method, problem })
    const id = requestIdOf(request)
    sendRefusal(problem, request, response, id, limits)
    return id
  }

  const preparedProblem = prepareRefusal(overloaded, { url: '/v1', headers: {} }, limits)
  const preparedError = prepareRefusal(
    overloaded,
    { method: 'POST', url: '/', headers: { 'x-amz-target': '' } },
    limits,
  )

  const refuseEarly = (request: WholeRequest): string | undefined => {
    if (isHealthCheck(request) || !admission.isClosed) return undefined
    observe('requestRefused', { method: request.method, problem: overloaded })
    logRefused()
    const prepared = limits.wireProtocol && isOwnProtocol(request) ? preparedError : preparedProblem
    return prepared(request.id, request.url)
  }

  /** Whether nothing but the load may refuse a request on this connection. */
  const mayRefuse = (socket: Socket, connection: Connection) =>
    admission.isOverloaded &&
    server.listening &&
    !lifecycle.draining &&
    !connection.closing &&
    !excess.has(socket)

  const readFrom = (socket: Socket, connection: Connection) => {
    readFirst(socket, connection, () => mayRefuse(socket, connection), refuseEarly)
  }

  let unusedReadAt = -Infinity
  /** Clients that have connected, but have not sent anything, are about to send their first requests. */
  const readUnused = () => {
    const now = performance.now()
    if (now - unusedReadAt < READ_UNUSED_MS) return
    unusedReadAt = now
    for (const [socket, connection] of connections) if (connection.isUnused) readFrom(socket, connection)
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
    // While draining, the next request of the client belongs on another replica.
    if (malformed !== undefined || excess.has(socket) || lifecycle.draining || mayStall(request)) {
      connection.closeAfterAnswers()
    }
    if (malformed !== undefined) {
      const requestId = refuse(request, response, malformed)
      logger.info({ requestId, code: malformed.code, detail: malformed.message }, 'malformed request')
    } else if (isTooLate(connection) && !isHealthCheck(request)) {
      const requestId = refuse(request, response, shuttingDown)
      logger.info({ requestId, code: shuttingDown.code }, 'refused while shutting down')
    } else if (isHealthCheck(request) || (!excess.has(socket) && admission.begin(request))) {
      if (expectsContinue) {
        // Behind an answer that is still owed, Node.js would write it between the headers and the body of its own answer.
        if (connection.isNext(response)) response.writeContinue()
        else connection.closeAfterAnswers()
      }
      if (held === undefined) handler(request, response)
      else {
        held.push(() => {
          if (!socket.destroyed) handler(request, response)
        })
      }
    } else {
      refuse(request, response, overloaded)
      logRefused()
      if (tls === undefined && !connection.isReadFirst) {
        response.once('close', () => {
          readFrom(socket, connection)
        })
        readUnused()
      }
    }
  }

  // The answers that are owed already close their connections, too.
  lifecycle.onDraining(() => {
    for (const connection of connections.values()) connection.closeAfterAnswers()
  })

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
    const connection = new Connection(socket, problemBaseUrl)
    connections.set(socket, connection)
    if (tls === undefined && admission.isOverloaded) readFrom(socket, connection)
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
    // Node.js has removed its own listeners, and reads no more.
    socket.removeAllListeners('data')
    socket.on('error', () => socket.destroy())
    socket.resume()
    connections.get(socket)?.fail(noProxy)
  })

  const close = server.close.bind(server)
  server.close = (callback) => {
    if (!server.listening || closingAt !== Infinity) return close(callback)
    closingAt = performance.now()
    const serveLater: (() => void)[] = []
    held = serveLater
    emptyAcceptQueue(server, () => {
      close(callback)
      held = undefined
      for (const serveNow of serveLater) serveNow()
    })
    return server
  }

  // A connection that is idle now may have a request on its way, which an immediate close would lose.
  const closeIdleConnections = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    setTimeout(() => {
      closeIdleConnections()
      // Node.js waits for the first request of a connection until its headers are late.
      for (const connection of connections.values()) connection.closeIfUnused()
    }, ARRIVAL_MS)
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
function isHealthCheck({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): boolean {
  return method === 'GET' && (url === '/health/live' || url === '/health/ready')
}
