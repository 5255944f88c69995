import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './character-codes.js'
import type { Json } from './json.js'

/** The index of an element, or the start and the end of a name; undefined in an object that has no name yet. */
type Step = number | readonly [start: number, end: number] | undefined

/**
 * The JSON Pointer, such as `/item/tags/0`, to the value at a position, in which names keep their escapes. Walks over the
 * bytes, brackets and strings only, so it is for error messages alone.
 * @param start the position of the value that the path begins at
 */
export function pathAt(bytes: Json, start: number, position: number): string {
  const path: Step[] = []
  let nameStart = 0
  let nameEnd = 0
  for (let at = start; at < position; at++) {
    const top = path.at(-1)
    switch (bytes[at]) {
      case OPEN_BRACE:
        path.push(undefined)
        break
      case OPEN_BRACKET:
        path.push(0)
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        path.pop()
        break
      case COMMA:
        path[path.length - 1] = typeof top === 'number' ? top + 1 : undefined
        break
      case COLON:
        path[path.length - 1] = [nameStart, nameEnd]
        break
      case QUOTE:
        nameStart = ++at
        while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
        nameEnd = at
    }
  }
  return path.map((step) => textOf(bytes, step)).join('')
}

function textOf(bytes: Json, step: Step): string {
  if (step === undefined) return ''
  return `/${typeof step === 'number' ? step : bytes.toString('utf8', ...step)}`
}
