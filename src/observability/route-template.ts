import { Keyed } from './keyed.js'

const templates = new Keyed((pattern: string) => pattern.replace(/:(\w+)/g, '{$1}'))

/** `/v1/tables/{table}` for Fastify's `/v1/tables/:table`. There are only as many as there are routes. */
export function routeTemplate(pattern: string): string {
  return templates.get(pattern)
}
