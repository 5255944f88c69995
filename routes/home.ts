import { home as schema } from '../schemas/home.js'
import { preferredMediaType } from '../src/http/content-negotiation.js'
import type { Route } from '../src/operations/call.js'

const JSON_INDEX = { mediaType: 'application/json' }
const HTML = { mediaType: 'text/html' }

const PATHS = {
  service: 'dynamodb-storage-service',
  documentation: '/docs',
  openapi: '/openapi.json',
  errors: '/errors',
  tables: '/v1/tables',
  health: '/health/ready',
}

/** For people: on several lines, as they read it with curl. */
const INDEX = `${JSON.stringify(PATHS, null, 2)}\n`

/** The root: browsers are redirected to `/docs`, and every other client gets the paths to begin with. */
export const home: Route = (app) => {
  app.get('/', { schema }, async ({ headers }, reply) => {
    reply.header('vary', 'accept')
    if (preferredMediaType(headers.accept, [JSON_INDEX, HTML]) !== HTML) {
      reply.header('content-type', JSON_INDEX.mediaType)
      return INDEX
    }
    // Relative, because the service may be served below a path.
    reply.code(302).header('location', 'docs')
    return undefined
  })
}
