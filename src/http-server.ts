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
import type { Config } from './config.js'
import { ProblemError, problemText } from './problem.js'

/** A connection without a request is closed after this time, in ms: later than load balancers do it. */
const KEEP_ALIVE_MS = 72_000
const MAX_TIMER_MS = 2 ** 31 - 1
/** How often requests that come too slowly are looked for, in ms. */
const CHECK_MS = 500
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

  /** The responses that are under way, by their connection, in the order of their requests. */
  const underWay = new Map<Socket, ServerResponse[]>()

  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The time to receive a whole request, body included.
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: CHECK_MS,
    },
    (request, response) => {
      if (!isHealthCheck(request) && !admission.enter(request)) {
        refuse(request, response)
        return
      }
      const responses = underWay.get(request.socket) ?? []
      responses.push(response)
      response.on('close', () => {
        const index = responses.indexOf(response)
        if (index !== -1) responses.splice(index, 1)
        admission.leave(request)
      })
      handler(request, response)
    },
  )
  // A caller that neither sends nor reads is not waited for longer than for anything else.
  server.setTimeout(Math.min(requestTimeoutMs + KEEP_ALIVE_MS, MAX_TIMER_MS))
  server.on('clientError', answerClientError)
  server.on('connection', (socket: Socket) => {
    const responses: ServerResponse[] = []
    underWay.set(socket, responses)
    socket.once('close', () => {
      underWay.delete(socket)
      // One that waits behind another does not always learn that its connection is gone (Node.js 20).
      for (const response of responses.slice()) response.emit('close')
    })
  })

  // To close a connection at the moment when it is idle would cut off a request that is on its way.
  const closeIdleConnections = server.closeIdleConnections.bind(server)
  server.closeIdleConnections = () => {
    setTimeout(closeIdleConnections, LINGER_MS)
    // The last answer that is owed on a connection ends it; those of pipelined requests in front of it must not.
    for (const responses of underWay.values()) {
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
