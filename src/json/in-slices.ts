/**
 * Long work in slices. One thread serves all requests, so work on a large JSON pauses after each slice, and others are
 * served in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CLOSE_BRACE, OPEN_BRACE, OPEN_BRACKET } from './character-codes.js'
import { translator } from '../translator/translator.js'
import type { JsonReader } from './reader.js'

/** Work that may pause: each `yield` is a pause. */
export type Sliced<Result> = Generator<undefined, Result, undefined>

/** Work on a long JSON pauses after this many bytes, which take some ms. */
export const SLICE_BYTES = 128 * 1024
/** JSON up to this size is worked on without a pause: a turn of the event loop costs more than others would gain. */
export const SHORT_BYTES = 512 * 1024
/** A position behind the end of any JSON, and small enough for V8 to keep it as an integer. */
export const NEVER = 0x3fff_ffff
/** The same as a time, in ms, for work that is not measured in bytes. */
export const SLICE_MS = 5

/** Fulfilled when all long work that has begun so far has ended. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Does the work: at once, if it does not pause. Long work is finished one at a time, so that only one holds what it needs
 * on its way.
 */
export function inSlices<Result>(work: Sliced<Result>): Result | Promise<Result> {
  const { done, value } = work.next()
  if (done === true) return value
  const result = last.then(() => finish(work))
  last = result.catch(() => undefined)
  return result
}

async function finish<Result>(work: Sliced<Result>): Promise<Result> {
  for (;;) {
    await nextTurn()
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** Does the work without pauses. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}

/** Reads the next value of any type, like {@link JsonReader.value}. */
export function* skip(reader: JsonReader): Sliced<void> {
  /** The closing brackets that are missing, innermost last. */
  const missing: number[] = []
  let pauseAt = reader.position + SLICE_BYTES
  do {
    const code = reader.peek()
    let first = code === OPEN_BRACE || code === OPEN_BRACKET
    // Only at the upper levels: a value that the module gives up on is read once more for each of them.
    if (first && missing.length <= 1 && translator?.skip(reader) === true) first = false
    else if (first) {
      reader.descend(missing.length)
      // In ASCII, a closing bracket comes two behind its opening one.
      missing.push(code + 2)
    } else reader.value()
    let close = missing.at(-1)
    while (close !== undefined && !reader.next(close, first)) {
      missing.pop()
      close = missing.at(-1)
      first = false
    }
    if (close === CLOSE_BRACE) reader.name()
    if (reader.position >= pauseAt) {
      pauseAt = reader.position + SLICE_BYTES
      yield
    }
  } while (missing.length > 0)
}
