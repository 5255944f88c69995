/**
 * One attempt of one call: sign, send, receive, check. The SDK's command pipeline is left out because it costs
 * several times what the call itself costs; what it does silently is done here or in `retry.ts`.
 */
import { crc32 } from 'node:zlib'
import { type Dispatcher, Pool } from 'undici'
import { CLOSE_BRACE, type Json, OPEN_BRACE, parse } from '../../json/reader.js'
import { version } from '../../package-root.js'
import type { CancelSignal } from './cancellation.js'
import type { Connection, Credentials } from './connection.js'
import type { KeptCredentials } from './credentials.js'
import { StorageError } from '../errors.js'
import { Turns } from './socket-queue.js'
import type { CallLimits } from './limits.js'
import type { Operation } from '../operations.js'
import { Signer } from './signature.js'

/** A request that is ready to be sent, as often as it takes. */
export interface Call {
  readonly operation: Operation
  readonly body: Json
  /** Whether an attempt without a response may have changed something. */
  readonly isWrite: boolean
}

export interface TransportOptions {
  readonly maxConnections: number
  /** The longest that one attempt may take, in ms, from the moment when it has a socket. */
  readonly attemptTimeoutMs: number
}

/** Sockets are kept open this long without use, in ms, unless DynamoDB says otherwise. */
const KEEP_ALIVE_MS = 20_000
/** No answer of DynamoDB is larger than 16 MB, but its JSON may be. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Clocks that differ by more than this are the reason why a signature is refused. */
const CLOCK_SKEW_MS = 4 * 60 * 1000

/** DynamoDB refuses a signature by the time it bears, but has no one name for it. */
export const clockErrors: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
])

export class Transport {
  readonly #credentials: KeptCredentials
  readonly #signer: Signer
  readonly #pool: Pool
  readonly #turns: Turns
  readonly #attemptTimeoutMs: number
  readonly #path: string
  /** What DynamoDB's clock is ahead of ours, in ms; 0 until a signature was refused for it. */
  #clockOffsetMs = 0

  constructor({ endpoint, region }: Connection, credentials: KeptCredentials, options: TransportOptions) {
    this.#credentials = credentials
    this.#signer = new Signer(endpoint, region, `dynamodb-storage-service/${version}`)
    this.#path = endpoint.pathname
    this.#turns = new Turns(options.maxConnections)
    this.#attemptTimeoutMs = options.attemptTimeoutMs
    this.#pool = new Pool(endpoint.origin, {
      connections: options.maxConnections,
      connect: { timeout: options.attemptTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
      // Each attempt brings a timer of its own, which covers all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * Calls DynamoDB once.
   * @returns the body of the answer, whose CRC-32 has been checked where DynamoDB sent one
   * @throws StorageError
   */
  async attempt({ operation, body, isWrite }: Call, limits: CallLimits): Promise<Json> {
    const clockOffsetMs = this.#clockOffsetMs
    let signedWith: Credentials | undefined
    const { statusCode, headers, answer } = await new Promise<RawAnswer>((resolve, reject) => {
      const exchange = new Exchange(isWrite, this.#attemptTimeoutMs, limits, resolve, reject)
      const send = (credentials: Credentials) => {
        if (exchange.settled) return
        signedWith = credentials
        exchange.waitForTurn(this.#turns, () => {
          const headers = this.#signer.sign(operation, body, credentials, Date.now() + clockOffsetMs)
          this.#pool.dispatch({ path: this.#path, method: 'POST', headers, body }, exchange)
        })
      }
      const { current } = this.#credentials
      if (current !== undefined) {
        send(current)
        return
      }
      this.#credentials.renew().then(send, (error: unknown) => {
        exchange.refuse(error)
      })
    })
    /** An answer that is damaged. */
    const damaged = (name: string, message: string) =>
      new StorageError(name, message, {
        statusCode,
        requestId: headerOf(headers, 'x-amzn-requestid'),
        maybeApplied: isWrite,
      })
    const checksum = headerOf(headers, 'x-amz-crc32')
    if (checksum !== undefined && Number(checksum) !== crc32(answer)) {
      throw damaged('CorruptAnswer', 'the answer does not have the CRC-32 that DynamoDB sent with it')
    }
    if (statusCode !== 200) {
      const refusal = this.#refusal(isWrite, statusCode, headers, answer, clockOffsetMs)
      if (refusal.name === 'ExpiredTokenException') this.#credentials.expire(signedWith)
      throw refusal
    }
    if (answer[0] !== OPEN_BRACE || answer.at(-1) !== CLOSE_BRACE) {
      throw damaged('MalformedAnswer', 'the answer is not a JSON object')
    }
    return answer
  }

  /** Breaks off what is under way; nobody waits for it any more. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  /** The error that DynamoDB answered with: `{"__type": "com.amazonaws.dynamodb.v20120810#Name", "message": …}`. */
  #refusal(
    isWrite: boolean,
    statusCode: number,
    headers: Headers,
    body: Buffer,
    clockOffsetMs: number,
  ): StorageError {
    let error: { __type?: unknown; message?: unknown; Message?: unknown }
    try {
      error = Object(parse(body)) as object
    } catch {
      error = {}
    }
    const type = typeof error.__type === 'string' ? error.__type : undefined
    const message = error.message ?? error.Message
    if (statusCode === 413) {
      return new StorageError('RequestTooLarge', 'DynamoDB finds the request too large', { statusCode })
    }
    const named =
      type?.slice(type.indexOf('#') + 1) ?? (statusCode < 500 ? 'MalformedAnswer' : 'ServiceUnavailable')
    const name =
      clockErrors.has(named) && this.#correctClock(headers, clockOffsetMs) ? 'ClockSkewCorrected' : named
    return new StorageError(name, typeof message === 'string' ? message : `status ${statusCode}`, {
      statusCode,
      requestId: headerOf(headers, 'x-amzn-requestid'),
      ...(type !== undefined && { body }),
      retryAfterMs: retryAfterMs(headers),
      // "In progress" is said of the very transaction that this attempt repeats.
      maybeApplied: isWrite && (statusCode >= 500 || name === 'TransactionInProgressException'),
    })
  }

  /** Takes over DynamoDB's time if ours is off. False if it is not: then the signature is wrong for another reason. */
  #correctClock(headers: Headers, signedWithOffsetMs: number): boolean {
    const offset = Date.parse(headerOf(headers, 'date') ?? '') - Date.now()
    if (!(Math.abs(offset - signedWithOffsetMs) > CLOCK_SKEW_MS)) return false
    this.#clockOffsetMs = offset
    return true
  }
}

/** As they came: names and values in turn. Hardly any of them is looked at. */
type Headers = readonly Buffer[]

interface RawAnswer {
  readonly statusCode: number
  readonly headers: Headers
  readonly answer: Buffer
}

/**
 * The way of one request through undici. `dispatch` is its lowest level and the only one that costs next to
 * nothing; in return, time-outs and giving up are done here. Of its two interfaces this is the older one: the other
 * makes an object of all headers, though hardly one is looked at, and one more for each request to abort it with.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #isWrite: boolean
  readonly #timeoutMs: number
  readonly #deadline: number
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: CancelSignal | undefined
  readonly #chunks: Buffer[] = []
  #timer: NodeJS.Timeout
  /** When it began to wait for what it waits for now. Only the deadline bounds the wait for a socket. */
  #since = performance.now()
  #abort: ((error?: Error) => void) | undefined
  /** Lets the next one begin, or gives up its own turn. */
  #leave: () => void = () => undefined
  #statusCode = 0
  #headers: Headers = []
  /** The exchange is over, whatever may still come. */
  settled = false

  constructor(
    isWrite: boolean,
    timeoutMs: number,
    { deadline, signal }: CallLimits,
    resolve: (answer: RawAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#isWrite = isWrite
    this.#timeoutMs = timeoutMs
    this.#deadline = deadline
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    this.#timer = setTimeout(this.#expire, Math.max(0, Math.min(timeoutMs, deadline - this.#since)))
    signal?.addEventListener('abort', this.#cancel)
    if (signal?.aborted === true) this.#cancel()
  }

  /** It is signed and waits for a socket. A crowd that waits is not a reason to take those who are served theirs. */
  waitForTurn(turns: Turns, begin: () => void): void {
    this.#since = Infinity
    this.#leave = turns.take(() => {
      try {
        begin()
      } catch (error) {
        this.refuse(error)
      }
    })
    if (this.settled) this.#leave()
  }

  onConnect(abort: (error?: Error) => void): void {
    // It may have been given up while it was waiting for a socket; then it is not sent any more.
    if (this.settled) {
      abort(new Error('given up'))
      return
    }
    this.#abort = abort
    this.#since = performance.now()
  }

  onHeaders(statusCode: number, headers: Buffer[]): boolean {
    this.#statusCode = statusCode
    this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    return true
  }

  onComplete(): void {
    if (!this.#settle()) return
    const [first] = this.#chunks
    const answer = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    this.#resolve({ statusCode: this.#statusCode, headers: this.#headers, answer })
  }

  onError(cause: Error): void {
    this.#fail('NetworkError', 'the connection to DynamoDB failed', cause)
  }

  /** Ends it before anything was sent. */
  refuse(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  /** One timer serves all that it waits for: when it fires too early for what that is now, it is set again. */
  readonly #expire = (): void => {
    const end = Math.min(this.#since + this.#timeoutMs, this.#deadline)
    const leftMs = end - performance.now()
    if (leftMs >= 1) {
      // No longer than an attempt takes: it may get its socket, and begin, at any time from now on.
      this.#timer = setTimeout(this.#expire, Math.min(leftMs, this.#timeoutMs))
      return
    }
    const waited = this.#since === Infinity ? 'no connection was free' : 'no answer'
    this.#fail('TimeoutError', `${waited} in time`)
  }

  readonly #cancel = (): void => {
    this.#fail('Cancelled', 'the caller gave up')
  }

  #fail(name: string, message: string, cause?: Error): void {
    if (!this.#settle()) return
    // Before it could be aborted, nothing of it was ever written to a socket.
    const maybeApplied = this.#abort !== undefined && this.#isWrite
    const error = new StorageError(name, message, { cause, maybeApplied })
    this.#reject(error)
    if (cause === undefined) this.#abort?.(error)
  }

  /** False if the exchange was over already. */
  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#cancel)
    this.#leave()
    return true
  }
}

/** The value of a header, by its name in lower case. */
function headerOf(headers: Headers, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const found = headers[index]
    if (found?.length === name.length && found.toString('latin1').toLowerCase() === name) {
      return headers[index + 1]?.toString('latin1')
    }
  }
  return undefined
}

/** `x-amz-retry-after` in ms, or `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfterMs(headers: Headers): number | undefined {
  const ms = Number(headerOf(headers, 'x-amz-retry-after') ?? NaN)
  if (ms >= 0) return ms
  const value = headerOf(headers, 'retry-after')
  if (value === undefined) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return delay >= 0 ? delay : undefined
}
