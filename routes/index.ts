import type { App } from '../src/http/fastify.js'
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
import { service } from './service.js'
import { tableAdmin, tables } from './tables.js'
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
  ...tables,
  ...service,
  home,
  docs,
  errorPages,
]

/** Registers all routes; those that administer tables only with `TABLE_ADMIN=true`. */
export function registerRoutes(app: App, services: Services): void {
  for (const route of routes) route(app, services)
  if (services.config.tableAdmin) for (const route of tableAdmin) route(app, services)
}
