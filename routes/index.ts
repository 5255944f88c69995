import type { App } from '../src/http/fastify.js'
import type { OptionalRoute } from '../src/http/unmatched-routes.js'
import type { Route, Services } from '../src/operations/call.js'
import { allPages } from './all-pages.js'
import { changes } from './changes.js'
import { batch } from './batch.js'
import { collections } from './collection.js'
import { docs } from './docs.js'
import { errorPages } from './error-pages.js'
import { home } from './home.js'
import { importItems } from './import.js'
import { itemResource } from './item-resource.js'
import { items } from './items.js'
import { optionalOwnProtocol, ownProtocol } from './own-protocol.js'
import { service } from './service.js'
import { statements } from './statements.js'
import { optionalTableRoutes, tableAdmin, tables } from './tables.js'
import { transactions } from './transactions.js'

/** All routes of the service, in the order in which `openapi.yaml` lists them. */
const routes: readonly Route[] = [
  ...items,
  ...allPages,
  ...collections,
  changes,
  ...itemResource,
  ...batch,
  importItems,
  ...transactions,
  ...statements,
  ...tables,
  ...service,
  home,
  docs,
  errorPages,
]

/** What a caller is told who uses a route without its setting. */
export const optionalRoutes: readonly OptionalRoute[] = [...optionalTableRoutes, optionalOwnProtocol]

/** Registers all routes; those that administer tables only with `TABLE_ADMIN=true`, DynamoDB's own protocol with `WIRE_PROTOCOL=true`. */
export function registerRoutes(app: App, services: Services): void {
  for (const route of routes) route(app, services)
  if (services.config.tableAdmin) for (const route of tableAdmin) route(app, services)
  if (services.config.wireProtocol) ownProtocol(app, services)
}
