/** The size up to which the memory is reused. */
const REUSED_BYTES = 64 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Bytes that arrive in pieces, in one buffer of at most twice their size: a list of the pieces would take a hundred times
 * as much memory if each of them is one byte long.
 */
export class GrowingBuffer {
  #buffer = NOTHING
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The bytes so far. They are valid until the next change. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  append(piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * length)
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = length
  }

  clear(): void {
    this.#length = 0
    if (this.#buffer.length > REUSED_BYTES) this.#buffer = NOTHING
  }
}
