/** A long body in pieces: one for each item. */
import { CARRIAGE_RETURN } from '../../json/character-codes.js'
import { ProblemError } from '../../problem/problem-error.js'
import { GrowingBuffer } from '../growing-buffer.js'

/** A part of a body that holds one item. */
export interface Piece {
  /** The number of the line on which it begins, counted from 1. */
  readonly number: number
  readonly bytes: Buffer
}

export interface SplitterOptions {
  /** The maximum size of one piece. */
  readonly maxBytes: number
  /** Called with the number of bytes that are now held in memory, negative when they are released. It may throw. */
  readonly hold: (bytes: number) => void
}

const NOTHING = Buffer.alloc(0)

/** Splits a body, chunk by chunk. It holds no more than the one piece whose end has not arrived. */
export abstract class Splitter {
  /** The line of the last piece that was returned; after it has been processed, that of the next one. */
  number = 1
  readonly #options: SplitterOptions
  /** The beginning of a piece whose end has not arrived. */
  readonly #partial = new GrowingBuffer()
  /** The size of what separates pieces, such as empty lines, since the last piece. */
  #idleBytes = 0

  constructor(options: SplitterOptions) {
    this.#options = options
  }

  /**
   * The pieces that end in a chunk.
   * @throws JsonError if the text has another shape; ProblemError if a piece is too large. Both are about the line `number`.
   */
  abstract split(chunk: Buffer): Iterable<Piece>

  /** The pieces that the end of the body ends. */
  abstract end(): Iterable<Piece>

  /** Releases the memory. */
  close(): void {
    if (this.#partial.length > 0) this.#options.hold(-this.#partial.length)
    this.#partial.clear()
  }

  protected get hasPartial(): boolean {
    return this.#partial.length > 0
  }

  /** Whether the piece that ends with this part of a chunk has nothing, or only the carriage return of a CRLF. */
  protected isBlank(chunk: Buffer, start: number, end: number): boolean {
    const length = this.#partial.length + end - start
    if (length > 1) return false
    return length === 0 || (this.hasPartial ? this.#partial.bytes[0] : chunk[start]) === CARRIAGE_RETURN
  }

  /** Keeps the beginning of a piece. */
  protected keep(beginning: Buffer): void {
    if (beginning.length === 0) return
    this.#checkLength(beginning.length)
    this.#options.hold(beginning.length)
    this.#partial.append(beginning)
  }

  /** The bytes of the piece that ends with these. */
  protected complete(end: Buffer = NOTHING): Buffer {
    this.#checkLength(end.length)
    this.#idleBytes = 0
    if (this.#partial.length === 0) return end
    const bytes = Buffer.concat([this.#partial.bytes, end])
    this.close()
    return bytes
  }

  /**
   * Counts bytes between pieces: in compressed form, any number of them would cost the caller nothing. A blank beginning is
   * dropped.
   */
  protected passOver(bytes: number): void {
    this.close()
    this.#idleBytes += bytes
    this.#checkLength(this.#idleBytes)
  }

  #checkLength(more: number): void {
    const { maxBytes } = this.#options
    if (this.#partial.length + more <= maxBytes) return
    throw new ProblemError('PayloadTooLarge', `The line is longer than ${maxBytes} bytes (BODY_LIMIT_BYTES).`)
  }
}
