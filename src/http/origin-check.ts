/**
 * Which requests from browsers are served. Without access control everyone who can connect may read and write, and a
 * browser on the same machine can connect on behalf of every page that is open in it.
 */
import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

// Created once: most of the cost of an error is its stack.
const crossOrigin = new ProblemError(
  'Forbidden',
  'Web pages of another origin may not use this service. The request was not processed.',
)
const foreignHost = new ProblemError(
  'Forbidden',
  'Host must be localhost or an IP address, because a web page can point any other name at this machine (DNS ' +
    'rebinding). The request was not processed. Start the service with AUTH=none if it has another name.',
)

/** Names that no DNS server resolves to another machine (RFC 6761, section 6.3). */
const OWN_NAME = /^(?:(?:[\w-]+\.)*localhost\.?|[\d.]+|\[[\da-f:.]+\])(?::\d*)?$/i

/**
 * Returns a check that throws a `ProblemError` with the code `Forbidden` for:
 *
 * - requests that a page of another origin makes a browser send, by the rules of Go's
 *   net/http.CrossOriginProtection. A POST without `Content-Type` needs no CORS preflight. `GET` and `HEAD` are
 *   allowed: the browser does not show such a page the answer. Other clients send neither `Sec-Fetch-Site` nor `Origin`.
 * - without `AUTH`: requests to any name that is not this machine's own. A page can make its own name resolve to 127.0.0.1
 *   and is then of the same origin for the browser (DNS rebinding).
 *
 * @param auth the setting `AUTH`
 */
export function createOriginCheck(auth: string | undefined): (request: IncomingMessage) => void {
  // Callers use the same name again and again.
  let lastHost: string | undefined
  return ({ method, headers }) => {
    const { host } = headers
    if (auth === undefined && host !== lastHost) {
      if (host !== undefined && !OWN_NAME.test(host)) throw foreignHost
      lastHost = host
    }
    const { 'sec-fetch-site': site, origin } = headers
    if (site === undefined && origin === undefined) return
    if (method === 'GET' || method === 'HEAD') return
    const sameOrigin =
      site === undefined
        ? host !== undefined && hostOf(origin) === host
        : site === 'same-origin' || site === 'none'
    if (!sameOrigin) throw crossOrigin
  }
}

/** The host of an origin; undefined for the opaque origin `null`. */
function hostOf(origin: string | undefined): string | undefined {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : undefined
}
