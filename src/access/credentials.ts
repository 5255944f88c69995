import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'
import { KEY_PREFIX } from './api-keys.js'

/** The scheme of RFC 6750, section 2.1. The word is case-insensitive (RFC 9110, section 11.1). */
const BEARER = /^bearer +([\x21-\x7e]+)$/i

const REALM = 'Bearer realm="dynamodb-storage-service"'

/**
 * The problem of a request whose credentials do not authenticate it, with the challenge of RFC 6750, section 3.
 * @param error `invalid_token` or `invalid_request`
 */
export function refuseCredentials(error: string, detail: string): ProblemError {
  const description = detail.replace(/\.$/, '').replace(/["\\]/g, '')
  return new ProblemError('Unauthenticated', detail, {
    headers: { 'www-authenticate': `${REALM}, error="${error}", error_description="${description}"` },
  })
}

/** Without credentials, a challenge has no error code (RFC 6750, section 3.1). Created once, as errors are expensive. */
export const unauthenticated = new ProblemError('Unauthenticated', 'The request has no credentials.', {
  headers: { 'www-authenticate': REALM },
  exception: 'MissingAuthenticationTokenException',
})

/** The one answer to every API key that is not valid. */
export const invalidKey = refuseCredentials('invalid_token', 'The API key is not valid.')
const malformed = refuseCredentials(
  'invalid_request',
  'Authorization must be Bearer with an API key or a token.',
)
const twice = new ProblemError(
  'InvalidRequest',
  'headers/authorization and headers/x-api-key are both there. Send only one of them.',
)

/**
 * The API key or token of a request; undefined without one.
 * @throws ProblemError for both headers at once, another scheme than Bearer, or a token in `x-api-key`
 */
export function credentialsOf({
  authorization,
  'x-api-key': apiKey,
}: IncomingHttpHeaders): string | undefined {
  if (apiKey !== undefined) {
    if (authorization !== undefined) throw twice
    if (typeof apiKey !== 'string' || !apiKey.startsWith(KEY_PREFIX)) throw invalidKey
    return apiKey
  }
  if (authorization === undefined) return undefined
  const credentials = BEARER.exec(authorization)?.[1]
  if (credentials === undefined) throw malformed
  return credentials
}
