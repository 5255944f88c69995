/**
 * The translation of items in WebAssembly. It takes what is well-formed and usual, and gives up on anything else: then
 * JavaScript does it, or says what is wrong. So there is one place only that refuses.
 *
 * Each function takes the position of a value, without white space in front of it. It returns the size of what it has
 * written from `OUTPUT` on, or -1 if it gives up. Behind the value, and what may follow it, there must be `SLACK` zeros.
 */
import { COMMA, OPEN_BRACE } from '../../json/character-codes'
import { checkAttributes } from './check'
import { decodeAttributes } from './decode'
import { encodeAttributes } from './encode'
import { beginOutput, copy, finish, isFull, Output, put, putWord, RESULTS } from './memory'
import { resetNames, setNamesSeed } from './names'
import { byteAt, next } from './scan'
import { endOfValue } from './skip'

export {
  ANSWER,
  ANSWER_BYTES,
  OUTPUT,
  RESULTS,
  SHORT_WINDOW,
  SHORT_WINDOW_BYTES,
  SLACK,
  WINDOW,
  WINDOW_BYTES,
} from './memory'

/** Sets the seed of the hashes, before anything else. */
export function setSeed(low: u32, high: u32): void {
  setNamesSeed(((<u64>high) << 32) | low)
}

/** An item of DynamoDB's becomes a document. */
export function encode(at: usize, wellFormed: bool): i32 {
  beginOutput()
  const end = encodeAttributes(at, 0, wellFormed)
  return end === 0 ? -1 : finish(end)
}

/** A document becomes an item of DynamoDB's. */
export function decode(at: usize): i32 {
  beginOutput()
  resetNames()
  const end = decodeAttributes(at, 0)
  return end === 0 || isFull() ? -1 : finish(end)
}

/** An item of a caller's that stays as it is. Nothing is written. */
export function check(at: usize): i32 {
  beginOutput()
  resetNames()
  const end = checkAttributes(at, 0)
  return end === 0 ? -1 : finish(end)
}

/** Any value. Nothing is written. */
export function skip(at: usize, wellFormed: bool): i32 {
  beginOutput()
  const end = endOfValue(at, 0, wellFormed)
  return end === 0 ? -1 : finish(end)
}

/** How items are written one after the other. */
const AS_DOCUMENTS = 1
const AS_LINES = 2

/**
 * As many of the items in an array as it can, up to `most`, and no more once it has read up to `stop`. It begins and ends
 * between two items: at the one behind the last item, which may be the closing bracket.
 * @param form `AS_DOCUMENTS` or as they are; `AS_LINES` or with commas between
 * @param isFirst whether the item that comes first is that of the array
 * @returns the size of what was written, also if that is 0; the number of items and the position of the last one stand in `RESULTS`
 */
export function list(at: usize, form: i32, isFirst: bool, most: i32, stop: usize, wellFormed: bool): i32 {
  beginOutput()
  const areDocuments = (form & AS_DOCUMENTS) !== 0
  const areLines = (form & AS_LINES) !== 0
  let count = 0
  let done = at
  let lastStart = at
  let written = Output.at
  while (count < most && done < stop) {
    at = next(done)
    if (!isFirst || count > 0) {
      if (byteAt(at) !== COMMA) break
      at = next(at + 1)
      if (!areLines) put(COMMA)
    }
    if (areLines && !areDocuments) putWord(0x3a226d657449227b, 8) // {"Item":
    const start = at
    if (areDocuments) at = encodeAttributes(at, 0, wellFormed)
    // A number may go on behind the window.
    else if (byteAt(at) !== OPEN_BRACE) at = 0
    else {
      at = endOfValue(at, 0, wellFormed)
      if (at !== 0) copy(start, at)
    }
    if (at === 0 || isFull()) break
    if (areLines) putWord(areDocuments ? 0x0a : 0x0a7d, areDocuments ? 1 : 2)
    count++
    lastStart = start
    done = at
    written = Output.at
  }
  Output.at = written
  store<u32>(RESULTS, <u32>count, 4)
  store<u32>(RESULTS, <u32>lastStart, 8)
  return finish(done)
}
