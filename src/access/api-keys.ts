/** API keys: `dss_<id>_<256 random bits>`. The service knows only their SHA-256. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

export const KEY_PREFIX = 'dss_'
const SECRET_BYTES = 32

/** Of a key: 1 to 64 letters, digits and `-`. */
export const KEY_ID = /^[A-Za-z0-9-]{1,64}$/

const KEY = /^dss_([A-Za-z0-9-]{1,64})_[\w-]{43}$/

/** A new key, and what the policy file has to know of it. */
export function createKey(id: string): {
  readonly key: string
  readonly entry: { readonly id: string; readonly sha256: string }
} {
  const key = `${KEY_PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { key, entry: { id, sha256: hashOf(key).toString('hex') } }
}

/** The id in a key; undefined if it is not a key. */
export function idOf(key: string): string | undefined {
  return KEY.exec(key)?.[1]
}

function hashOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** Compares a key with a SHA-256, in a time that does not depend on where they differ. */
export function isKey(key: string, sha256: Buffer): boolean {
  return timingSafeEqual(hashOf(key), sha256)
}
