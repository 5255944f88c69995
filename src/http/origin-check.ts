/**
 * Which requests from browsers are served. A browser sends requests on behalf of every page that is open in it, also to
 * addresses that only its own machine can reach.
 */
import type { IncomingMessage } from 'node:http'
import { pathOf, ProblemError } from '../problem/problem-error.js'

// Created once: most of the cost of an error is its stack.
const crossOrigin = new ProblemError(
  'Forbidden',
  'Web pages of another origin may not use this service. The request was not processed. The operator can allow an ' +
    'origin with CORS_ORIGINS.',
)

/**
 * Returns a check that throws a `ProblemError` with the code `Forbidden` for requests that a page of another origin makes
 * a browser send, by the rules of Go's net/http.CrossOriginProtection. A POST without `Content-Type` needs no CORS
 * preflight. It also refuses `GET`: a page cannot read the answer, but can see whether it is an error. Only a link to a
 * page outside the API is followed. Other clients send neither `Sec-Fetch-Site` nor `Origin`.
 * @param allowed the setting `CORS_ORIGINS`
 */
export function createOriginCheck(
  allowed: readonly string[] | undefined,
): (request: IncomingMessage) => void {
  const any = allowed?.includes('*') === true
  const origins = new Set(allowed)
  return (request) => {
    const { 'sec-fetch-site': site, origin, host } = request.headers
    if (site === undefined && origin === undefined) return
    const isSame =
      site === undefined
        ? host !== undefined && hostOf(origin) === host
        : site === 'same-origin' || site === 'none'
    if (isSame || any || (origin !== undefined && origins.has(origin)) || isLink(request)) return
    throw crossOrigin
  }
}

/** Whether the user follows a link to a page, such as `/docs`, and not to the data. */
function isLink({ method, url = '', headers }: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers
  const isNavigation = mode === 'navigate' && destination === 'document'
  return (method === 'GET' || method === 'HEAD') && isNavigation && !pathOf(url).startsWith('/v1')
}

/** The host of an origin; undefined for the opaque origin `null`. */
function hostOf(origin: string | undefined): string | undefined {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : undefined
}
