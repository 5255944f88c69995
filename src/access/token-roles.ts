import { isRecord } from '../json/is-record.js'
import type { JwtEntry } from './jwt-entry.js'
import type { Claims } from './token-parts.js'

const NONE: readonly string[] = []

/**
 * The roles that a token gives: a list of strings, or words separated by spaces. A claim of any other type gives none.
 * @returns the roles by default if the token does not have the claim
 */
export function rolesOf(claims: Claims, { roles, defaultRoles }: JwtEntry): readonly string[] {
  const claim = claimAt(claims, roles)
  if (claim === undefined) return defaultRoles
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '')
  return isListOfStrings(claim) ? claim : NONE
}

/** A string is the name of a claim, or else a path with dots; a list is a path. */
function claimAt(claims: Claims, place: string | readonly string[]): unknown {
  if (typeof place !== 'string') return valueAt(claims, place)
  return Object.hasOwn(claims, place) ? claims[place] : valueAt(claims, place.split('.'))
}

function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims
  for (const name of path) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string')
}
