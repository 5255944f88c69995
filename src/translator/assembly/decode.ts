/** From documents to DynamoDB's JSON, byte for byte as `../../items/document.ts` does it. */
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
import { copy, isFull, put, putWord } from './memory'
import { addName, enterNames, leaveNames } from './names'
import {
  byteAt,
  copyString,
  endOfBase64,
  endOfFalse,
  endOfNull,
  endOfNumber,
  endOfString,
  endOfTrue,
  expect,
  next,
} from './scan'
import { mayBeTag } from './tags'

/** As in `../../items/limits.ts`. */
const MAX_LEVELS = 40
const MAX_NUMBER_CHARACTERS: usize = 1000

/** A document, written as a map of names to AttributeValues. */
export function decodeAttributes(at: usize, depth: i32): usize {
  if (byteAt(at) !== OPEN_BRACE || depth >= MAX_LEVELS) return 0
  put(OPEN_BRACE)
  at = next(at + 1)
  if (byteAt(at) === CLOSE_BRACE) {
    put(CLOSE_BRACE)
    return at + 1
  }
  enterNames()
  while (true) {
    const start = at
    at = copyString(at, true)
    if (at === 0 || !addName(start, at)) return 0
    at = expect(at, COLON)
    if (at === 0) return 0
    put(COLON)
    at = decodeValue(next(at), depth + 1)
    if (at === 0) return 0
    at = next(at)
    const code = byteAt(at)
    put(code)
    if (code === CLOSE_BRACE) break
    if (code !== COMMA) return 0
    at = next(at + 1)
  }
  leaveNames()
  return at + 1
}

function decodeValue(at: usize, depth: i32): usize {
  if (isFull()) return 0
  switch (byteAt(at)) {
    case QUOTE:
      putWord(0x3a2253227b, 5) // {"S":
      at = copyString(at, true)
      put(CLOSE_BRACE)
      return at
    case OPEN_BRACE:
      return decodeObject(at, depth)
    case OPEN_BRACKET:
      return decodeList(at, depth)
    case LETTER_T:
      putWord(0x3a224c4f4f42227b, 8) // {"BOOL":
      putWord(0x7d65757274, 5) // true}
      return endOfTrue(at)
    case LETTER_F:
      putWord(0x3a224c4f4f42227b, 8) // {"BOOL":
      putWord(0x7d65736c6166, 6) // false}
      return endOfFalse(at)
    case LETTER_N:
      putWord(0x3a224c4c554e227b, 8) // {"NULL":
      putWord(0x7d65757274, 5) // true}
      return endOfNull(at)
    default:
      putWord(0x223a224e227b, 6) // {"N":"
      at = copyNumber(at)
      putWord(0x7d22, 2) // "}
      return at
  }
}

function copyNumber(at: usize): usize {
  const end = endOfNumber(at)
  if (end === 0 || end - at > MAX_NUMBER_CHARACTERS) return 0
  copy(at, end)
  return end
}

function decodeList(at: usize, depth: i32): usize {
  if (depth >= MAX_LEVELS) return 0
  putWord(0x5b3a224c227b, 6) // {"L":[
  at = next(at + 1)
  if (byteAt(at) !== CLOSE_BRACKET) {
    while (true) {
      at = decodeValue(at, depth + 1)
      if (at === 0) return 0
      at = next(at)
      const code = byteAt(at)
      if (code === CLOSE_BRACKET) break
      if (code !== COMMA) return 0
      put(COMMA)
      at = next(at + 1)
    }
  }
  putWord(0x7d5d, 2) // ]}
  return at + 1
}

// The names of the tags.
const MAP: u32 = 0x70616d24 // $map
const BINARY: u64 = 0x7972616e696224 // $binary
const STRING_SET: u64 = 0x53676e6972747324 // $stringS
const NUMBER_SET: u64 = 0x537265626d756e24 // $numberS
const BINARY_SET: u64 = 0x537972616e696224 // $binaryS
const ET: u32 = 0x7465 // et

function decodeObject(at: usize, depth: i32): usize {
  if (mayBeTag(at)) {
    const start = next(at + 1)
    const end = endOfString(start, true)
    // A tag that is written with an escape becomes a name with an escape, which is never taken.
    if (end === 0) return 0
    const length = <i32>(end - start) - 2
    const word = load<u64>(start + 1)
    if (length === 4 && <u32>word === MAP) return decodeMap(end, depth)
    if (length === 7 && (word & 0xffffffffffffff) === BINARY) return decodeBinary(end)
    if (length === 10 && load<u16>(start + 9) === ET) {
      if (word === STRING_SET) return decodeSet(SS, end)
      if (word === NUMBER_SET) return decodeSet(NS, end)
      if (word === BINARY_SET) return decodeSet(BS, end)
    }
  }
  putWord(0x3a224d227b, 5) // {"M":
  at = decodeAttributes(at, depth)
  put(CLOSE_BRACE)
  return at
}

// What stands in a tag comes behind a colon and is all that the object has.

function decodeMap(at: usize, depth: i32): usize {
  putWord(0x3a224d227b, 5) // {"M":
  at = expect(at, COLON)
  if (at === 0) return 0
  at = decodeAttributes(next(at), depth)
  return at === 0 ? 0 : endTag(at)
}

function decodeBinary(at: usize): usize {
  putWord(0x3a2242227b, 5) // {"B":
  at = expect(at, COLON)
  if (at === 0) return 0
  at = copyBase64(next(at))
  return at === 0 ? 0 : endTag(at)
}

const SS: u64 = 0x3a225353227b // {"SS":
const NS: u64 = 0x3a22534e227b // {"NS":
const BS: u64 = 0x3a225342227b // {"BS":

function decodeSet(beginning: u64, at: usize): usize {
  putWord(beginning, 6)
  at = expect(at, COLON)
  if (at === 0) return 0
  at = next(at)
  if (byteAt(at) !== OPEN_BRACKET) return 0
  put(OPEN_BRACKET)
  at = next(at + 1)
  if (byteAt(at) !== CLOSE_BRACKET) {
    while (true) {
      if (isFull()) return 0
      if (beginning === NS) at = decodeNumber(at)
      else if (beginning === BS) at = copyBase64(at)
      else at = copyString(at, true)
      if (at === 0) return 0
      at = next(at)
      const code = byteAt(at)
      if (code === CLOSE_BRACKET) break
      if (code !== COMMA) return 0
      put(COMMA)
      at = next(at + 1)
    }
  }
  put(CLOSE_BRACKET)
  return endTag(at + 1)
}

function endTag(at: usize): usize {
  put(CLOSE_BRACE)
  return expect(at, CLOSE_BRACE)
}

function copyBase64(at: usize): usize {
  const end = endOfBase64(at)
  if (end !== 0) copy(at, end)
  return end
}

/** A number as a string. */
function decodeNumber(at: usize): usize {
  put(QUOTE)
  at = copyNumber(at)
  put(QUOTE)
  return at
}
