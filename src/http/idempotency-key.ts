import { ProblemError } from '../problem/problem-error.js'

/** A string of RFC 9651, section 3.3.3, with the parameters that may follow it, which have no meaning here. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?:\s*;[\x20-\x7e]*)?$/
/** Every character that needs no quotes in practice: those of tokens, UUIDs and base64. */
const BARE = /^[\w.:/+=@~!#$%&'*^`|-]+$/

/**
 * The key in the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a quoted string (RFC 9651) or a
 * bare token. `"abc"` and `abc` are the same key.
 * @returns undefined without the header
 * @throws ProblemError if it is neither
 */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header).trim()
  if (BARE.test(text)) return text
  const quoted = QUOTED.exec(text)?.[1]
  if (quoted !== undefined && quoted !== '') return quoted.replace(/\\(["\\])/g, '$1')
  throw new ProblemError(
    'InvalidRequest',
    'headers/idempotency-key must be a quoted string, such as "8e03978e-40d5-43dd-bc93-6894a57f9324", or a bare token',
  )
}

/** The key as a header, which {@link idempotencyKeyOf} reads as the same key. */
export function formatIdempotencyKey(key: string): string {
  return BARE.test(key) ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
}
