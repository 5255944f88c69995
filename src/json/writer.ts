import type { Json } from './json.js'

const INITIAL_BYTES = 64 * 1024
/** Memory larger than this is not kept for the next use. */
const KEPT_BYTES = 1024 * 1024
/** Memory grows to so many times of what is needed, for what may follow. */
const ROOM = 1.125
const MOST = 0.75
/** Fewer bytes than this are copied one by one: a call into the runtime would take longer. */
const FEW_BYTES = 128

const isAscii = /^[\x20-\x7e]*$/

/** Writes JSON piece by piece into memory that is used again for the next value. */
export class JsonWriter {
  readonly #first = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #bytes = this.#first
  /** Bytes written since the writer was last cleared. */
  length = 0

  /** Writes one byte. */
  byte(code: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = code
  }

  /** Writes a short text of ASCII characters. */
  ascii(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let to = this.length
    for (let i = 0; i < text.length; i++) bytes[to++] = text.charCodeAt(i)
    this.length = to
  }

  /** Writes any text in UTF-8. */
  text(text: string): void {
    if (text.length < FEW_BYTES && isAscii.test(text)) {
      this.ascii(text)
      return
    }
    this.#reserve(text.length * 3)
    this.length += this.#bytes.write(text, this.length)
  }

  /** Writes the bytes of `from` from `start` up to `end`. */
  copy(from: Uint8Array, start = 0, end = from.length): void {
    const count = end - start
    this.#reserve(count)
    const bytes = this.#bytes
    if (count > FEW_BYTES) {
      bytes.set(from.subarray(start, end), this.length)
      this.length += count
    } else {
      let to = this.length
      for (let i = start; i < end; i++) bytes[to++] = from[i] ?? 0
      this.length = to
    }
  }

  /** Whether a short text of ASCII characters was written at a position. */
  startsAt(position: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#bytes[position + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** Returns all that was written and clears the writer. */
  take(): Json {
    const { length } = this
    // Memory that is used for the most part is handed over, which saves a copy.
    const isUsed = this.#bytes !== this.#first && length > MOST * this.#bytes.length
    const taken = isUsed ? this.#bytes.subarray(0, length) : Buffer.allocUnsafe(length)
    if (isUsed) this.#bytes = this.#first
    else this.#bytes.copy(taken, 0, 0, length)
    this.clear()
    return taken
  }

  /** Discards all that was written. */
  clear(): void {
    this.length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = this.#first
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const wanted = this.length + count
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, Math.ceil(wanted * ROOM)))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}
