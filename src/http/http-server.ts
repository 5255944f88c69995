/**
 * The HTTP server underneath Fastify: its timeouts, the requests that it refuses before they cost anything, and how it
 * closes connections.
 */
import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { ProblemError, problemResponse, problemText } from '../problem/problem-error.js'
import { type Admission, overloaded } from './admission.js'
import { limitRest, lingerOnClose } from './lingering-close.js'
import { requestIdOf } from './request-id.js'
import type { TlsFiles } from './tls-files.js'

/** A connection without a request is closed after this time, in ms: later than load balancers close theirs. */
const KEEP_ALIVE_MS = 72_000
const MAX_TIMER_MS = 2 ** 31 - 1
/** The interval at which requests that arrive too slowly are looked for, in ms. */
const CHECK_MS = 500
/** When the server closes, requests that are already on their way have this time to arrive, in ms. */
const ARRIVAL_MS = 300
/** Refusals are logged at most once in this interval, in ms: load shedding must be cheap for the log, too. */
const LOG_MS = 1000

const ARRIVES_BY = Symbol('when the whole request must have arrived, on the clock of performance.now()')

type TimedRequest = IncomingMessage & { [ARRIVES_BY]?: number }

/**
 * Sets the time at which a request must have arrived as a whole, on the clock of `performance.now()`; its connection is
 * destroyed if it has not. By default that is `REQUEST_TIMEOUT_MS` after the end of its headers.
 */
export function setArrivalDeadline(request: TimedRequest, time: number): void {
  request[ARRIVES_BY] = time
}

interface Connection {
  /** The last request; all earlier ones have arrived as a whole. */
  request: TimedRequest | undefined
  /** The responses that have not ended, in the order of their requests. */
  readonly responses: ServerResponse[]
}

/**
 * Creates the server.
 * @param handler gets the requests that are admitted
 * @param requestTimeoutMs the time in which a request has to arrive, in ms
 * @param tls for HTTPS
 */
export function createHttpServer(
  handler: RequestListener,
  requestTimeoutMs: number,
  admission: Admission,
  logger: FastifyBaseLogger,
  tls?: TlsFiles,
): Server {
  let refused = 0
  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    // During a shutdown, a connection that stays open after its last answer would delay the end of the process.
    sendRefusal(request, response, server.listening ? 'keep-alive' : 'close')
    if (refused++ > 0) return
    setTimeout(() => {
      logger.warn({ refused }, 'overloaded: refused requests with 503')
      refused = 0
    }, LOG_MS).unref()
  }

  const connections = new Map<Socket, Connection>()

  const create = tls?.createServer ?? createServer
  const server: Server = create(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: requestTimeoutMs,
      // Node's own limit covers the body, too, and an import may take as long as it needs. See ARRIVES_BY.
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      const { socket } = request
      const connection = connections.get(socket)
      if (connection !== undefined) connection.request = request
      setArrivalDeadline(request, performance.now() + requestTimeoutMs)
      if (!isHealthCheck(request) && !admission.enter(request)) {
        response.on('close', () => {
          limitRest(socket, request)
        })
        refuse(request, response)
        return
      }
      const responses = connection?.responses ?? []
      responses.push(response)
      response.on('close', () => {
        const index = responses.indexOf(response)
        if (index !== -1) responses.splice(index, 1)
        admission.leave(request)
        limitRest(socket, request)
        // Its headers may have promised keep-alive before the server was closed.
        if (!server.listening && responses.length === 0) setTimeout(closeIdleConnections, ARRIVAL_MS)
      })
      handler(request, response)
    },
  )
  const checking = setInterval(() => {
    const now = performance.now()
    for (const [socket, { request }] of connections) {
      if (request?.complete === false && now > (request[ARRIVES_BY] ?? Infinity)) socket.destroy()
    }
  }, CHECK_MS).unref()
  server.on('close', () => {
    clearInterval(checking)
  })
  // The limit for a connection on which nothing is sent and nothing is read.
  server.setTimeout(Math.min(requestTimeoutMs + KEEP_ALIVE_MS, MAX_TIMER_MS))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (connections.has(socket)) answerClientError(error, socket)
    // The TLS handshake has failed: there is nobody to answer.
    else socket.destroy()
  })
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const connection: Connection = { request: undefined, responses: [] }
    connections.set(socket, connection)
    lingerOnClose(socket, () => connection.request)
    socket.once('close', () => {
      connections.delete(socket)
      // A pipelined response that waits for an earlier one does not always get its own 'close' (Node.js 20).
      for (const response of connection.responses.slice()) response.emit('close')
    })
  })

  // A connection that is idle now may have a request on its way, which an immediate close would lose.
  const closeIdleConnections = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    setTimeout(closeIdleConnections, ARRIVAL_MS)
    // The last response that is owed on a connection closes it; earlier pipelined ones must not.
    for (const { responses } of connections.values()) {
      const last = responses.at(-1)
      if (last !== undefined) last.shouldKeepAlive = false
    }
  }
  return server
}

/** Health checks bypass admission: they cost nothing, and matter most under overload. */
function isHealthCheck({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && (url === '/health/live' || url === '/health/ready')
}

/** Refuses without Fastify, at a fraction of the cost: under overload, refusing takes CPU time away from serving. */
function sendRefusal(request: IncomingMessage, response: ServerResponse, connection: string): void {
  const id = requestIdOf(request)
  const body = problemText(overloaded, id, request.url ?? '')
  response.writeHead(overloaded.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'retry-after': '1',
    connection,
    'x-request-id': id,
  })
  response.end(body)
}

/** Answers bytes that are not HTTP, and requests whose headers arrive too slowly. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // While an answer is owed on this socket, the client would take anything that is written for that answer.
  const answering = '_httpMessage' in socket && socket._httpMessage !== null
  if (error.code === 'ECONNRESET' || answering || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = new ProblemError('InvalidRequest', `Malformed HTTP request: ${error.message}`)
  socket.end(problemResponse(problem, randomUUID()))
}
