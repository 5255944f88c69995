/**
 * A reader of JSON text (RFC 8259) that never builds values: it moves over the text and hands out slices of
 * it. What passes through the service unchanged is copied as text, so no digit of a number and no character
 * of a string can change on the way, and `__proto__` is a name like any other.
 */

/** JSON as text. Wherever a function takes or gives one, it is exactly one well-formed JSON value. */
export type JsonText = string

/** Deeper nesting than this is refused, so that no body can exhaust the stack. DynamoDB stops at 32 levels. */
export const MAX_DEPTH = 512

/** The text is not the JSON that is wanted at this place. `path` is a JSON Pointer (RFC 6901) without escapes. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError'
  readonly path: string

  constructor(message: string, text: string, position: number) {
    super(message)
    this.path = pathAt(text, position)
  }
}

export const QUOTE = 0x22
const DOLLAR = 0x24
export const COMMA = 0x2c
export const MINUS = 0x2d
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const DIGIT_0 = 0x30
export const DIGIT_9 = 0x39
export const LETTER_F = 0x66
export const LETTER_N = 0x6e
export const LETTER_T = 0x74
const LETTER_U = 0x75

const hasControlCharacter = /[^\u0020-\uffff]/
const isFourHexDigits = /^[0-9a-fA-F]{4}$/

export interface JsonReaderOptions {
  /**
   * Refuse `\ud800` without its other half. Such a string is not Unicode, and what becomes of it downstream is
   * anybody's guess (I-JSON, RFC 7493, section 2.1). For what callers send; what is stored already is passed on.
   */
  readonly wellFormed?: boolean
}

export class JsonReader {
  readonly text: string
  /** Where the next character is read, counted in UTF-16 code units. */
  position = 0
  readonly #wellFormed: boolean
  // Two facts about the whole text that let `string` copy a string after one search for its closing quote:
  // compact JSON holds no control character, and the next backslash is usually far away.
  readonly #hasControlCharacter: boolean
  // Holds from `#searchedFrom` on; who looks ahead sets the position back.
  #nextBackslash = -1
  #searchedFrom = 0
  readonly #ends = new Map<number, number>()

  constructor(text: JsonText, options: JsonReaderOptions = {}) {
    this.text = text
    this.#wellFormed = options.wellFormed ?? false
    this.#hasControlCharacter = hasControlCharacter.test(text)
  }

  /** Throws a {@link JsonTextError} that names the place of the value at `position`. */
  fail(message: string, position = this.position): never {
    throw new JsonTextError(message, this.text, position)
  }

  #malformed(expected: string): never {
    const found = this.text.codePointAt(this.position)
    const what = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found))
    this.fail(`is not valid JSON: expected ${expected}, found ${what} at character ${this.position}`)
  }

  /** Skips white space and gives the code of the next character, NaN at the end. */
  peek(): number {
    const { text } = this
    let code = text.charCodeAt(this.position)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = text.charCodeAt(++this.position)
    }
    return code
  }

  /** Skips white space and the one character, which must come next. */
  expect(code: number): void {
    if (this.peek() !== code) this.#malformed(JSON.stringify(String.fromCharCode(code)))
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

  /** The name of a member, quoted as it stands; the colon is then behind. */
  name(): JsonText {
    if (this.peek() !== QUOTE) this.#malformed('a name in quotes')
    const name = this.string()
    this.expect(COLON)
    return name
  }

  /** The string that starts at the next character, quoted as it stands. */
  string(): JsonText {
    const { text } = this
    const start = this.position
    if (text.charCodeAt(start) !== QUOTE) this.#malformed('a string')
    if (this.#nextBackslash < start || start < this.#searchedFrom) {
      this.#searchedFrom = start
      const found = text.indexOf('\\', start)
      this.#nextBackslash = found === -1 ? Infinity : found
    }
    const end = text.indexOf('"', start + 1)
    if (end === -1 || end > this.#nextBackslash || this.#hasControlCharacter) return this.#checkedString()
    this.position = end + 1
    return text.slice(start, end + 1)
  }

  /** As `string`, one character at a time: for strings with escapes and for texts with line breaks. */
  #checkedString(): JsonText {
    const { text } = this
    const start = this.position++
    for (;;) {
      const code = text.charCodeAt(this.position)
      if (code === QUOTE) break
      if (code === BACKSLASH) this.#escape()
      else if (code >= 0x20) this.position++
      else this.#malformed('a string character or the closing quote')
    }
    return text.slice(start, ++this.position)
  }

  #escape(): void {
    const { text } = this
    const kind = text.charCodeAt(this.position + 1)
    if (kind !== LETTER_U) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(kind))) this.#malformed('an escape sequence')
      this.position += 2
      return
    }
    const unit = this.#codeUnit(this.position)
    if (this.#wellFormed && unit >= 0xd800 && unit <= 0xdfff) {
      const other = text.startsWith('\\u', this.position + 6) ? this.#codeUnit(this.position + 6) : 0
      if (unit > 0xdbff || other < 0xdc00 || other > 0xdfff) {
        this.fail(`has half a surrogate pair at character ${this.position}, which is no Unicode character`)
      }
      this.position += 6
    }
    this.position += 6
  }

  #codeUnit(escape: number): number {
    const digits = this.text.slice(escape + 2, escape + 6)
    if (!isFourHexDigits.test(digits)) this.#malformed('four hexadecimal digits after \\u')
    return Number.parseInt(digits, 16)
  }

  /** The number that starts at the next character, exactly as it stands. */
  number(): JsonText {
    const { text } = this
    const start = this.position
    if (text.charCodeAt(this.position) === MINUS) this.position++
    if (text.charCodeAt(this.position) === DIGIT_0) this.position++
    else this.#digits()
    if (text[this.position] === '.') {
      this.position++
      this.#digits()
    }
    if (text[this.position] === 'e' || text[this.position] === 'E') {
      this.position++
      if (text[this.position] === '+' || text[this.position] === '-') this.position++
      this.#digits()
    }
    return text.slice(start, this.position)
  }

  #digits(): void {
    const { text } = this
    const start = this.position
    let code = text.charCodeAt(start)
    while (code >= DIGIT_0 && code <= DIGIT_9) code = text.charCodeAt(++this.position)
    if (this.position === start) this.#malformed('a digit')
  }

  /** `true`, `false` or `null`, whichever is wanted. */
  literal<Word extends 'true' | 'false' | 'null'>(word: Word): Word {
    if (!this.text.startsWith(word, this.position)) this.#malformed('a value')
    this.position += word.length
    return word
  }

  /** The value that comes next, whatever it is, as it stands. */
  value(depth = 0): JsonText {
    const code = this.peek()
    const start = this.position
    switch (code) {
      case QUOTE:
        return this.string()
      case OPEN_BRACE:
        this.descend(depth)
        for (let first = true; this.next(CLOSE_BRACE, first); first = false) {
          const name = this.name()
          const content = this.position
          this.value(depth + 1)
          if (first && mayBeTag(name)) this.#ends.set(content, this.position)
        }
        return this.text.slice(start, this.position)
      case OPEN_BRACKET:
        this.descend(depth)
        for (let first = true; this.next(CLOSE_BRACKET, first); first = false) this.value(depth + 1)
        return this.text.slice(start, this.position)
      case LETTER_T:
        return this.literal('true')
      case LETTER_F:
        return this.literal('false')
      case LETTER_N:
        return this.literal('null')
      default:
        if (code !== MINUS && !(code >= DIGIT_0 && code <= DIGIT_9)) this.#malformed('a value')
        return this.number()
    }
  }

  /**
   * Moves behind the value that comes next. Objects within objects, each with a name that {@link mayBeTag} first,
   * are looked ahead over level by level; what was passed once is known, or that would cost the square of it.
   */
  skip(depth: number): void {
    const end = this.#ends.get(this.position)
    if (end === undefined) this.value(depth)
    else this.position = end
  }

  /** Steps over an opening bracket, no deeper than {@link MAX_DEPTH}. */
  descend(depth: number): void {
    if (depth >= MAX_DEPTH) this.fail(`is nested deeper than ${MAX_DEPTH} levels`)
    this.position++
  }

  /** Nothing but white space may follow. */
  end(): void {
    this.peek()
    if (this.position < this.text.length) this.#malformed('the end')
  }
}

/** Whether a quoted name starts with `$`, which may also stand as `\\u0024`. */
export function mayBeTag(quoted: JsonText): boolean {
  const start = quoted.charCodeAt(1)
  return start === DOLLAR || start === BACKSLASH
}

/** What a quoted string says. */
export function unquote(quoted: JsonText): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
}

/**
 * The names of one object, to refuse the second of two equal ones: which of them counts is not defined
 * (RFC 8259, section 4), so one would be dropped silently.
 */
export class Names {
  // Most objects are small, and comparing a few short strings beats hashing them.
  readonly #few: string[] = []
  #many: Set<string> | undefined

  /** Adds the name that `reader` has just read and gives it without its quotes. */
  add(reader: JsonReader, quoted: JsonText): string {
    const name = unquote(quoted)
    if (this.#many?.has(name) ?? this.#few.includes(name)) reader.fail(`has the name ${quoted} twice`)
    if (this.#many !== undefined) this.#many.add(name)
    else if (this.#few.push(name) > 16) this.#many = new Set(this.#few)
    return name
  }
}

/** The members of an object, each as it stands, by name. */
export function members(text: JsonText): Map<string, JsonText> {
  const reader = new JsonReader(text)
  const found = new Map<string, JsonText>()
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    const name = unquote(reader.name())
    found.set(name, reader.value())
  }
  reader.end()
  return found
}

/** The elements of an array, each as it stands. */
export function elements(text: JsonText): JsonText[] {
  const reader = new JsonReader(text)
  const found: JsonText[] = []
  reader.expect(OPEN_BRACKET)
  for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) found.push(reader.value())
  reader.end()
  return found
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
