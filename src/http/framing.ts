/**
 * Requests that Node.js accepts although another server on their way could read them differently: where they end, or
 * whom they address (request smuggling). They are refused (RFC 9112, sections 3.2 and 6.1), and the connection is closed,
 * because what follows them may be part of an attack.
 */
import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

// Created once: most of the cost of an error is its stack.
const invalid = (detail: string) => new ProblemError('InvalidRequest', detail)
const otherVersion = invalid('The service supports HTTP/1.1 and HTTP/1.0.')
const noHost = invalid('The request has no Host header.')
const invalidHost = invalid('The Host header is not a host name with an optional port.')
const otherAuthority = invalid('The request target names another host than the Host header.')
const otherTarget = invalid('The request target must be a path.')
const otherCoding = invalid('The only supported Transfer-Encoding is chunked. Send the body uncompressed.')
const codingInOldVersion = invalid(
  'HTTP/1.0 has no Transfer-Encoding. Send a Content-Length, or use HTTP/1.1.',
)

export const expectationFailed = new ProblemError(
  'ExpectationFailed',
  'The only supported expectation is 100-continue. Leave out the header Expect.',
)

/** Fields that occur once, by the lengths of their names. Of several, Node.js takes the first; others may take the last. */
const SINGLE = new Map(
  ['host', 'authorization', 'content-type'].map((name) => [
    name.length,
    { name, problem: invalid(`The header ${name} occurs more than once.`) },
  ]),
)

/** RFC 3986, section 3.2, without user information and without characters that no host name has. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~%-]*)(?::\d*)?$/i
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i
const SLASH = 47

/** Whether it is a host name, or an IP address, with an optional port. */
export function isHost(value: string): boolean {
  return HOST.test(value)
}

/** Returns a check that finds what is wrong with a request, as far as its head tells; undefined if nothing is. */
export function createFramingCheck(): (request: IncomingMessage) => ProblemError | undefined {
  // Callers use the same name again and again.
  let lastHost: string | undefined
  return ({ headers, rawHeaders, url = '', httpVersionMajor, httpVersionMinor }) => {
    if (httpVersionMajor !== 1) return otherVersion
    const { host, 'transfer-encoding': coding } = headers
    if (host === undefined) {
      if (httpVersionMinor > 0) return noHost
    } else if (host !== lastHost) {
      if (!isHost(host)) return invalidHost
      lastHost = host
    }
    if (coding !== undefined) {
      if (httpVersionMinor === 0) return codingInOldVersion
      if (coding.toLowerCase() !== 'chunked') return otherCoding
    }
    const repeated = repeatedField(rawHeaders)
    if (repeated !== undefined) return repeated
    if (url.charCodeAt(0) === SLASH || url === '*') return undefined
    const authority = ABSOLUTE.exec(url)?.[1]
    if (authority === undefined) return otherTarget
    return withoutDefaultPort(authority) === withoutDefaultPort(host ?? '') ? undefined : otherAuthority
  }
}

/** A body of this size, in bytes, arrives in one piece. */
const ONE_READ = 16 * 1024

/**
 * Whether Node.js may stop reading the connection for good: it ignores a request to upgrade (`Upgrade: h2c`), but loses
 * count if it then discards a long body, because the answer did not wait for it. The connection has to be closed.
 */
export function mayStall({ headers }: IncomingMessage): boolean {
  if (headers.upgrade === undefined) return false
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  return coding !== undefined || Number(length ?? 0) > ONE_READ
}

/** Comparing lengths first makes this as cheap as it has to be for every request. */
function repeatedField(rawHeaders: readonly string[]): ProblemError | undefined {
  let seen = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    const single = SINGLE.get(name.length)
    if (single === undefined) continue
    if (name.toLowerCase() !== single.name) continue
    const bit = 1 << name.length
    if ((seen & bit) !== 0) return single.problem
    seen |= bit
  }
  return undefined
}

function withoutDefaultPort(authority: string): string {
  return authority.toLowerCase().replace(/:(?:80|443)?$/, '')
}
