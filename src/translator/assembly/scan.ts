/**
 * The parts of JSON (RFC 8259). Each function takes the position of a part and returns the position behind it, or 0 if it is
 * not there, or is not of the usual kind. White space is skipped by {@link next} alone.
 */
import {
  BACKSLASH,
  CARRIAGE_RETURN,
  DIGIT_0,
  DOT,
  LETTER_B,
  LETTER_E,
  LETTER_F,
  LETTER_N,
  LETTER_R,
  LETTER_T,
  LETTER_U,
  LINE_FEED,
  MINUS,
  PLUS,
  QUOTE,
  SLASH,
  SPACE,
  TAB,
} from '../../json/character-codes'
import { Output } from './memory'

/** The byte at a position. */
export function byteAt(at: usize): i32 {
  return load<u8>(at)
}

/** The position of the next byte that is no white space. */
export function next(at: usize): usize {
  return byteAt(at) > SPACE ? at : afterSpace(at)
}

function afterSpace(at: usize): usize {
  while (true) {
    const code = byteAt(at)
    if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return at
    at++
  }
}

/** Behind one byte that must come next, after any white space. */
export function expect(at: usize, code: i32): usize {
  at = next(at)
  return byteAt(at) === code ? at + 1 : 0
}

/** A bit for each of 16 bytes: whether it ends a string, begins an escape sequence or may not stand in a string. */
function specials(bytes: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
      i8x16.le_u(bytes, i8x16.splat(<i8>(SPACE - 1))),
    ),
  )
}

/** A string. */
export function endOfString(at: usize, wellFormed: bool): usize {
  if (byteAt(at) !== QUOTE) return 0
  at++
  while (true) {
    const found = specials(v128.load(at))
    if (found === 0) {
      at += 16
      continue
    }
    at += ctz(found)
    const code = byteAt(at)
    if (code === QUOTE) return at + 1
    if (code !== BACKSLASH) return 0
    const length = lengthOfEscape(at, wellFormed)
    if (length === 0) return 0
    at += length
  }
}

/** A string, which is also written. */
export function copyString(at: usize, wellFormed: bool): usize {
  if (byteAt(at) !== QUOTE) return 0
  let to = Output.at
  store<u8>(to, <u8>QUOTE)
  at++
  to++
  while (true) {
    const bytes = v128.load(at)
    v128.store(to, bytes)
    const found = specials(bytes)
    if (found === 0) {
      at += 16
      to += 16
      continue
    }
    const skipped: usize = ctz(found)
    at += skipped
    to += skipped
    const code = byteAt(at)
    if (code === QUOTE) {
      Output.at = to + 1
      return at + 1
    }
    if (code !== BACKSLASH) return 0
    const length = lengthOfEscape(at, wellFormed)
    if (length === 0) return 0
    v128.store(to, v128.load(at))
    at += length
    to += length
  }
}

/** The length of an escape sequence; 0 if it is none, or if it is half a surrogate pair and `wellFormed` excludes that. */
function lengthOfEscape(at: usize, wellFormed: bool): usize {
  const kind = byteAt(at + 1)
  if (kind !== LETTER_U) return isShortEscape(kind) ? 2 : 0
  const unit = codeUnit(at + 2)
  if (unit < 0) return 0
  if (!wellFormed || unit < 0xd800 || unit > 0xdfff) return 6
  if (unit > 0xdbff || byteAt(at + 6) !== BACKSLASH || byteAt(at + 7) !== LETTER_U) return 0
  const other = codeUnit(at + 8)
  return other < 0xdc00 || other > 0xdfff ? 0 : 12
}

function isShortEscape(kind: i32): bool {
  switch (kind) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
    case LETTER_B:
    case LETTER_F:
    case LETTER_N:
    case LETTER_R:
    case LETTER_T:
      return true
    default:
      return false
  }
}

/** The value of four hexadecimal digits; negative if they are none. */
function codeUnit(at: usize): i32 {
  let unit = 0
  for (let i: usize = 0; i < 4; i++) {
    const code = byteAt(at + i)
    let digit = code - DIGIT_0
    if (<u32>digit > 9) {
      // In ASCII, this bit makes a capital letter small.
      digit = (code | 0x20) - LETTER_A
      if (<u32>digit > 5) return -1
      digit += 10
    }
    unit = (unit << 4) | digit
  }
  return unit
}

const LETTER_A = 0x61

export function isDigit(code: i32): bool {
  return <u32>(code - DIGIT_0) <= 9
}

function endOfDigits(at: usize): usize {
  if (!isDigit(byteAt(at))) return 0
  do at++
  while (isDigit(byteAt(at)))
  return at
}

/** A number. */
export function endOfNumber(at: usize): usize {
  if (byteAt(at) === MINUS) at++
  if (byteAt(at) === DIGIT_0) at++
  else {
    at = endOfDigits(at)
    if (at === 0) return 0
  }
  if (byteAt(at) === DOT) {
    at = endOfDigits(at + 1)
    if (at === 0) return 0
  }
  if ((byteAt(at) | 0x20) === LETTER_E) {
    at++
    const sign = byteAt(at)
    if (sign === PLUS || sign === MINUS) at++
    return endOfDigits(at)
  }
  return at
}

const TRUE: u32 = 0x65757274
const FALS: u32 = 0x736c6166
const NULL: u32 = 0x6c6c756e

/** `true`, `false` or `null`. */
export function endOfTrue(at: usize): usize {
  return load<u32>(at) === TRUE ? at + 4 : 0
}

export function endOfFalse(at: usize): usize {
  return load<u32>(at) === FALS && byteAt(at + 4) === LETTER_E ? at + 5 : 0
}

export function endOfNull(at: usize): usize {
  return load<u32>(at) === NULL ? at + 4 : 0
}

const SIX_BITS: i32 = 0x3f

/** A string of base64 with padding (RFC 4648, section 4), in which the bits that padding cuts off are 0. */
export function endOfBase64(at: usize): usize {
  if (byteAt(at) !== QUOTE) return 0
  const start = ++at
  while (true) {
    const others = ~base64Digits(v128.load(at)) & 0xffff
    if (others !== 0) {
      at += ctz(others)
      break
    }
    at += 16
  }
  if (byteAt(at) === EQUALS) {
    if (at === start) return 0
    const last = base64Value(byteAt(at - 1))
    const isLong = byteAt(at + 1) === EQUALS
    if ((last & (isLong ? 0x0f : 0x03)) !== 0) return 0
    at += isLong ? 2 : 1
  }
  return byteAt(at) === QUOTE && ((at - start) & 3) === 0 ? at + 1 : 0
}

const EQUALS = 0x3d

/** A bit for each of 16 bytes: whether it is a digit of base64. */
function base64Digits(bytes: v128): i32 {
  const small = v128.or(bytes, i8x16.splat(0x20))
  const isLetter = i8x16.le_u(i8x16.sub(small, i8x16.splat(<i8>LETTER_A)), i8x16.splat(25))
  // In ASCII, the slash stands in front of the digits.
  const isDigitOrSlash = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(<i8>SLASH)), i8x16.splat(10))
  const isPlus = i8x16.eq(bytes, i8x16.splat(<i8>PLUS))
  return i8x16.bitmask(v128.or(v128.or(isLetter, isDigitOrSlash), isPlus))
}

/** The value of a digit of base64. */
function base64Value(code: i32): i32 {
  if (isDigit(code)) return code - DIGIT_0 + 52
  if (code === PLUS) return 62
  if (code === SLASH) return SIX_BITS
  return code >= LETTER_A ? code - LETTER_A + 26 : code - CAPITAL_A
}

const CAPITAL_A = 0x41
