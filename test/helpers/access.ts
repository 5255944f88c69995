/** Callers with API keys, and the entries of the policy file for them. */
import { createKey } from '../../src/access/api-keys.js'

export interface KeyHolder {
  /** What it sends with each request. */
  readonly headers: Readonly<Record<string, string>>
  /** Its entry in the policy file. */
  readonly entry: object
}

/** A new API key with these roles. */
export function keyHolder(id: string, roles: readonly string[], options: object = {}): KeyHolder {
  const { key, entry } = createKey(id)
  return { headers: { 'x-api-key': key }, entry: { ...entry, roles, ...options } }
}
