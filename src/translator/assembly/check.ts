/** Items in DynamoDB's own JSON from callers, checked as `../../items/typed.ts` does it. */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_F,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../json/character-codes'
import {
  BOOL,
  hasOneLetter,
  isSet,
  LETTER_OF_BINARY,
  LETTER_OF_LIST,
  LETTER_OF_MAP,
  LETTER_OF_NUMBER,
  LETTER_OF_STRING,
  letterOf,
  NULL,
} from './attribute-value'
import { addName, enterNames, leaveNames } from './names'
import { byteAt, endOfBase64, endOfFalse, endOfNumber, endOfString, endOfTrue, expect, next } from './scan'

/** As in `../../items/typed.ts`. */
const MAX_BRACKETS = 80
/** As in `../../items/limits.ts`. */
const MAX_NUMBER_CHARACTERS: usize = 1000
/** A map of names to AttributeValues from a caller. */
export function checkAttributes(at: usize, depth: i32): usize {
  if (byteAt(at) !== OPEN_BRACE || depth >= MAX_BRACKETS) return 0
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACE) return at + 1
  enterNames()
  while (true) {
    const start = at
    at = endOfString(at, true)
    if (at === 0 || !addName(start, at)) return 0
    at = expect(at, COLON)
    if (at === 0) return 0
    at = checkValue(next(at), depth + 1)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    if (code === CLOSE_BRACE) break
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
  leaveNames()
  return at + 1
}

/** An AttributeValue. Its own bracket is never the one too many: the limit is even, and brackets come in pairs. */
function checkValue(at: usize, depth: i32): usize {
  const start = load<u64>(at)
  if (hasOneLetter(start)) at = checkOneLetter(letterOf(start), next(at + 5), depth + 1)
  else if (start === BOOL) {
    at = next(at + 8)
    at = byteAt(at) === LETTER_F ? endOfFalse(at) : endOfTrue(at)
  } else if (start === NULL) at = endOfTrue(next(at + 8))
  else if (isSet(start)) at = checkSet(letterOf(start), next(at + 6), depth + 1)
  else return 0
  return at === 0 ? 0 : expect(at, CLOSE_BRACE)
}

function checkOneLetter(letter: i32, at: usize, depth: i32): usize {
  switch (letter) {
    case LETTER_OF_STRING:
    case LETTER_OF_NUMBER:
    case LETTER_OF_BINARY:
      return checkText(letter, at)
    case LETTER_OF_MAP:
      return checkAttributes(at, depth)
    case LETTER_OF_LIST:
      return checkList(at, depth)
    default:
      return 0
  }
}

/** What stands in S, N or B, or in a set of these. */
function checkText(letter: i32, at: usize): usize {
  if (letter === LETTER_OF_STRING) return endOfString(at, true)
  return letter === LETTER_OF_NUMBER ? endOfNumberString(at) : endOfBase64(at)
}

function endOfNumberString(at: usize): usize {
  if (byteAt(at) !== QUOTE) return 0
  const end = endOfNumber(at + 1)
  return byteAt(end) === QUOTE && end + 1 - at <= MAX_NUMBER_CHARACTERS ? end + 1 : 0
}

function checkList(at: usize, depth: i32): usize {
  if (byteAt(at) !== OPEN_BRACKET || depth >= MAX_BRACKETS) return 0
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACKET) return at + 1
  while (true) {
    at = checkValue(at, depth + 1)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    if (code === CLOSE_BRACKET) return at + 1
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
}

function checkSet(letter: i32, at: usize, depth: i32): usize {
  const isKnown = letter === LETTER_OF_STRING || letter === LETTER_OF_NUMBER || letter === LETTER_OF_BINARY
  if (!isKnown || byteAt(at) !== OPEN_BRACKET || depth >= MAX_BRACKETS) return 0
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACKET) return at + 1
  while (true) {
    at = checkText(letter, at)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    if (code === CLOSE_BRACKET) return at + 1
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
}
