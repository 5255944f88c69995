import { ProblemError } from '../problem/problem-error.js'

/** A value of a parameter: a string, or a token, number or other bare item without white space (RFC 9651, section 3.3). */
const VALUE = String.raw`(?:"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[\w.:/+=@~!#$%&'*^|?-]+)`
/** Parameters that may follow an item, which have no meaning here (RFC 9651, section 3.1.2). */
const PARAMETERS = String.raw`(?:\s*;\s*[a-z*][\w.*-]*(?:=${VALUE})?)*`
/** A string of RFC 9651, section 3.3.3. */
const QUOTED = new RegExp(String.raw`^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"${PARAMETERS}$`)
/** Every character that needs no quotes in practice: those of tokens, UUIDs and base64. */
const CHARACTERS = String.raw`[\w.:/+=@~!#$%&'*^\x60|-]+`
const BARE = new RegExp(`^(${CHARACTERS})${PARAMETERS}$`)
const ONLY_BARE = new RegExp(`^${CHARACTERS}$`)

/** In characters, all of which are ASCII. */
const MAX_LENGTH = 255

/**
 * The key in the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a quoted string (RFC 9651) or a
 * bare token, of 1 to 255 characters. `"abc"` and `abc` are the same key. Parameters behind either are ignored.
 * @returns undefined without the header
 * @throws ProblemError if it is neither
 */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header).trim()
  const key = BARE.exec(text)?.[1] ?? QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1')
  if (key === undefined || key === '') {
    throw new ProblemError(
      'InvalidRequest',
      'headers/idempotency-key must be a quoted string, such as "8e03978e-40d5-43dd-bc93-6894a57f9324", or a bare token',
    )
  }
  if (key.length > MAX_LENGTH) {
    throw new ProblemError(
      'InvalidRequest',
      `headers/idempotency-key must have at most ${MAX_LENGTH} characters`,
    )
  }
  return key
}

/**
 * For operations that cannot use a key. To ignore one would let its sender believe that it is safe to send the request twice.
 * @throws ProblemError if there is one
 */
export function refuseIdempotencyKey(header: string | readonly string[] | undefined): undefined {
  if (header === undefined) return undefined
  throw new ProblemError(
    'InvalidRequest',
    'headers/idempotency-key: this operation cannot use it. Use it with put, update, delete, PUT and DELETE of an item, ' +
      'and transact/write',
  )
}

/** The key as a header, which {@link idempotencyKeyOf} reads as the same key. */
export function formatIdempotencyKey(key: string): string {
  return ONLY_BARE.test(key) ? key : `"${key.replace(/["\\]/g, '\\$&')}"`
}
