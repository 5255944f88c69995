import { NoQuery } from '../schemas/parts/paths.js'
import type { OptionalRoute } from '../src/http/unmatched-routes.js'
import { audited } from '../src/operations/audited.js'
import type { Parameters, Route } from '../src/operations/call.js'
import { serveOwnProtocol } from '../src/operations/own-protocol.js'

const schema = { hide: true, querystring: NoQuery }

/**
 * DynamoDB's own protocol. Only with `WIRE_PROTOCOL=true`. Not in `openapi.yaml`: its clients are the AWS SDKs, which have
 * DynamoDB's own description of it.
 */
export const ownProtocol: Route = (app, services) => {
  const handler = audited(undefined, services.audit, (request, reply) =>
    serveOwnProtocol(services, request, reply),
  )
  app.route<Parameters>({ method: 'POST', url: '/', schema, validatorCompiler: () => () => true, handler })
}

/** What a caller is told who uses it without the setting. */
export const optionalOwnProtocol: OptionalRoute = { method: 'POST', url: '/', setting: 'WIRE_PROTOCOL=true' }
