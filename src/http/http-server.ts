/**
 * The HTTP server underneath Fastify: how long it waits for its callers, whom it refuses before anything is done for
 * them, and how it parts with those it has.
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
import { type Admission, tooBusy } from './admission.js'
import type { Config } from '../config.js'
import { ProblemError, problemText } from '../problem/problem.js'

/** A connection without a request is closed after this time, in ms: later than load balancers do it. */
const KEEP_ALIVE_MS = 72_000
const MAX_TIMER_MS = 2 ** 31 - 1
/** How often requests that come too slowly are looked for, in ms. */
const CHECK_MS = 500
const RECEIVED_BY = Symbol('when the whole request must have arrived, on the clock of performance.now()')
/** When the server closes, a request that is on its way already has this time to arrive, in ms. */
const LINGER_MS = 300
/** Refusals are logged at most this often, in ms: what must be cheap for the service must be cheap for its log. */
const LOG_MS = 1000

/** What any id of a caller's may look like: it stands in logs and headers, where nothing may be smuggled in. */
const SANE_REQUEST_ID = /^[\w.:/+=@-]{1,128}$/

/** The `x-request-id` of the caller, if it sent a sane one, else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const id = headers['x-request-id']
  return typeof id === 'string' && SANE_REQUEST_ID.test(id) ? id : randomUUID()
}

/**
 * Sets when a request must have arrived as a whole, its body included, on the clock of `performance.now()`; its connection
 * is closed if it has not. Without it, that is `REQUEST_TIMEOUT_MS` after the end of its headers.
 */
export function receiveBy(request: IncomingMessage & { [RECEIVED_BY]?: number }, time: number): void {
  request[RECEIVED_BY] = time
}

/** What is under way on a connection. */
interface OnConnection {
  /** The one that came last; all before it have arrived as a whole. */
  request: (IncomingMessage & { [RECEIVED_BY]?: number }) | undefined
  /** In the order of their requests. */
  readonly responses: ServerResponse[]
}

/** @param handler is given the requests that are admitted */
export function createHttpServer(
  handler: RequestListener,
  { requestTimeoutMs }: Config,
  admission: Admission,
  logger: FastifyBaseLogger,
): Server {
  let refused = 0
  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    // A connection that outlives its last request would hold up the end of the process.
    sendRefusal(request, response, server.listening ? 'keep-alive' : 'close')
    if (refused++ > 0) return
    setTimeout(() => {
      logger.warn({ refused }, 'too many requests under way; some were refused with 503')
      refused = 0
    }, LOG_MS).unref()
  }

  const connections = new Map<Socket, OnConnection>()

  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: requestTimeoutMs,
      // It would be that of the body too, and there are bodies that may take as long as they like.
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      const connection = connections.get(request.socket)
      if (connection !== undefined) connection.request = request
      receiveBy(request, performance.now() + requestTimeoutMs)
      if (!isHealthCheck(request) && !admission.enter(request)) {
        refuse(request, response)
        return
      }
      const responses = connection?.responses ?? []
      responses.push(response)
      response.on('close', () => {
        const index = responses.indexOf(response)
        if (index !== -1) responses.splice(index, 1)
        admission.leave(request)
        // Its headers may have gone out, and have promised that the connection stays, before the server was to close.
        if (!server.listening && responses.length === 0) setTimeout(closeIdleConnections, LINGER_MS)
      })
      handler(request, response)
    },
  )
  const checking = setInterval(() => {
    const now = performance.now()
    for (const [socket, { request }] of connections) {
      if (request?.complete === false && now > (request[RECEIVED_BY] ?? Infinity)) socket.destroy()
    }
  }, CHECK_MS).unref()
  server.on('close', () => {
    clearInterval(checking)
  })
  // A caller that neither sends nor reads is not waited for longer than for anything else.
  server.setTimeout(Math.min(requestTimeoutMs + KEEP_ALIVE_MS, MAX_TIMER_MS))
  server.on('clientError', answerClientError)
  server.on('connection', (socket: Socket) => {
    const responses: ServerResponse[] = []
    connections.set(socket, { request: undefined, responses })
    socket.once('close', () => {
      connections.delete(socket)
      // One that waits behind another does not always learn that its connection is gone (Node.js 20).
      for (const response of responses.slice()) response.emit('close')
    })
  })

  // To close a connection at the moment when it is idle would cut off a request that is on its way.
  const closeIdleConnections = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    setTimeout(closeIdleConnections, LINGER_MS)
    // The last answer that is owed on a connection ends it; those of pipelined requests in front of it must not.
    for (const { responses } of connections.values()) {
      const last = responses.at(-1)
      if (last !== undefined) last.shouldKeepAlive = false
    }
  }
  return server
}

/** They cost nothing, and are asked for most when there is too much to do. */
function isHealthCheck({ method, url }: IncomingMessage): boolean {
  return method === 'GET' && (url === '/health/live' || url === '/health/ready')
}

/** Answers without Fastify, at a fraction of the cost: under overload, what refusing costs is lost for serving. */
function sendRefusal(request: IncomingMessage, response: ServerResponse, connection: string): void {
  const id = requestIdOf(request)
  const body = problemText(tooBusy, id, request.url ?? '')
  response.writeHead(503, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'retry-after': '1',
    connection,
    'x-request-id': id,
  })
  response.end(body)
}

/** Answers what is no HTTP request, or came too slowly. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // While an answer is owed on this socket, anything written to it would be taken for that answer.
  const answering = '_httpMessage' in socket && socket._httpMessage !== null
  if (error.code === 'ECONNRESET' || answering || !socket.writable) {
    socket.destroy()
    return
  }
  const id = randomUUID()
  const problem = new ProblemError('InvalidRequest', `This is not HTTP as it should be: ${error.message}`)
  const body = problemText(problem, id, '')
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\nx-request-id: ${id}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
