/** Why there is no connection, for the log and for readiness: with the host and the error code, and without secrets. */

/** The proxy cannot be reached, or refuses. The message names it, without its password. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
}

const UNRESOLVED: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'])

/**
 * Such as `the host dynamodb.eu-cental-1.amazonaws.com does not resolve (ENOTFOUND)`. Node.js's own message is empty if
 * a name has several addresses and none of them accepts a connection.
 * @param to the host to which a connection was wanted, with the port: of DynamoDB, or of the proxy
 * @param cause of Node.js or undici
 */
export function networkMessage(to: string, cause: unknown): string {
  if (cause instanceof ProxyError) return cause.message
  const code = codeOf(cause)
  if (code === undefined) return `the connection to ${to} failed`
  const host = to.replace(/:\d+$/, '')
  if (UNRESOLVED.has(code)) return `the host ${host} does not resolve (${code})`
  if (code === 'ECONNREFUSED') return `${to} refused the connection (${code})`
  // Node.js names them after OpenSSL's errors (https://nodejs.org/api/tls.html, "X509 certificate error codes").
  if (/CERT|SSL|TLS|^UNABLE_TO_|^EPROTO$/.test(code)) return `TLS with ${to} failed (${code})`
  return `the connection to ${to} failed (${code})`
}

/**
 * What an operator reads of it.
 * @param reason that {@link networkMessage} has returned
 */
export function unreachableMessage(reason: string): string {
  return `DynamoDB cannot be reached: ${reason}. Check AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB, the proxy settings and the network.`
}

/** The code of an error: its own, or that of its first cause that has one. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : codeOf(error.cause)
}
