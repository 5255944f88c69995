import type { ObservedRequest } from '../observability/observed-request.js'
import type { App } from './fastify.js'

/**
 * Adds `Server-Timing` (W3C Server Timing) to every answer: the time in ms for authentication, all attempts to call
 * DynamoDB, all waits before retries, and the translation of items; and `x-consumed-capacity`, in capacity units.
 */
export function addServerTiming(app: App): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (request.observed !== null) reply.headers(timingHeaders(request.observed))
    done()
  })
}

/** For an answer that Fastify does not send itself. */
export function timingHeaders(request: ObservedRequest): Record<string, string> {
  const { stepMs, upstreamMs, retryMs, capacityUnits } = request
  const steps = { auth: stepMs.auth, upstream: upstreamMs, retry: retryMs, translate: stepMs.translate }
  const timing = Object.entries(steps).map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`)
  return {
    'server-timing': timing.join(', '),
    ...(capacityUnits !== undefined && { 'x-consumed-capacity': String(capacityUnits) }),
  }
}
