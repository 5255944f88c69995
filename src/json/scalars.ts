import { CAPITAL_E, DIGIT_0, DIGIT_9, DOT, END, LETTER_E, MINUS, PLUS } from './character-codes.js'
import type { Json } from './json.js'

/** The end of the number that starts at `start`; if a digit is missing at a position, `~position`, which is negative. */
export function endOfNumber(bytes: Json, start: number): number {
  let at = start
  if (bytes[at] === MINUS) at++
  if (bytes[at] === DIGIT_0) at++
  else if ((at = endOfDigits(bytes, at)) < 0) return at
  if (bytes[at] === DOT && (at = endOfDigits(bytes, at + 1)) < 0) return at
  if (bytes[at] === LETTER_E || bytes[at] === CAPITAL_E) {
    at++
    if (bytes[at] === PLUS || bytes[at] === MINUS) at++
    at = endOfDigits(bytes, at)
  }
  return at
}

function endOfDigits(bytes: Json, start: number): number {
  let at = start
  for (let code = bytes[at] ?? END; code >= DIGIT_0 && code <= DIGIT_9; code = bytes[++at] ?? END);
  return at === start ? ~at : at
}

/** The text of a JSON string, which is given with its quotes and escapes. */
export function unquote(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
}
