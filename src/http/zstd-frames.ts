/** Cuts a body of zstd into its frames (RFC 8878, section 3.1). */
import { Transform, type TransformCallback } from 'node:stream'

const MAGIC = 0xfd2fb528
/** The magic numbers of skippable frames differ in their last four bits. */
const SKIPPABLE = 0x184d2a50

/** The size of the dictionary's id, and of the content's, by their flags. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]

/**
 * Passes everything on, in chunks of which none goes beyond the end of a frame. Node.js decompresses a frame that begins a chunk; if a frame
 * ends within one, it takes what follows for the end of the data, without an error.
 */
export class ZstdFrames extends Transform {
  /** The bytes that are read next: a header, of which nothing is known before it is complete. */
  #header = Buffer.alloc(0)
  /** The bytes to pass on before the next header. */
  #left = 0
  /** Reads a header, and says how much follows it. Undefined once the data are no zstd, which the decoder will say. */
  #read: ((header: Buffer) => void) | undefined = this.#frame
  #wanted = 4
  #checksumBytes = 0
  #ends = false

  constructor() {
    // In byte mode, chunks may be joined.
    super({ readableObjectMode: true })
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0
    for (let at = 0; at < chunk.length && this.#read !== undefined;) {
      const passed = Math.min(this.#left, chunk.length - at)
      this.#left -= passed
      at += passed
      if (this.#left > 0) break
      if (this.#ends) {
        this.#ends = false
        this.#pass(chunk.subarray(start, at))
        start = at
      }
      const header = chunk.subarray(at, at + this.#wanted - this.#header.length)
      this.#header = Buffer.concat([this.#header, header])
      at += header.length
      if (this.#header.length < this.#wanted) break
      const complete = this.#header
      this.#header = Buffer.alloc(0)
      this.#read(complete)
    }
    this.#pass(chunk.subarray(start))
    done()
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.push(bytes)
  }

  #expect(bytes: number, read: (header: Buffer) => void): void {
    this.#wanted = bytes
    this.#read = read
  }

  #frame(header: Buffer): void {
    const magic = header.readUInt32LE()
    if (magic === MAGIC) this.#expect(1, this.#descriptor)
    else if ((magic & ~0xf) === SKIPPABLE) this.#expect(4, this.#skippable)
    else this.#read = undefined
  }

  #skippable(header: Buffer): void {
    this.#end(header.readUInt32LE())
  }

  #descriptor([flags = 0]: Buffer): void {
    const singleSegment = (flags & 0x20) !== 0
    const contentSize = CONTENT_SIZE_BYTES[flags >> 6] ?? 0
    this.#checksumBytes = (flags & 4) === 0 ? 0 : 4
    // A window, or the size of the content in its place.
    this.#left =
      (singleSegment ? Math.max(contentSize, 1) : contentSize + 1) + (DICTIONARY_ID_BYTES[flags & 3] ?? 0)
    this.#expect(3, this.#block)
  }

  #block(header: Buffer): void {
    const block = header.readUIntLE(0, 3)
    // One byte that is repeated.
    const bytes = ((block >> 1) & 3) === 1 ? 1 : block >> 3
    if ((block & 1) === 0) this.#left = bytes
    else this.#end(bytes + this.#checksumBytes)
  }

  /** @param bytes after which the frame ends */
  #end(bytes: number): void {
    this.#left = bytes
    this.#ends = true
    this.#expect(4, this.#frame)
  }
}
