import type { IncomingMessage } from 'node:http'
import { LINE_FEED } from '../json/character-codes.js'
import { ProblemError } from '../problem/problem-error.js'
import { arrivalFailure, exemptArrival, type StreamPatience } from './arrival.js'
import { GrowingBuffer } from './growing-buffer.js'
import { bodyCutShort } from './request-body.js'

/** One line of a body, without its line feed. */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  readonly bytes: Buffer
}

export interface LinesOptions {
  /** The maximum size of one line. */
  readonly maxBytes: number
  readonly patience: StreamPatience
  /** Called with the number of bytes that are now held in memory, negative when they are released. It may throw. */
  readonly hold: (bytes: number) => void
}

const NOTHING = Buffer.alloc(0)

/**
 * The body of a request as lines, in any number. It applies back-pressure: the body is read only when more lines are
 * asked for. A `ProblemError` that it throws is about the line `number`.
 */
export class RequestLines {
  readonly #request: IncomingMessage
  readonly #options: LinesOptions
  /** The line whose end has not arrived. */
  readonly #partial = new GrowingBuffer()
  #interrupted = false
  #wake: () => void = () => undefined
  /** The number of the last line that was returned; after it has been processed, that of the next one. */
  number = 1
  /** The size of what has been read, in bytes. */
  bytesRead = 0

  constructor(request: IncomingMessage, options: LinesOptions) {
    this.#request = request
    this.#options = options
  }

  /** Ends the iteration with an error, also while it waits for more lines. */
  interrupt(): void {
    this.#interrupted = true
    this.#wake()
  }

  /** The lines that have arrived, as many as there are each time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Iterable<Line>> {
    const request = this.#request
    const wake = () => {
      this.#wake()
    }
    const events = ['readable', 'end', 'close', 'error'] as const
    for (const event of events) request.on(event, wake)
    exemptArrival(request)
    try {
      for (;;) {
        if (this.#interrupted) throw new ProblemError('ServiceUnavailable', 'The import was canceled.')
        const chunk = request.read() as Buffer | null
        if (chunk !== null) {
          this.bytesRead += chunk.length
          this.#options.patience.received(chunk.length)
          yield this.#linesOf(chunk)
        } else if (request.readableEnded) break
        else if (request.destroyed) throw bodyCutShort()
        else await this.#more()
      }
      if (this.#partial.length > 0) yield [this.#complete(NOTHING)]
    } finally {
      for (const event of events) request.off(event, wake)
      this.#reset()
      // The server discards what still arrives, so that the answer reaches a caller that is still sending.
      request.on('error', () => undefined)
      request.resume()
    }
  }

  *#linesOf(chunk: Buffer): Generator<Line> {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield this.#complete(chunk.subarray(start, end))
      this.number++
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  /** Keeps the beginning of a line. */
  #keep(piece: Buffer): void {
    this.#checkLength(piece)
    this.#options.hold(piece.length)
    this.#partial.append(piece)
  }

  #complete(end: Buffer): Line {
    this.#checkLength(end)
    const bytes = this.#partial.length === 0 ? end : Buffer.concat([this.#partial.bytes, end])
    this.#reset()
    return { number: this.number, bytes }
  }

  #checkLength(more: Buffer): void {
    const { maxBytes } = this.#options
    if (this.#partial.length + more.length <= maxBytes) return
    throw new ProblemError('PayloadTooLarge', `The line is longer than ${maxBytes} bytes (BODY_LIMIT_BYTES).`)
  }

  #reset(): void {
    if (this.#partial.length > 0) this.#options.hold(-this.#partial.length)
    this.#partial.clear()
  }

  async #more(): Promise<void> {
    const failure = arrivalFailure(this.#request)
    if (failure !== undefined) throw failure
    const { patience } = this.#options
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(patience.timeout())
      }, patience.ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    patience.waited(performance.now() - since)
  }
}
