import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Observe } from '../observability/events.js'
import type { Metrics } from '../observability/metrics/metrics.js'
import { ObservedRequest } from '../observability/observed-request.js'
import type { App } from './fastify.js'

/** Tells when each request begins and ends. To be called before any other hook is added, since each may end a request. */
export function observeRequests(app: App, observe: Observe): void {
  app.decorateRequest('observed', null)
  app.addHook('onRequest', (request, reply, done) => {
    beginRequest(observe, request, reply)
    done()
  })
}

/** For a request on which no hook runs. */
export function beginRequest(observe: Observe, request: FastifyRequest, reply: FastifyReply): void {
  const observed = new ObservedRequest(request, reply)
  request.observed = observed
  observe('requestStarted', observed, observed)
  const { raw } = reply
  // Node.js emits it whether the answer was sent or the connection broke off; in the second case, connection.ts does so, too.
  raw.once('close', () => {
    const outcome = raw.writableFinished
      ? ('complete' as const)
      : observed.brokenOffBy === undefined
        ? ('disconnected' as const)
        : ('broken off' as const)
    const status = raw.headersSent ? raw.statusCode : undefined
    const durationMs = performance.now() - observed.startedAt
    const { bytesRead: bytesIn } = observed
    const bytesOut = observed.bytesWritten > 0 ? observed.bytesWritten : sizeOf(reply, request.method)
    const { problem } = request
    const event = { request: observed, status, problem, outcome, durationMs, bytesIn, bytesOut }
    observe('requestEnded', event, observed)
  })
}

/** The size of the body of an answer that was sent at once, in bytes. */
function sizeOf(reply: FastifyReply, method: string): number {
  if (method === 'HEAD' || !reply.raw.headersSent) return 0
  return Number(reply.getHeader('content-length') ?? 0)
}

/** Tells the metrics every route before it is called, with the status of its success. */
export function observeRoutes(app: App, { addRoute }: Pick<Metrics, 'addRoute'>): void {
  app.addHook('onRoute', ({ method, url, schema }) => {
    const { response } = schema ?? {}
    const [status = '200'] = typeof response === 'object' && response !== null ? Object.keys(response) : []
    for (const one of [method].flat()) addRoute(one, url, status)
  })
}
