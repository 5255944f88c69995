import type { IncomingMessage } from 'node:http'
import { receiveBy } from './http-server.js'
import { ProblemError } from '../problem/problem.js'
import { LINE_FEED } from '../items/lines.js'

/** A line of a body, without the line feed behind it. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
}

export interface LinesOptions {
  /** The longest that one line may be. */
  readonly maxBytes: number
  /** The longest wait for more of the body, in ms. */
  readonly timeoutMs: number
  /** Told of so many more bytes that are held, or less if negative. May throw if that is too much. */
  readonly hold: (bytes: number) => void
}

const NOTHING = Buffer.alloc(0)
/** Room for the beginning of a line is used again for the next one, unless it is larger. */
const KEPT_BYTES = 64 * 1024

/**
 * The body of a request as lines, however many there are: it is read when more lines are asked for, and no further. What
 * it throws, a `ProblemError`, is about line `number`.
 */
export class Lines {
  readonly #request: IncomingMessage
  readonly #options: LinesOptions
  /** Holds the line whose end has not come yet, in one piece, however small those are in which it comes. */
  #begun = NOTHING
  #length = 0
  #interrupted = false
  #wake: () => void = () => undefined
  /** Of the line that was given last, or, once that is done with, of the one that comes next. */
  number = 1

  constructor(request: IncomingMessage, options: LinesOptions) {
    this.#request = request
    this.#options = options
  }

  /** Nobody waits for more lines any longer: whoever does is told so. */
  interrupt(): void {
    this.#interrupted = true
    this.#wake()
  }

  /** The lines that have come, as many as there are each time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Iterable<Line>> {
    const request = this.#request
    const wake = () => {
      this.#wake()
    }
    const events = ['readable', 'end', 'close', 'error'] as const
    for (const event of events) request.on(event, wake)
    // As a whole, it may take as long as it likes.
    receiveBy(request, Infinity)
    try {
      for (;;) {
        if (this.#interrupted) throw new ProblemError('ServiceUnavailable', 'The import was given up.')
        const chunk = request.read() as Buffer | null
        if (chunk !== null) yield this.#linesOf(chunk)
        else if (request.readableEnded) break
        else if (request.destroyed) throw new ProblemError('InvalidRequest', 'The body broke off.')
        else await this.#more()
      }
      if (this.#length > 0) yield [this.#complete(NOTHING)]
    } finally {
      for (const event of events) request.off(event, wake)
      this.#forget()
      // What else comes is read, but of no use; so the answer reaches a caller that is still sending.
      request.on('error', () => undefined)
      receiveBy(request, performance.now() + this.#options.timeoutMs)
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
    if (start === chunk.length) return
    const rest = chunk.subarray(start)
    this.#checkLength(rest)
    this.#options.hold(rest.length)
    const length = this.#length + rest.length
    if (length > this.#begun.length) {
      const larger = Buffer.allocUnsafe(2 * length)
      this.#begun.copy(larger, 0, 0, this.#length)
      this.#begun = larger
    }
    rest.copy(this.#begun, this.#length)
    this.#length = length
  }

  #complete(end: Buffer): Line {
    this.#checkLength(end)
    const bytes = this.#length === 0 ? end : Buffer.concat([this.#begun.subarray(0, this.#length), end])
    this.#forget()
    return { number: this.number, bytes }
  }

  #checkLength(more: Buffer): void {
    if (this.#length + more.length <= this.#options.maxBytes) return
    throw new ProblemError('PayloadTooLarge', 'It is longer than BODY_LIMIT_BYTES allows.')
  }

  #forget(): void {
    if (this.#length > 0) this.#options.hold(-this.#length)
    this.#length = 0
    if (this.#begun.length > KEPT_BYTES) this.#begun = NOTHING
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new ProblemError('UpstreamTimeout', 'Nothing more came within REQUEST_TIMEOUT_MS.'))
      }, this.#options.timeoutMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
