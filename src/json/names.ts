import { BACKSLASH } from './character-codes.js'
import type { Json } from './json.js'
import type { JsonReader } from './reader.js'

/** Up to this many names are compared one by one, which is faster than a set for a few short names. */
const FEW_NAMES = 16

/**
 * The names of one object. The second of two equal names is refused: which of them counts is not defined (RFC 8259,
 * section 4), so one value would be lost silently.
 */
export class Names {
  readonly #reader: JsonReader
  /** Start and end of each name, one after the other. */
  readonly #places: number[] = []
  /** The names as texts, once they are many or one of them has escapes and so can be written in several ways. */
  #texts: Set<string> | undefined

  constructor(reader: JsonReader) {
    this.#reader = reader
  }

  /**
   * Adds the name that the reader has just read.
   * @throws JsonError if it was added before
   */
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
