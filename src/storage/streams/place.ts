/**
 * Where a shard is read on.
 * - `start`: nothing of it was read. `at` is when that was last known, in s since 1970.
 * - `since`: nothing of it was read, and no change that was made before `at` is wanted.
 * - `after`: right behind the change of this number.
 * - `end`: it was read to its end.
 */
export type Place =
  | { readonly kind: 'start' | 'since'; at: number }
  | { readonly kind: 'after'; readonly sequenceNumber: string }
  | { readonly kind: 'end' }

/** What a place is compared with. */
interface Numbered {
  readonly sequenceNumber: string
  readonly createdAt: number
}

/** Whether a change of the shard comes behind the place. */
export function isBehind(place: Place, { sequenceNumber, createdAt }: Numbered): boolean {
  switch (place.kind) {
    case 'start':
      return true
    case 'since':
      return createdAt >= place.at
    case 'after':
      return compareSequence(sequenceNumber, place.sequenceNumber) > 0
    case 'end':
      return false
  }
}

/** Whether reading on at `place` finds everything behind `other`. */
export function isAtOrBefore(place: Place, other: Place): boolean {
  // A shard is read from its start if no number is known.
  if (place.kind === 'start' || place.kind === 'since') return true
  if (place.kind !== 'after' || other.kind !== 'after') return other.kind === 'end'
  return compareSequence(place.sequenceNumber, other.sequenceNumber) <= 0
}

/** Negative, 0 or positive, as the first of two sequence numbers of a shard is smaller, equal or greater. */
export function compareSequence(a: string, b: string): number {
  if (a.length !== b.length) return Number(BigInt(a) - BigInt(b))
  return a < b ? -1 : a > b ? 1 : 0
}
