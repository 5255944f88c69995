/**
 * From DynamoDB's JSON to documents, byte for byte as `../../items/document.ts` does it. A document is less than twice as long
 * (`{"BS":[]}` becomes `{"$binarySet":[]}`), so there is always room for what one window holds.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
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
import { copy, MAX_LEVELS, put, putWord } from './memory'
import { byteAt, copyString, endOfFalse, endOfNumber, endOfTrue, expect, next } from './scan'
import { mayBeTag } from './tags'

/** A map of names to AttributeValues, written as an object. */
export function encodeAttributes(at: usize, depth: i32, wellFormed: bool): usize {
  if (byteAt(at) !== OPEN_BRACE || depth > MAX_LEVELS) return 0
  put(OPEN_BRACE)
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACE) {
    put(CLOSE_BRACE)
    return at + 1
  }
  while (true) {
    at = copyString(at, wellFormed)
    if (at === 0) return 0
    at = expect(at, COLON)
    if (at === 0) return 0
    put(COLON)
    at = encodeValue(next(at), depth + 1, wellFormed)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    put(code)
    if (code === CLOSE_BRACE) return at + 1
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
}

/** An AttributeValue. */
function encodeValue(at: usize, depth: i32, wellFormed: bool): usize {
  const start = load<u64>(at)
  if (hasOneLetter(start)) at = encodeOneLetter(letterOf(start), next(at + 5), depth, wellFormed)
  else if (start === BOOL) at = encodeBool(next(at + 8))
  else if (start === NULL) at = encodeNull(next(at + 8))
  else if (isSet(start)) at = encodeSet(letterOf(start), next(at + 6), wellFormed)
  else return 0
  return at === 0 ? 0 : expect(at, CLOSE_BRACE)
}

function encodeOneLetter(letter: i32, at: usize, depth: i32, wellFormed: bool): usize {
  switch (letter) {
    case LETTER_OF_STRING:
      return copyString(at, wellFormed)
    case LETTER_OF_NUMBER:
      return copyNumberString(at)
    case LETTER_OF_MAP:
      return mayBeTag(at) ? 0 : encodeAttributes(at, depth, wellFormed)
    case LETTER_OF_LIST:
      return encodeList(at, depth, wellFormed)
    case LETTER_OF_BINARY:
      putWord(0x616e696224227b, 7) // {"$bina
      putWord(0x3a227972, 4) // ry":
      at = copyString(at, wellFormed)
      put(CLOSE_BRACE)
      return at
    default:
      return 0
  }
}

function encodeBool(at: usize): usize {
  let end = endOfTrue(at)
  if (end === 0) end = endOfFalse(at)
  if (end !== 0) copy(at, end)
  return end
}

function encodeNull(at: usize): usize {
  putWord(0x6c6c756e, 4) // null
  return endOfTrue(at)
}

/** A string that is a number, without its quotes. */
function copyNumberString(at: usize): usize {
  if (byteAt(at) !== QUOTE) return 0
  const end = endOfNumber(at + 1)
  if (byteAt(end) !== QUOTE) return 0
  copy(at + 1, end)
  return end + 1
}

function encodeList(at: usize, depth: i32, wellFormed: bool): usize {
  if (byteAt(at) !== OPEN_BRACKET || depth > MAX_LEVELS) return 0
  put(OPEN_BRACKET)
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACKET) {
    put(CLOSE_BRACKET)
    return at + 1
  }
  while (true) {
    at = encodeValue(at, depth + 1, wellFormed)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    put(code)
    if (code === CLOSE_BRACKET) return at + 1
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
}

/** SS, NS and BS, by their first letter, without white space, which would have to be copied in two of them. */
function encodeSet(letter: i32, at: usize, wellFormed: bool): usize {
  if (byteAt(at) !== OPEN_BRACKET) return 0
  const ofNumbers = letter === LETTER_OF_NUMBER
  switch (letter) {
    case LETTER_OF_STRING:
      putWord(0x6e6972747324227b, 8) // {"$strin
      putWord(0x3a2274655367, 6) // gSet":
      break
    case LETTER_OF_NUMBER:
      putWord(0x65626d756e24227b, 8) // {"$numbe
      putWord(0x3a2274655372, 6) // rSet":
      break
    case LETTER_OF_BINARY:
      putWord(0x616e696224227b, 7) // {"$bina
      putWord(0x3a227465537972, 7) // rySet":
      break
    default:
      return 0
  }
  put(OPEN_BRACKET)
  at++
  if (byteAt(at) === CLOSE_BRACKET) at++
  else {
    while (true) {
      at = ofNumbers ? copyNumberString(at) : copyString(at, wellFormed)
      if (at === 0) return 0
      const code = byteAt(at++)
      if (code === CLOSE_BRACKET) break
      if (code !== COMMA) return 0
      put(COMMA)
    }
  }
  put(CLOSE_BRACKET)
  put(CLOSE_BRACE)
  return at
}
