/** The body of an answer that is sent in parts, compressed if the client asks for it. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { CancelSignal } from '../storage/call/cancellation.js'
import { varyByCoding } from './compression.js'
import { acceptedCoding, type Encoder } from './content-codings.js'
import { writeWithBackPressure } from './stream-writer.js'

export interface AnswerStreamOptions {
  readonly contentType: string
  readonly acceptEncoding: string | undefined
  /** The longest wait for the reader, in ms. */
  readonly timeoutMs: number
  readonly signal: CancelSignal
  /** Called with the number of bytes that are sent, as they are on the wire. */
  readonly sent: (bytes: number) => void
}

export class AnswerStream {
  readonly #raw: ServerResponse
  readonly #encoder: Encoder | undefined
  readonly #options: AnswerStreamOptions

  /** Sends the headers. */
  constructor(reply: FastifyReply, options: AnswerStreamOptions) {
    const { contentType, acceptEncoding, sent } = options
    this.#raw = reply.raw
    this.#options = options
    varyByCoding(reply)
    const coding = acceptedCoding(acceptEncoding)
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) this.#raw.setHeader(name, value)
    }
    this.#raw.writeHead(200, {
      'content-type': contentType,
      ...(coding !== undefined && { 'content-encoding': coding.name }),
    })
    if (coding === undefined) return
    const encoder = coding.createEncoder()
    encoder.on('data', (bytes: Buffer) => {
      sent(bytes.length)
    })
    encoder.on('error', () => {
      this.breakOff()
    })
    this.#raw.on('close', () => encoder.destroy())
    encoder.pipe(this.#raw)
    this.#encoder = encoder
  }

  /**
   * Resolves when the reader has taken enough for more to be written. Nothing is kept back in the encoder.
   * @throws Error if the reader takes nothing in time, or if the signal is aborted
   */
  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) {
      this.#raw.flushHeaders()
      return
    }
    const { timeoutMs, signal, sent } = this.#options
    await writeWithBackPressure(this.#encoder ?? this.#raw, bytes, timeoutMs, signal)
    if (this.#encoder === undefined) sent(bytes.length)
    else this.#encoder.flush()
  }

  /** Sends a short text without waiting for the reader; false and nothing, if it has disconnected or does not read. */
  fill(text: string): boolean {
    if (this.#raw.destroyed || this.#raw.writableNeedDrain) return false
    const { sent } = this.#options
    if (this.#encoder === undefined) {
      this.#raw.write(text)
      sent(text.length)
    } else {
      this.#encoder.write(text)
      this.#encoder.flush()
    }
    return true
  }

  /** Ends the answer. */
  end(last = ''): void {
    if (this.#raw.destroyed) return
    const out = this.#encoder ?? this.#raw
    out.end(last)
    if (this.#encoder === undefined) this.#options.sent(Buffer.byteLength(last))
  }

  /** Without its last chunk the answer is incomplete (RFC 9112, section 8). */
  breakOff(): void {
    this.#raw.destroy()
    this.#encoder?.destroy()
  }
}
