/** Any JSON value, as `../../json/reader.ts` reads it. */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../json/character-codes'
import { hasOneLetter } from './attribute-value'
import { MAX_LEVELS } from './memory'
import { byteAt, endOfFalse, endOfNull, endOfNumber, endOfString, endOfTrue, expect, next } from './scan'

/** Behind a value. */
export function endOfValue(at: usize, depth: i32, wellFormed: bool): usize {
  switch (byteAt(at)) {
    case QUOTE:
      return endOfString(at, wellFormed)
    case OPEN_BRACE:
      return endOfObject(at, depth, wellFormed)
    case OPEN_BRACKET:
      return endOfArray(at, depth, wellFormed)
    case LETTER_T:
      return endOfTrue(at)
    case LETTER_F:
      return endOfFalse(at)
    case LETTER_N:
      return endOfNull(at)
    default:
      return endOfNumber(at)
  }
}

function endOfObject(at: usize, depth: i32, wellFormed: bool): usize {
  if (depth > MAX_LEVELS) return 0
  // Most objects are AttributeValues, whose only name need not be looked at twice.
  const isAttributeValue = hasOneLetter(load<u64>(at))
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACE) return at + 1
  let end = isAttributeValue ? at + 4 : endOfName(at, wellFormed)
  while (true) {
    if (end === 0) return 0
    at = endOfValue(next(end), depth + 1, wellFormed)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    if (code === CLOSE_BRACE) return at + 1
    if (code !== COMMA) return 0
    end = endOfName(next(at + 1), wellFormed)
  }
}

/** A name and its colon. */
function endOfName(at: usize, wellFormed: bool): usize {
  at = endOfString(at, wellFormed)
  return at === 0 ? 0 : expect(at, COLON)
}

function endOfArray(at: usize, depth: i32, wellFormed: bool): usize {
  if (depth > MAX_LEVELS) return 0
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACKET) return at + 1
  while (true) {
    at = endOfValue(at, depth + 1, wellFormed)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    if (code === CLOSE_BRACKET) return at + 1
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
}
