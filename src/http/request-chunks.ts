import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { ProblemError } from '../problem/problem-error.js'
import { arrivalFailure, exemptArrival, type StreamPatience } from './arrival.js'
import { codingOf } from './content-codings.js'
import { bodyCutShort } from './request-body.js'

/** The longest of {@link otherFormats}. */
const SIGNATURE_BYTES = 4
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const UTF_16 = 'is in UTF-16. Send UTF-8'

/** How bodies begin that are no text in UTF-8, and what would do. */
const otherFormats: readonly (readonly [signature: Buffer, what: string])[] = [
  [Buffer.from([0x1f, 0x8b]), 'is compressed. Send Content-Encoding: gzip with it'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'is compressed. Send Content-Encoding: zstd with it, or gzip'],
  [Buffer.from('PK\x03\x04'), 'is a ZIP file or a workbook. Send its content as text, such as CSV'],
  [Buffer.from('PAR1'), 'is a Parquet file. Send lines of JSON or CSV'],
  [Buffer.from([0xff, 0xfe]), UTF_16],
  [Buffer.from([0xfe, 0xff]), UTF_16],
]

/**
 * The body of a request in chunks, decompressed and without a byte order mark. It applies back-pressure: the body is read
 * only when more is asked for.
 */
export class RequestChunks {
  readonly #request: IncomingMessage
  readonly #patience: StreamPatience
  #interrupted = false
  #wake: () => void = () => undefined
  #failure: Error | undefined
  /** The size of what has been read, in bytes; compressed, if the body is. */
  bytesRead = 0

  constructor(request: IncomingMessage, patience: StreamPatience) {
    this.#request = request
    this.#patience = patience
  }

  /** Ends the iteration with an error, also while it waits for more. */
  interrupt(): void {
    this.#interrupted = true
    this.#wake()
  }

  /** @throws ProblemError */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    let beginning: Buffer | undefined = Buffer.alloc(0)
    for await (const chunk of this.#decoded()) {
      if (beginning === undefined) yield chunk
      else {
        beginning = Buffer.concat([beginning, chunk])
        if (beginning.length < SIGNATURE_BYTES) continue
        yield textOf(beginning)
        beginning = undefined
      }
    }
    if (beginning !== undefined) yield textOf(beginning)
  }

  async *#decoded(): AsyncGenerator<Buffer> {
    const request = this.#request
    const wake = () => {
      this.#wake()
    }
    const events = ['readable', 'end', 'close', 'error'] as const
    exemptArrival(request)
    const source = this.#source()
    for (const event of events) source.on(event, wake)
    if (source !== request) request.on('close', wake)
    try {
      for (;;) {
        if (this.#interrupted) throw new ProblemError('ServiceUnavailable', 'The import was canceled.')
        const chunk = source.read() as Buffer | null
        if (chunk !== null) {
          if (source === request) this.#received(chunk)
          yield chunk
        } else if (source.readableEnded) break
        else if (this.#failure !== undefined) throw undecodable(this.#failure)
        else if (request.destroyed && !request.readableEnded) throw bodyCutShort()
        else await this.#more()
      }
    } finally {
      for (const event of events) source.off(event, wake)
      request.off('close', wake)
      if (source !== request) {
        request.unpipe()
        source.destroy()
      }
      // The server discards what still arrives, so that the answer reaches a caller that is still sending.
      request.on('error', () => undefined)
      request.resume()
    }
  }

  /** The body without its content coding. */
  #source(): Readable {
    const request = this.#request
    const coding = codingOf(request.headers['content-encoding'] ?? 'identity')
    if (coding === undefined) return request
    const decoded = coding.decode(request)
    decoded.on('error', (error) => {
      this.#failure = error
    })
    request.on('data', (chunk: Buffer) => {
      this.#received(chunk)
    })
    return decoded
  }

  #received(chunk: Buffer): void {
    this.bytesRead += chunk.length
    this.#patience.received(chunk.length)
  }

  async #more(): Promise<void> {
    const failure = arrivalFailure(this.#request)
    if (failure !== undefined) throw failure
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(this.#patience.timeout())
      }, this.#patience.ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#patience.waited(performance.now() - since)
  }
}

/** @throws ProblemError if it is no text */
function textOf(beginning: Buffer): Buffer {
  for (const [signature, what] of otherFormats) {
    if (!beginning.subarray(0, signature.length).equals(signature)) continue
    throw new ProblemError('InvalidRequest', `The body ${what}.`)
  }
  const marked = beginning.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
  return marked ? beginning.subarray(BYTE_ORDER_MARK.length) : beginning
}

function undecodable(cause: Error): ProblemError {
  const problem =
    'code' in cause && cause.code === 'Z_BUF_ERROR'
      ? 'The compressed body ends too early.'
      : `The body cannot be decompressed: ${cause.message}.`
  return new ProblemError('InvalidRequest', problem, { cause })
}
