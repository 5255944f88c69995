import type { Json } from './reader.js'

const INITIAL_BYTES = 64 * 1024
/** What is larger than this is not kept for the next one. */
const KEPT_BYTES = 1024 * 1024
/** Fewer bytes are copied one by one: calling the runtime would take longer. */
const FEW_BYTES = 128

const isAscii = /^[\x20-\x7e]*$/

/** Writes JSON, piece by piece, into memory that serves again for the next one. */
export class JsonWriter {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  /** Bytes written since the last {@link take}. */
  length = 0

  /** One byte. */
  byte(code: number): void {
    this.#reserve(1)
    this.#bytes[this.length++] = code
  }

  /** Characters of ASCII, few of them. */
  ascii(text: string): void {
    this.#reserve(text.length)
    const bytes = this.#bytes
    let to = this.length
    for (let i = 0; i < text.length; i++) bytes[to++] = text.charCodeAt(i)
    this.length = to
  }

  /** Any characters. */
  text(text: string): void {
    if (text.length < FEW_BYTES && isAscii.test(text)) {
      this.ascii(text)
      return
    }
    this.#reserve(text.length * 3)
    this.length += this.#bytes.write(text, this.length)
  }

  /** The bytes of `from` between `start` and `end`. */
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

  /** Gives all that was written, and begins anew. */
  take(): Json {
    const taken = Buffer.allocUnsafe(this.length)
    this.#bytes.copy(taken, 0, 0, this.length)
    this.clear()
    return taken
  }

  /** Forgets what was written. */
  clear(): void {
    this.length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.length + count))
    this.#bytes.copy(larger, 0, 0, this.length)
    this.#bytes = larger
  }
}

const COMMA = Buffer.from(',')

/** An array of what is JSON already. */
export function arrayOf(elements: readonly Json[]): Json {
  return enclose(
    '[',
    elements.map((element) => [element]),
    ']',
  )
}

/** An object of members that are JSON already; those that are undefined are left out. */
export function objectOf(members: Iterable<readonly [name: string, value: Json | undefined]>): Json {
  const written = [...members].flatMap(([name, value]) =>
    value === undefined ? [] : [[Buffer.from(`${JSON.stringify(name)}:`), value]],
  )
  return enclose('{', written, '}')
}

/** All at once and in memory of just its size: a batch can be large. */
function enclose(open: string, parts: readonly (readonly Json[])[], close: string): Json {
  const separated = parts.flatMap((part, index) => (index === 0 ? part : [COMMA, ...part]))
  return Buffer.concat([Buffer.from(open), ...separated, Buffer.from(close)])
}
