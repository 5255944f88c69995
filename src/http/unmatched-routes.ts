/** Requests that no route matches: what the answer can tell the caller besides that. */
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { clip, pathOf, ProblemError } from '../problem/problem-error.js'
import { isPercentEncoded } from './percent-encoding.js'

/** A route that exists only with a setting. */
export interface OptionalRoute {
  readonly method: string
  readonly url: string
  /** Such as `TABLE_ADMIN=true`. */
  readonly setting: string
}

/** The paths of all routes with their methods, to tell an unknown path from an unsupported method. */
export class RouteTable {
  readonly #methods = new Map<string, Set<string>>()
  readonly #optional: readonly OptionalRoute[]

  /** @param optional routes that a setting switches off */
  constructor(optional: readonly OptionalRoute[]) {
    this.#optional = optional
  }

  /** For Fastify's hook `onRoute`. */
  readonly add = ({ url, method }: RouteOptions): void => {
    const methods = this.#methods.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    this.#methods.set(url, methods)
  }

  /**
   * Fastify's handler for requests that no route matches.
   * @throws ProblemError 405 with `Allow` (RFC 9110, section 15.5.6) if the path exists, otherwise 404
   */
  readonly refuse = ({ method, url: target }: FastifyRequest, reply: FastifyReply): never => {
    const path = pathOf(target)
    const url = this.#routeOf(path)
    if (url === undefined) throw new ProblemError('RouteNotFound', this.#notFound(method, path))
    const allowed = [...(this.#methods.get(url) ?? [])]
    reply.header('allow', allowed.join(', '))
    const optional = this.#optional.find((route) => route.method === method && route.url === url)
    throw new ProblemError(
      'MethodNotAllowed',
      optional === undefined
        ? `${clip(path)} does not support ${method}. Use ${listOf(allowed)}.`
        : `${method} ${clip(path)} is disabled. Start the service with ${optional.setting} to enable it.`,
    )
  }

  /** The pattern of the route with this path. */
  #routeOf(path: string): string | undefined {
    return [...this.#methods.keys()].find((pattern) => matches(pattern, path))
  }

  #notFound(method: string, path: string): string {
    const likely = [`/v1${path}`, path.replace(/\/$/, ''), `/v1${path}`.replace(/\/$/, '')]
    const meant = likely.find((other) => this.#routeOf(other) !== undefined)
    const next = meant === undefined ? 'The page /docs lists all routes.' : `Did you mean ${clip(meant)}?`
    return `There is no route ${method} ${clip(path)}. ${next}`
  }
}

/** `POST`, `GET or HEAD`, `GET, HEAD, or PUT`. */
function listOf(words: readonly string[]): string {
  return new Intl.ListFormat('en-US', { type: 'disjunction' }).format(words)
}

/** Whether a path matches the pattern of a route, such as `/v1/tables/:table/get`. */
function matches(pattern: string, path: string): boolean {
  const steps = path.split('/')
  const wanted = pattern.split('/')
  return (
    steps.length === wanted.length &&
    wanted.every((step, index) => (step.startsWith(':') ? steps[index] !== '' : step === steps[index]))
  )
}

/** The problem for a path that is not percent-encoded UTF-8, which the router cannot read; undefined if it is. */
export function unreadablePath(target: string): ProblemError | undefined {
  const [, ...parts] =
    /^\/v1\/tables\/([^/]*)(?:\/indexes\/([^/]*))?(?:\/items\/([^/]*)(?:\/([^/]*))?)?/.exec(pathOf(target)) ??
    []
  const names = ['table', 'index', 'partitionKey', 'sortKey']
  const wrong = names.find((_, index) => !isPercentEncoded(parts[index] ?? ''))
  if (wrong === undefined) return undefined
  return new ProblemError('InvalidRequest', `params/${wrong} is not percent-encoded UTF-8`)
}
