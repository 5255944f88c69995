/**
 * Which requests of browsers are taken. The service does not ask who calls: whoever can connect may read and write. A
 * browser on the same machine can connect, and it runs the scripts of every page that somebody opens.
 */
import type { IncomingMessage } from 'node:http'
import type { Config } from '../config.js'
import { ProblemError } from '../problem/problem.js'

/** Made once; most of the cost of an error is its stack. */
const ofAnotherPage = new ProblemError(
  'Forbidden',
  'A web page of another origin may not use this service. The request was not begun.',
)
const byAnotherName = new ProblemError(
  'Forbidden',
  'Host must be localhost or an IP address, as a web page can have any other name stand for this machine. ' +
    'A service that has another name is started with AUTH=none. The request was not begun.',
)

/** No name in it that somebody's DNS server answers for (RFC 6761, section 6.3). */
const OWN_NAME = /^(?:(?:[\w-]+\.)*localhost\.?|[\d.]+|\[[\da-f:.]+\])(?::\d*)?$/i

/**
 * What refuses requests that a page of another origin has a browser send, which needs no preflight for a POST without
 * `Content-Type`; by the rules of Go's net/http.CrossOriginProtection. Such a page may still link to what is here and
 * have it asked for, but does not get to see the answer. Who is no browser sends neither `Sec-Fetch-Site` nor `Origin`.
 *
 * Where nobody has decided who may call, it refuses also what comes by another name than this machine's own: a page can
 * have its own name stand for 127.0.0.1 and then is, for the browser, of the same origin (DNS rebinding).
 *
 * It throws a ProblemError `Forbidden`.
 */
export function refusalOfOtherPages({ auth }: Config): (request: IncomingMessage) => void {
  // Callers use one name, again and again.
  let lastHost: string | undefined
  return ({ method, headers }) => {
    const { host } = headers
    if (auth === undefined && host !== lastHost) {
      if (host !== undefined && !OWN_NAME.test(host)) throw byAnotherName
      lastHost = host
    }
    const { 'sec-fetch-site': site, origin } = headers
    if (site === undefined && origin === undefined) return
    if (method === 'GET' || method === 'HEAD') return
    const same =
      site === undefined
        ? host !== undefined && hostOf(origin) === host
        : site === 'same-origin' || site === 'none'
    if (!same) throw ofAnotherPage
  }
}

/** Of an origin; undefined for that of a page which has none. */
function hostOf(origin: string | undefined): string | undefined {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : undefined
}
