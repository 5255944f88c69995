/** The routes of the API as Fastify registers them, with the HEAD routes that it adds. */
import Fastify, { type RouteOptions } from 'fastify'
import { registerRoutes } from '../../routes/index.js'
import type { DescribedRoute, RouteSchema } from '../../schemas/parts/route-schema.js'
import { readConfig } from '../../src/config.js'
import type { Services } from '../../src/operations/call.js'

export interface DescribedRouteOptions extends Omit<RouteOptions, 'schema'> {
  readonly schema: DescribedRoute
}

/**
 * The routes to describe, in their order.
 * @throws Error if a route has no `RouteSchema`
 */
export async function describedRoutes(): Promise<readonly DescribedRouteOptions[]> {
  const described: DescribedRouteOptions[] = []
  for (const route of await registeredRoutes()) {
    const schema = routeSchemaOf(route)
    if (schema.hide === true || (route.method === 'HEAD' && schema.head !== true)) continue
    described.push({ ...route, schema })
  }
  return described
}

/** Fastify's own type of a schema has only some of its members. */
function routeSchemaOf({ url, schema }: RouteOptions): RouteSchema {
  if (!isRouteSchema(schema)) throw new Error(`${url} has no RouteSchema`)
  return schema
}

function isRouteSchema(schema: object | undefined): schema is RouteSchema {
  return schema !== undefined && ('operationId' in schema || 'hide' in schema)
}

async function registeredRoutes(): Promise<readonly RouteOptions[]> {
  const found: RouteOptions[] = []
  const app = Fastify()
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.addHook('onRoute', (route) => {
    found.push(route)
  })
  // Nothing but the settings is used before the first request.
  registerRoutes(app, { config: readConfig({ TABLE_ADMIN: 'true' }) } as Services)
  await app.close()
  return found
}
