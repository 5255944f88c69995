/** The tags of documents, see `../../items/tags.ts`. */
import { BACKSLASH, DOLLAR, OPEN_BRACE, QUOTE } from '../../json/character-codes'
import { byteAt, next } from './scan'

/** Whether the first name of the object at a position begins as a tag does: by `$`, which may be written as an escape. */
export function mayBeTag(at: usize): bool {
  if (byteAt(at) !== OPEN_BRACE) return false
  at = next(at + 1)
  if (byteAt(at) !== QUOTE) return false
  const first = byteAt(at + 1)
  return first === DOLLAR || first === BACKSLASH
}
