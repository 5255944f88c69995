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
  const { method, url, observed } = request
  return { method, route: observed?.route, table: observed?.table, url }
}
