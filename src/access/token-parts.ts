/** What a token says about itself, before its signature is checked. */
import { base64url } from 'jose'
import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET } from '../json/character-codes.js'
import { isRecord } from '../json/is-record.js'
import { parse } from '../json/json.js'
import { Names } from '../json/names.js'
import { JsonReader } from '../json/reader.js'
import {
  TOKEN_CRITICAL,
  TOKEN_MALFORMED,
  TOKEN_NAME_TWICE,
  TOKEN_TOO_LONG,
  TOKEN_TYPE,
} from './token-problems.js'

/** The payload of a token: its claims by name (RFC 7519, section 4). */
export type Claims = Readonly<Record<string, unknown>>

/** In characters. Larger ones do not fit into the headers that servers and proxies accept. */
const MAX_LENGTH = 8192
/**
 * The types of access tokens (RFC 9068, section 2.1; RFC 7519, section 5.1). Others, such as a logout token, are signed
 * with the same keys but grant nothing (RFC 8725, section 3.11).
 */
const isAccessToken = /^(?:application\/)?(?:at\+)?jwt$/i

/**
 * Checks the form of a JWT in compact serialization (RFC 7519) and returns its claims, which nobody vouches for yet.
 * @throws ProblemError `Unauthenticated`
 */
export function unverifiedClaims(token: string): Claims {
  if (token.length > MAX_LENGTH) throw TOKEN_TOO_LONG
  const [header, payload, signature, ...more] = token.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw TOKEN_MALFORMED
  }
  const { crit, typ } = readObject(header)
  if (crit !== undefined) throw TOKEN_CRITICAL
  if (typ !== undefined && (typeof typ !== 'string' || !isAccessToken.test(typ))) throw TOKEN_TYPE
  return readObject(payload)
}

function addTo(names: Names): void {
  try {
    names.add()
  } catch {
    throw TOKEN_NAME_TWICE
  }
}

function readObject(part: string): Claims {
  const json = decode(part)
  const reader = new JsonReader(json, { wellFormed: true })
  readUniqueNames(reader, 0)
  reader.end()
  const value = parse(json)
  if (!isRecord(value)) throw TOKEN_MALFORMED
  return value
}

/** As jose decodes it, so that both read the same bytes. */
function decode(part: string): Buffer {
  try {
    return Buffer.from(base64url.decode(part))
  } catch {
    throw TOKEN_MALFORMED
  }
}

/**
 * Reads the next value. Which of two members with the same name counts differs between programs, so that the issuer may
 * have meant the other one (RFC 7519, section 4).
 */
function readUniqueNames(reader: JsonReader, depth: number): void {
  const code = reader.peek()
  if (code === OPEN_BRACE) {
    reader.descend(depth)
    const names = new Names(reader)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      addTo(names)
      readUniqueNames(reader, depth + 1)
    }
  } else if (code === OPEN_BRACKET) {
    reader.descend(depth)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false)
      readUniqueNames(reader, depth + 1)
  } else reader.value(depth)
}
