import { live as liveSchema, ready as readySchema } from '../schemas/health.js'
import { ProblemError } from '../src/problem/problem.js'
import type { Route } from '../src/operations/operation.js'

/** The process answers, whatever becomes of DynamoDB. */
export const live: Route = (app) => {
  app.get('/health/live', { schema: liveSchema, logLevel: 'warn' }, async () => ({
    status: 'live' as const,
  }))
}

/** One look at DynamoDB serves everybody who asks within this time, in ms. */
const KEPT_MS = 500
/** No look takes longer than this, in ms. */
const TIMEOUT_MS = 1000

/** DynamoDB answers too. */
export const ready: Route = (app) => {
  let since = -Infinity
  let look = Promise.resolve()
  app.get('/health/ready', { schema: readySchema, logLevel: 'warn' }, async () => {
    if (app.closing) throw new ProblemError('ServiceUnavailable', 'The service is shutting down.')
    if (performance.now() - since > KEPT_MS) {
      since = performance.now()
      look = app.storage.ping(TIMEOUT_MS)
    }
    try {
      await look
    } catch (cause) {
      throw new ProblemError('ServiceUnavailable', 'DynamoDB does not answer, or not this service.', {
        cause,
      })
    }
    return { status: 'ready' as const }
  })
}
