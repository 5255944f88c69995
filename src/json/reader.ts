/**
 * A reader of JSON (RFC 8259) that never builds values. It moves over the bytes and tells positions; values that pass
 * through unchanged are copied as bytes. So no digit of a number and no character of a string can change on the way, and
 * `__proto__` is a name like any other.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DIGIT_0,
  DIGIT_9,
  END,
  LETTER_B,
  LETTER_F,
  LETTER_N,
  LETTER_R,
  LETTER_T,
  LETTER_U,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SLASH,
} from './character-codes.js'
import { translator } from '../translator/translator.js'
import type { Json } from './json.js'
import { pathAt } from './path.js'
import { endOfNumber, unquote } from './scalars.js'

/** More levels of nesting are refused, so that no body can exhaust the stack. DynamoDB allows 32 levels in an item. */
export const MAX_DEPTH = 512

/** The bytes are not the JSON that is expected at a place. `path` is a JSON Pointer (RFC 6901) without `~` escapes. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly path: string

  constructor(message: string, path: string) {
    super(message)
    this.path = path
  }
}

const shortEscapes: ReadonlySet<number> = new Set([
  ...[QUOTE, BACKSLASH, SLASH],
  ...[LETTER_B, LETTER_F, LETTER_N, LETTER_R, LETTER_T],
])
const isFourHexDigits = /^[0-9a-fA-F]{4}$/

export interface JsonReaderOptions {
  /**
   * Refuse half a surrogate pair, such as `\ud800` alone. Such a string is not Unicode, and programs disagree on its
   * meaning (I-JSON, RFC 7493, section 2.1). To be set for requests; items that are already stored are passed on.
   */
  readonly wellFormed?: boolean
}

/** Of the reader that was created last. */
let lastId = 0

export class JsonReader {
  /** Tells the readers apart. */
  readonly id = ++lastId
  readonly bytes: Json
  /** The index of the next byte. */
  position = 0
  /** The position of the value that the paths of errors begin at. */
  origin = 0
  /** The last name that was read is between these positions, with its quotes. */
  nameStart = 0
  nameEnd = 0
  readonly wellFormed: boolean

  constructor(bytes: Json, options: JsonReaderOptions = {}) {
    this.bytes = bytes
    this.wellFormed = options.wellFormed ?? false
  }

  /** Throws a {@link JsonError} with the path of the value at `position`. */
  fail(message: string, position = this.position): never {
    throw new JsonError(message, pathAt(this.bytes, this.origin, position))
  }

  /**
   * Throws a {@link JsonError} because the next value is not the one that is expected, or is missing.
   * @param what is expected, such as `an object`
   */
  mustBe(what: string): never {
    if (this.peek() === END) this.#malformed(what)
    this.fail(`must be ${what}`)
  }

  #malformed(expected: string): never {
    const found = this.bytes.toString('utf8', this.position, this.position + 4).codePointAt(0)
    const what = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found))
    const character = this.#characterAt(this.position)
    this.fail(`is not valid JSON: expected ${expected}, found ${what} at character ${character}`)
  }

  /** The index, in UTF-16 code units, of the character that starts at a byte. */
  #characterAt(position: number): number {
    return this.bytes.toString('utf8', 0, position).length
  }

  /** Skips white space and returns the next byte without reading it, {@link END} at the end. */
  peek(): number {
    const { bytes } = this
    let code = bytes[this.position] ?? END
    while (code <= 0x20 && (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)) {
      code = bytes[++this.position] ?? END
    }
    return code
  }

  /** Reads the one byte that must come next, after any white space. */
  expect(code: number): void {
    if (this.bytes[this.position] !== code && this.peek() !== code) {
      this.#malformed(JSON.stringify(String.fromCharCode(code)))
    }
    this.position++
  }

  /**
   * Moves to the next element or member inside brackets: past the comma, unless it is the first one.
   * Returns false after the last one, and has then read the closing bracket.
   */
  next(close: number, first: boolean): boolean {
    const code = this.peek()
    if (code === close) {
      this.position++
      return false
    }
    if (first) return true
    if (code !== COMMA) this.#malformed(`"," or ${JSON.stringify(String.fromCharCode(close))}`)
    this.position++
    if (this.peek() === close) this.#malformed('a value after ","')
    return true
  }

  /** Reads the name of a member and the colon after it. */
  name(): void {
    if (this.peek() !== QUOTE) this.#malformed('a name in quotes')
    this.nameStart = this.position
    this.string()
    this.nameEnd = this.position
    // Mostly there is no white space.
    if (this.bytes[this.nameEnd] === COLON) this.position++
    else this.expect(COLON)
  }

  /** The last name that was read, as a text. */
  nameText(): string {
    return this.stringAt(this.nameStart, this.nameEnd)
  }

  /** Reads the string that starts at the next byte. */
  string(): void {
    const { bytes } = this
    let at = this.position
    if (bytes[at] !== QUOTE) this.#malformed('a string')
    for (;;) {
      const code = bytes[++at] ?? END
      if (code === QUOTE) break
      if (code === BACKSLASH) at = this.#escape(at)
      else if (code < 0x20) {
        this.position = at
        this.#malformed('a string character or the closing quote')
      }
    }
    this.position = at + 1
  }

  /** Checks the escape sequence that starts at `at` and returns the position of its last byte. */
  #escape(at: number): number {
    const kind = this.bytes[at + 1] ?? END
    this.position = at
    if (kind !== LETTER_U) {
      if (!shortEscapes.has(kind)) this.#malformed('an escape sequence')
      return at + 1
    }
    const unit = this.#codeUnit(at)
    if (!this.wellFormed || unit < 0xd800 || unit > 0xdfff) return at + 5
    const isPair = unit <= 0xdbff && this.bytes[at + 6] === BACKSLASH && this.bytes[at + 7] === LETTER_U
    const other = isPair ? this.#codeUnit(at + 6) : 0
    if (other < 0xdc00 || other > 0xdfff) {
      const character = this.#characterAt(at)
      this.fail(`has half a surrogate pair at character ${character}, which is no Unicode character`)
    }
    return at + 11
  }

  #codeUnit(escape: number): number {
    const digits = this.bytes.toString('latin1', escape + 2, escape + 6)
    if (!isFourHexDigits.test(digits)) {
      this.position = escape
      this.#malformed('four hexadecimal digits after \\u')
    }
    return Number.parseInt(digits, 16)
  }

  /** The text of the string from its opening quote at `start` to its closing quote before `end`. */
  stringAt(start: number, end: number): string {
    return unquote(this.bytes.toString('utf8', start, end))
  }

  /** Reads the number that starts at the next byte. Any other value has been excluded before. */
  number(): void {
    const { bytes, position } = this
    const code = bytes[position] ?? END
    if (code !== MINUS && !(code >= DIGIT_0 && code <= DIGIT_9)) this.#malformed('a value')
    const end = endOfNumber(bytes, position)
    if (end < 0) {
      this.position = ~end
      this.#malformed('a digit')
    }
    this.position = end
  }

  /** Reads the literal that must come next. */
  literal(word: 'true' | 'false' | 'null'): void {
    const { bytes, position } = this
    for (let i = 0; i < word.length; i++) {
      if (bytes[position + i] !== word.charCodeAt(i)) this.#malformed('a value')
    }
    this.position += word.length
  }

  /**
   * Reads the next value of any type.
   * @param depth the number of objects and arrays around it
   */
  value(depth = 0): void {
    const code = this.peek()
    switch (code) {
      case QUOTE:
        this.string()
        return
      case OPEN_BRACE:
        if (depth === 0 && translator?.skip(this) === true) return
        this.descend(depth)
        for (let first = true; this.next(CLOSE_BRACE, first); first = false) {
          this.name()
          this.value(depth + 1)
        }
        return
      case OPEN_BRACKET:
        if (depth === 0 && translator?.skip(this) === true) return
        this.descend(depth)
        for (let first = true; this.next(CLOSE_BRACKET, first); first = false) this.value(depth + 1)
        return
      case LETTER_T:
        this.literal('true')
        return
      case LETTER_F:
        this.literal('false')
        return
      case LETTER_N:
        this.literal('null')
        return
      default:
        this.number()
    }
  }

  /** Reads the next value and returns its bytes, without the white space around it. They are not copied. */
  take(): Json {
    this.peek()
    const start = this.position
    this.value()
    return this.bytes.subarray(start, this.position)
  }

  /** Reads an opening bracket that has `depth` others around it, which must be less than {@link MAX_DEPTH}. */
  descend(depth: number): void {
    if (depth >= MAX_DEPTH) this.fail(`is nested deeper than ${MAX_DEPTH} levels`)
    this.position++
  }

  /** Checks that only white space follows. */
  end(): void {
    this.peek()
    if (this.position < this.bytes.length) this.#malformed('the end')
  }
}
