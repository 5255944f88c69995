/** The module's memory, and what stands where in it. */

/** Behind everything that is read, there are so many zeros: nothing in JSON may have one, and SIMD reads beyond the end. */
export const SLACK: usize = 64

/** Where the caller finds the position behind what was read and, of a list, the number of items and the position of the last one. */
export const RESULTS: usize = 0x8000

/** More levels are left to JavaScript, whose stack is watched. */
export const MAX_LEVELS = 64

/** The hashes of the names of all objects around the current place, 4 bytes each. */
export const HASHES: usize = 0x10000
export const MAX_NAMES: i32 = 0x4000
/** The scopes of these objects, see `names.ts`. */
export const SCOPES: usize = HASHES + 4 * <usize>MAX_NAMES + SLACK
/** Their hash tables, for objects of many names. */
export const TABLES: usize = SCOPES + 0x1000
export const TABLES_END: usize = TABLES + 0x80000

/** Room for an answer of DynamoDB's that is read where it is. */
export const ANSWER: usize = TABLES_END
export const ANSWER_BYTES: usize = 0x80000
/** Room for a part of any other JSON. */
export const WINDOW: usize = ANSWER + ANSWER_BYTES + SLACK
export const WINDOW_BYTES: usize = 0x100000
/** The same for JSON that is not longer. It is apart, so that what reads a long one and many short ones in turns copies each once. */
export const SHORT_WINDOW: usize = WINDOW + WINDOW_BYTES + SLACK
export const SHORT_WINDOW_BYTES: usize = 0x10000
/**
 * Room for what is written. Its size is checked wherever that may become more than twice as long as what was read, before each
 * value. The longest string is as long as the window, so the room ends by so much before the memory does.
 */
export const OUTPUT: usize = SHORT_WINDOW + SHORT_WINDOW_BYTES + SLACK
const OUTPUT_BYTES: usize = 0x200000

/** Where the next byte is written. */
export class Output {
  static at: usize = OUTPUT
}

/** Begins to write anew. */
export function beginOutput(): void {
  Output.at = OUTPUT
}

/** Whether more was written than there is room for. */
export function isFull(): bool {
  return Output.at > OUTPUT + OUTPUT_BYTES
}

/** Tells the caller the position behind what was read. Returns the size of what was written. */
export function finish(end: usize): i32 {
  store<u32>(RESULTS, <u32>end)
  return <i32>(Output.at - OUTPUT)
}

/** Writes one byte. */
export function put(byte: i32): void {
  store<u8>(Output.at, <u8>byte)
  Output.at++
}

/** Writes the first bytes of `word`, which are its lowest. There is always room for all eight. */
export function putWord(word: u64, length: usize): void {
  store<u64>(Output.at, word)
  Output.at += length
}

/** Writes the bytes from `from` up to `end`, 16 at a time, so that up to 15 bytes behind them are written, too. */
export function copy(from: usize, end: usize): void {
  let to = Output.at
  Output.at = to + (end - from)
  do {
    v128.store(to, v128.load(from))
    from += 16
    to += 16
  } while (from < end)
}
