import type { FastifyRequest } from 'fastify'

/** What every line about a request says of it. The log redacts these members: see `createLogger`. */
export interface RequestFields {
  readonly method: string
  /** Undefined if no route matches. */
  readonly route: string | undefined
  /** Undefined if its path names no table. */
  readonly table: unknown
  readonly url: string
}

export function requestFields(request: FastifyRequest): RequestFields {
  const { method, params, url } = request
  const table = typeof params === 'object' && params !== null && 'table' in params ? params.table : undefined
  // Fastify makes an object of all options of the route each time.
  const route = request.call?.route ?? request.routeOptions.url
  return { method, route, table, url }
}
