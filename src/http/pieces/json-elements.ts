import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  TAB,
} from '../../json/character-codes.js'
import { JsonError } from '../../json/reader.js'
import { unquote } from '../../json/scalars.js'
import { type Piece, Splitter, type SplitterOptions } from './splitter.js'

/** What comes next. */
type State =
  | 'text'
  | 'first element'
  | 'element'
  | 'end of element'
  | 'first name'
  | 'name'
  | 'colon'
  | 'value'
  | 'end of value'
  | 'end'

export interface JsonElementsOptions extends SplitterOptions {
  /**
   * Called with the name of each array in an object. It throws a JsonError if its elements are not wanted.
   */
  readonly enterArray: (name: string) => void
  /** Whether an object with this name is read for arrays, too. */
  readonly isEntered: (name: string) => boolean
}

const shape = 'Send an array of items, the output of a scan, or the request items of a batch write'
const linesInstead = 'For an item on each line, the Content-Type is application/x-ndjson'

/**
 * The elements of the one array that a JSON text is, or of the arrays in the object that it is. The splitter finds their
 * ends; what is in them is for the reader of the item to check.
 */
export class JsonElements extends Splitter {
  readonly #options: JsonElementsOptions
  #state: State = 'text'
  /** The state that a value has been found in, while its end has not arrived. */
  #within: State | undefined
  /** The name of the member that is being read. */
  #name = ''
  /** The objects around the array or the member. */
  #objects = 0
  #hasArray = false
  /** The number of the line that is being read. */
  #line = 1
  // Of the value whose end has not arrived:
  #depth = 0
  #inString = false
  #escaped = false
  #isScalar = false

  constructor(options: JsonElementsOptions) {
    super(options)
    this.#options = options
  }

  override *split(chunk: Buffer): Generator<Piece> {
    for (let at = 0; at < chunk.length;) {
      if (this.#within === undefined) {
        at = this.#next(chunk, at)
        continue
      }
      const end = this.#endOfValue(chunk, at)
      if (end === undefined) {
        this.keep(chunk.subarray(at))
        return
      }
      const bytes = this.complete(chunk.subarray(at, end))
      at = end
      if (this.#within === 'element') yield { number: this.number, bytes }
      this.#leaveValue(bytes)
    }
  }

  override end(): Iterable<Piece> {
    if (this.#state === 'text') this.#fail('is empty')
    if (this.#state !== 'end') this.#fail('is not valid JSON: the text ends too early')
    return []
  }

  /** Passes over white space and one more character. A value begins at the position that is returned. */
  #next(chunk: Buffer, start: number): number {
    let at = start
    for (; at < chunk.length; at++) {
      const code = chunk[at]
      if (code === LINE_FEED) this.number = ++this.#line
      else if (code !== SPACE && code !== CARRIAGE_RETURN && code !== TAB) break
    }
    this.passOver(at - start)
    const code = chunk[at]
    if (code === undefined) return at
    switch (this.#state) {
      case 'text':
        if (code === OPEN_BRACKET) this.#enterArray()
        else if (code === OPEN_BRACE) this.#enterObject()
        else this.#fail(`is neither a JSON array nor an object. ${shape}`)
        return at + 1
      case 'first element':
        if (code === CLOSE_BRACKET) return this.#leaveArray(at)
        return this.#enterValue('element', code, at)
      case 'element':
        if (code === CLOSE_BRACKET) this.#unexpected('a value after ","', code)
        return this.#enterValue('element', code, at)
      case 'end of element':
        if (code === CLOSE_BRACKET) return this.#leaveArray(at)
        if (code !== COMMA) this.#unexpected('"," or "]"', code)
        this.#state = 'element'
        return at + 1
      case 'first name':
        if (code === CLOSE_BRACE) return this.#leaveObject(at)
        return this.#enterName(code, at)
      case 'name':
        return this.#enterName(code, at)
      case 'colon':
        if (code !== COLON) this.#unexpected('":"', code)
        this.#state = 'value'
        return at + 1
      case 'value':
        return this.#enterMember(code, at)
      case 'end of value':
        if (code === CLOSE_BRACE) return this.#leaveObject(at)
        if (code !== COMMA) this.#unexpected('"," or "}"', code)
        this.#state = 'name'
        return at + 1
      case 'end':
        return this.#fail(`has more text after the end of the JSON text. ${linesInstead}`)
    }
  }

  #enterArray(): void {
    this.#hasArray = true
    this.#state = 'first element'
  }

  #leaveArray(at: number): number {
    this.#state = this.#objects === 0 ? 'end' : 'end of value'
    return at + 1
  }

  #enterObject(): void {
    this.#objects++
    this.#state = 'first name'
  }

  #leaveObject(at: number): number {
    this.#objects--
    this.#state = this.#objects === 0 ? 'end' : 'end of value'
    if (this.#objects === 0 && !this.#hasArray) {
      this.#fail(`is an object without an array of items. ${shape}. ${linesInstead}`)
    }
    return at + 1
  }

  #enterName(code: number, at: number): number {
    if (code !== QUOTE) this.#unexpected('a name in quotes', code)
    return this.#enterValue('name', code, at)
  }

  #enterMember(code: number, at: number): number {
    if (code === OPEN_BRACKET) {
      this.#options.enterArray(this.#name)
      this.#enterArray()
      return at + 1
    }
    if (code === OPEN_BRACE && this.#options.isEntered(this.#name)) {
      this.#enterObject()
      return at + 1
    }
    return this.#enterValue('value', code, at)
  }

  #enterValue(within: State, code: number, at: number): number {
    this.#within = within
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
    this.#isScalar = code !== OPEN_BRACE && code !== OPEN_BRACKET && code !== QUOTE
    if (
      this.#isScalar &&
      (code === COMMA || code === COLON || code === CLOSE_BRACE || code === CLOSE_BRACKET)
    ) {
      this.#unexpected('a value', code)
    }
    return at
  }

  #leaveValue(bytes: Buffer): void {
    if (this.#within === 'name') {
      this.#name = textOf(bytes)
      this.#state = 'colon'
    } else this.#state = this.#within === 'element' ? 'end of element' : 'end of value'
    this.#within = undefined
    this.number = this.#line
  }

  /** The position behind the value; undefined if its end has not arrived. */
  #endOfValue(chunk: Buffer, start: number): number | undefined {
    if (this.#isScalar) return this.#endOfScalar(chunk, start)
    let depth = this.#depth
    let inString = this.#inString
    let escaped = this.#escaped
    const { length } = chunk
    for (let at = start; at < length; at++) {
      if (inString) {
        // Most bytes are in strings, so this loop compares as little as it can.
        if (escaped) {
          escaped = false
          continue
        }
        let code = chunk[at]
        while (code !== QUOTE && code !== BACKSLASH && at < length) code = chunk[++at]
        if (code === BACKSLASH) escaped = true
        else if (code === QUOTE) {
          inString = false
          if (depth === 0) return at + 1
        }
        continue
      }
      switch (chunk[at]) {
        case QUOTE:
          inString = true
          break
        case LINE_FEED:
          this.#line++
          break
        case OPEN_BRACE:
        case OPEN_BRACKET:
          depth++
          break
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          if (--depth === 0) return at + 1
      }
    }
    this.#depth = depth
    this.#inString = inString
    this.#escaped = escaped
    return undefined
  }

  /** A number or a word ends before the next delimiter. */
  #endOfScalar(chunk: Buffer, start: number): number | undefined {
    for (let at = start; at < chunk.length; at++) {
      const code = chunk[at] ?? SPACE
      if (code <= SPACE || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) return at
    }
    return undefined
  }

  #unexpected(expected: string, code: number): never {
    this.#fail(`is not valid JSON: expected ${expected}, found ${JSON.stringify(String.fromCharCode(code))}`)
  }

  #fail(message: string): never {
    throw new JsonError(message, '')
  }
}

/** @throws JsonError if it is not a JSON string */
function textOf(name: Buffer): string {
  try {
    return unquote(name.toString())
  } catch {
    throw new JsonError('is not valid JSON: a name has a wrong escape', '')
  }
}
