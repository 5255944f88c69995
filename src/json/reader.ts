/**
 * A reader of JSON (RFC 8259) that never builds values: it moves over the bytes and says where things are. What passes
 * through the service unchanged is copied as the bytes it is, so no digit of a number and no character of a string can
 * change on the way, and `__proto__` is a name like any other.
 */

/** JSON in UTF-8. Wherever a function takes or gives one, it is exactly one well-formed JSON value. */
export type Json = Buffer

export const EMPTY_OBJECT: Json = Buffer.from('{}')
export const EMPTY_ARRAY: Json = Buffer.from('[]')

/** Deeper nesting than this is refused, so that no body can exhaust the stack. DynamoDB stops at 32 levels. */
export const MAX_DEPTH = 512

/** The bytes are not the JSON that is wanted at this place. `path` is a JSON Pointer (RFC 6901) without escapes. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
  readonly path: string

  constructor(message: string, path: string) {
    super(message)
    this.path = path
  }
}

/** What stands behind the last byte. */
const END = -1
export const QUOTE = 0x22
const DOLLAR = 0x24
const PLUS = 0x2b
export const COMMA = 0x2c
export const MINUS = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
export const DIGIT_0 = 0x30
export const DIGIT_9 = 0x39
export const COLON = 0x3a
const LETTER_CAPITAL_E = 0x45
export const OPEN_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
const LETTER_B = 0x62
const LETTER_E = 0x65
export const LETTER_F = 0x66
export const LETTER_N = 0x6e
const LETTER_R = 0x72
export const LETTER_T = 0x74
const LETTER_U = 0x75
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d

const shortEscapes: ReadonlySet<number> = new Set([
  ...[QUOTE, BACKSLASH, SLASH],
  ...[LETTER_B, LETTER_F, LETTER_N, LETTER_R, LETTER_T],
])
const isFourHexDigits = /^[0-9a-fA-F]{4}$/

export interface JsonReaderOptions {
  /**
   * Refuse `\ud800` without its other half. Such a string is not Unicode, and what becomes of it downstream is
   * anybody's guess (I-JSON, RFC 7493, section 2.1). For what callers send; what is stored already is passed on.
   */
  readonly wellFormed?: boolean
}

export class JsonReader {
  readonly bytes: Json
  /** Where the next byte is read. */
  position = 0
  /** Where the last name that was read stands, with its quotes. */
  nameStart = 0
  nameEnd = 0
  readonly #wellFormed: boolean
  #ends: Map<number, number> | undefined

  constructor(bytes: Json, options: JsonReaderOptions = {}) {
    this.bytes = bytes
    this.#wellFormed = options.wellFormed ?? false
  }

  /** Throws a {@link JsonError} that names the place of the value at `position`. */
  fail(message: string, position = this.position): never {
    throw new JsonError(message, pathAt(this.bytes.toString(), this.#characterAt(position)))
  }

  #malformed(expected: string): never {
    const found = this.bytes.toString('utf8', this.position, this.position + 4).codePointAt(0)
    const what = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found))
    const character = this.#characterAt(this.position)
    this.fail(`is not valid JSON: expected ${expected}, found ${what} at character ${character}`)
  }

  /** Which character, counted in UTF-16 code units, the byte at a position begins. */
  #characterAt(position: number): number {
    return this.bytes.toString('utf8', 0, position).length
  }

  /** Skips white space and gives the next byte, -1 at the end. */
  peek(): number {
    const { bytes } = this
    let code = bytes[this.position] ?? END
    while (code <= 0x20 && (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)) {
      code = bytes[++this.position] ?? END
    }
    return code
  }

  /** Skips white space and the one byte, which must come next. */
  expect(code: number): void {
    if (this.bytes[this.position] !== code && this.peek() !== code) {
      this.#malformed(JSON.stringify(String.fromCharCode(code)))
    }
    this.position++
  }

  /**
   * Moves to the next element or member inside brackets: past the comma, unless it is the first.
   * False when the closing bracket came instead; that is then behind.
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

  /** Moves over the name of a member and the colon behind it. */
  name(): void {
    if (this.peek() !== QUOTE) this.#malformed('a name in quotes')
    this.nameStart = this.position
    this.string()
    this.nameEnd = this.position
    // Mostly there is no white space.
    if (this.bytes[this.nameEnd] === COLON) this.position++
    else this.expect(COLON)
  }

  /** What the last name that was read says. */
  nameText(): string {
    return this.stringAt(this.nameStart, this.nameEnd)
  }

  /** Moves over the string that starts at the next byte. */
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

  /** Checks the escape sequence that starts at `at` and gives the place of its last byte. */
  #escape(at: number): number {
    const kind = this.bytes[at + 1] ?? END
    this.position = at
    if (kind !== LETTER_U) {
      if (!shortEscapes.has(kind)) this.#malformed('an escape sequence')
      return at + 1
    }
    const unit = this.#codeUnit(at)
    if (!this.#wellFormed || unit < 0xd800 || unit > 0xdfff) return at + 5
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

  /** What the string between `start` and `end`, which are those of its quotes, says. */
  stringAt(start: number, end: number): string {
    return unquote(this.bytes.toString('utf8', start, end))
  }

  /** Moves over the number that starts at the next byte; it must, where no other value does. */
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

  /** Moves over `true`, `false` or `null`, whichever is wanted. */
  literal(word: 'true' | 'false' | 'null'): void {
    const { bytes, position } = this
    for (let i = 0; i < word.length; i++) {
      if (bytes[position + i] !== word.charCodeAt(i)) this.#malformed('a value')
    }
    this.position += word.length
  }

  /** Moves over the value that comes next, whatever it is. */
  value(depth = 0): void {
    const code = this.peek()
    switch (code) {
      case QUOTE:
        this.string()
        return
      case OPEN_BRACE:
        this.descend(depth)
        for (let first = true; this.next(CLOSE_BRACE, first); first = false) {
          this.name()
          const content = this.position
          const mayBeTag = first && this.mayBeTag(this.nameStart)
          this.value(depth + 1)
          if (mayBeTag) (this.#ends ??= new Map()).set(content, this.position)
        }
        return
      case OPEN_BRACKET:
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

  /** Moves over the value that comes next and gives it, without the white space around it. */
  take(): Json {
    this.peek()
    const start = this.position
    this.value()
    return this.bytes.subarray(start, this.position)
  }

  /**
   * Moves behind the value that comes next. Objects within objects, each with a name that {@link mayBeTag} first,
   * are looked ahead over level by level; what was passed once is known, or that would cost the square of it.
   */
  skip(depth: number): void {
    const end = this.#ends?.get(this.position)
    if (end === undefined) this.value(depth)
    else this.position = end
  }

  /** Whether the name at a place starts with `$`, which may also stand as `\\u0024`. */
  mayBeTag(name: number): boolean {
    const start = this.bytes[name + 1]
    return start === DOLLAR || start === BACKSLASH
  }

  /** Steps over an opening bracket, no deeper than {@link MAX_DEPTH}. */
  descend(depth: number): void {
    if (depth >= MAX_DEPTH) this.fail(`is nested deeper than ${MAX_DEPTH} levels`)
    this.position++
  }

  /** Nothing but white space may follow. */
  end(): void {
    this.peek()
    if (this.position < this.bytes.length) this.#malformed('the end')
  }
}

/** Where the number that starts at `start` ends; `~place` where a digit is missing at a place. */
export function endOfNumber(bytes: Json, start: number): number {
  let at = start
  if (bytes[at] === MINUS) at++
  if (bytes[at] === DIGIT_0) at++
  else if ((at = endOfDigits(bytes, at)) < 0) return at
  if (bytes[at] === DOT && (at = endOfDigits(bytes, at + 1)) < 0) return at
  if (bytes[at] === LETTER_E || bytes[at] === LETTER_CAPITAL_E) {
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

/** What a quoted string says. */
export function unquote(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
}

/** More names than this are looked for in a set; up to here, comparing a few short ones is quicker. */
const FEW_NAMES = 16

/**
 * The names of one object, to refuse the second of two equal ones: which of them counts is not defined
 * (RFC 8259, section 4), so one would be dropped silently.
 */
export class Names {
  readonly #reader: JsonReader
  /** Where each name starts and ends, one after the other. */
  readonly #places: number[] = []
  /** What they say, if they are many, or if one of them can be written in several ways. */
  #texts: Set<string> | undefined

  constructor(reader: JsonReader) {
    this.#reader = reader
  }

  /** Adds the name that the reader has just read. */
  add(): void {
    const { nameStart, nameEnd, bytes } = this.#reader
    const places = this.#places
    if (this.#texts === undefined && places.length < 2 * FEW_NAMES && !isEscaped(bytes, nameStart, nameEnd)) {
      for (let i = 0; i < places.length; i += 2) {
        if (isSame(bytes, places[i] ?? 0, places[i + 1] ?? 0, nameStart, nameEnd)) this.#refuse()
      }
      places.push(nameStart, nameEnd)
      return
    }
    const texts = (this.#texts ??= this.#allTexts())
    const text = this.#reader.nameText()
    if (texts.has(text)) this.#refuse()
    texts.add(text)
  }

  #allTexts(): Set<string> {
    const texts = new Set<string>()
    for (let i = 0; i < this.#places.length; i += 2) {
      texts.add(this.#reader.stringAt(this.#places[i] ?? 0, this.#places[i + 1] ?? 0))
    }
    return texts
  }

  #refuse(): never {
    const { bytes, nameStart, nameEnd } = this.#reader
    this.#reader.fail(`has the name ${bytes.toString('utf8', nameStart, nameEnd)} twice`)
  }
}

function isSame(bytes: Json, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false
  for (let i = 1; start + i < end; i++) if (bytes[start + i] !== bytes[otherStart + i]) return false
  return true
}

function isEscaped(bytes: Json, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true
  return false
}

/** Reads an object: calls `read` with the name of each member, in front of its value, which it must read. */
export function eachMember(reader: JsonReader, read: (name: string) => void): void {
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    read(reader.nameText())
  }
}

/** Reads an array: calls `read` in front of each element, which it must read. */
export function eachElement(reader: JsonReader, read: () => void): void {
  reader.expect(OPEN_BRACKET)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) read()
}

/** The members of an object, each as it stands, by name. */
export function members(json: Json): Map<string, Json> {
  const reader = new JsonReader(json)
  const found = new Map<string, Json>()
  eachMember(reader, (name) => found.set(name, reader.take()))
  reader.end()
  return found
}

/** The elements of an array, each as it stands. */
export function elements(json: Json): Json[] {
  const reader = new JsonReader(json)
  const found: Json[] = []
  eachElement(reader, () => found.push(reader.take()))
  reader.end()
  return found
}

/** The value that a JSON has. */
export function parse(json: Json): unknown {
  return JSON.parse(json.toString())
}

/**
 * The place of a position in a text, as `/item/tags/0`. Walks the text from its start, brackets and strings
 * only, which is slow and done for error messages alone.
 */
function pathAt(text: string, position: number): string {
  // Undefined stands for an object of which no name has been read yet.
  const path: (string | number | undefined)[] = []
  const token = /["[\]{},:]/g
  let name = ''
  for (let match = token.exec(text); match !== null && match.index < position; match = token.exec(text)) {
    const [found] = match
    const top = path.at(-1)
    if (found === '{') path.push(undefined)
    else if (found === '[') path.push(0)
    else if (found === '}' || found === ']') path.pop()
    else if (found === ',') path[path.length - 1] = typeof top === 'number' ? top + 1 : undefined
    else if (found === ':') path[path.length - 1] = name
    else {
      let end = token.lastIndex
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      name = text.slice(token.lastIndex, end)
      token.lastIndex = end + 1
    }
  }
  return path.map((step) => (step === undefined ? '' : `/${step}`)).join('')
}
