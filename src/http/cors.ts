import cors from '@fastify/cors'
import type { App } from './fastify.js'

/** For how long a browser may keep the answer to a preflight, in seconds. */
const PREFLIGHT_S = 600

/**
 * Lets pages of these origins read the answers (Fetch Standard, "CORS protocol"), errors included. Credentials of the
 * browser, such as cookies, are never allowed: a page sends its API key or token itself.
 * @param origins the setting `CORS_ORIGINS`
 */
export function allowOrigins(app: App, origins: readonly string[] | undefined): void {
  if (origins === undefined) return
  const options = {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: PREFLIGHT_S,
    // The request headers are those that the preflight asks for.
    exposedHeaders: [
      ...['accept-patch', 'allow', 'etag', 'idempotency-key', 'last-event-id', 'link', 'ratelimit'],
      ...['ratelimit-policy', 'retry-after', 'server-timing', 'www-authenticate', 'x-amz-crc32'],
      ...['x-amzn-requestid', 'x-consumed-capacity', 'x-request-id'],
    ],
  }
  app.register(cors, {
    // Any other OPTIONS is answered as on routes without CORS; the plugin would answer it with plain text.
    delegator: ({ headers }, use) => {
      const { origin = '', 'access-control-request-method': method = '' } = headers
      use(null, { ...options, preflight: origin !== '' && method !== '' })
    },
  })
}
