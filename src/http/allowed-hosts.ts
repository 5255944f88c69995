/**
 * By which names clients may address the service. A web page can make its own name resolve to this machine and is then of
 * the same origin for the browser (DNS rebinding).
 */
import { ProblemError } from '../problem/problem-error.js'

/** Names that no DNS server resolves to another machine (RFC 6761, section 6.3), and IP addresses. */
const OWN_NAME = /^(?:(?:[\w-]+\.)*localhost\.?|[\d.]+|\[[\da-f:.]+\])$/i
const PORT = /:\d*$/

// Created once: most of the cost of an error is its stack.
const foreignHost = new ProblemError(
  'Forbidden',
  'Host must be localhost or an IP address, because a web page can point any other name at this machine (DNS ' +
    'rebinding). The request was not processed. Add the name to ALLOWED_HOSTS if the service has another one.',
)

/**
 * Returns a check that throws a `ProblemError` with the code `Forbidden` for a request to any other name.
 * @param allowed the setting `ALLOWED_HOSTS`
 * @param needsCredentials whether a request without credentials can do nothing: then a page of another origin, which has
 * none to send, cannot either, and any name will do unless `allowed` is set
 */
export function createHostCheck(
  allowed: readonly string[] | undefined,
  needsCredentials: () => boolean,
): (host: string | undefined) => void {
  if (allowed?.includes('*') === true) return () => undefined
  const names = new Set(allowed)
  // Callers use the same name again and again.
  let lastHost: string | undefined
  return (host) => {
    if (host === undefined || host === lastHost) return
    const name = host.replace(PORT, '').toLowerCase()
    if (OWN_NAME.test(name) || names.has(name)) lastHost = host
    else if (allowed !== undefined || !needsCredentials()) throw foreignHost
  }
}
