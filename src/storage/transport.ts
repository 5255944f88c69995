/**
 * One attempt of one call: sign, send, receive, check. The SDK's command pipeline is left out because it costs
 * several times what the call itself costs; what it does silently is done here or in `retry.ts`.
 */
import { crc32 } from 'node:zlib'
import aws4 from 'aws4'
import { Agent, type Dispatcher } from 'undici'
import { CLOSE_BRACE, type Json, OPEN_BRACE, parse } from '../json.js'
import { version } from '../package-root.js'
import type { Connection, Credentials } from './connection.js'
import { StorageError } from './errors.js'
import { Turns } from './turns.js'
import { type CallLimits, isWrite, type Operation } from './operation.js'

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
  readonly #connection: Connection
  readonly #agent: Agent
  readonly #turns: Turns
  readonly #attemptTimeoutMs: number
  readonly #path: string
  /** What DynamoDB's clock is ahead of ours, in ms; 0 until a signature was refused for it. */
  #clockOffsetMs = 0
  /** DynamoDB has said so, whatever their own date says. */
  #credentialsExpired = false

  constructor(connection: Connection, options: TransportOptions) {
    this.#connection = connection
    this.#path = connection.endpoint.pathname
    this.#turns = new Turns(options.maxConnections)
    this.#attemptTimeoutMs = options.attemptTimeoutMs
    this.#agent = new Agent({
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
  async attempt(operation: Operation, body: Json, limits: CallLimits): Promise<Json> {
    const clockOffsetMs = this.#clockOffsetMs
    const { statusCode, headers, answer } = await new Promise<RawAnswer>((resolve, reject) => {
      const exchange = new Exchange(operation, this.#attemptTimeoutMs, limits, resolve, reject)
      this.#sign(operation, body, clockOffsetMs)
        .then((headers) => {
          if (exchange.settled) return
          exchange.waitForTurn(this.#turns, () => {
            const { origin } = this.#connection.endpoint
            this.#agent.dispatch({ origin, path: this.#path, method: 'POST', headers, body }, exchange)
          })
        })
        .catch((error: unknown) => {
          exchange.refuse(error)
        })
    })
    const requestId = headers['x-amzn-requestid']?.toString()
    const maybeApplied = isWrite(operation)
    const checksum = headers['x-amz-crc32']?.toString()
    if (checksum !== undefined && Number(checksum) !== crc32(answer)) {
      throw new StorageError(
        'CorruptAnswer',
        'the answer does not have the CRC-32 that DynamoDB sent with it',
        {
          statusCode,
          requestId,
          maybeApplied,
        },
      )
    }
    if (statusCode !== 200) throw this.#refusal(operation, statusCode, headers, answer, clockOffsetMs)
    if (answer[0] !== OPEN_BRACE || answer.at(-1) !== CLOSE_BRACE) {
      throw new StorageError('MalformedAnswer', 'the answer is not a JSON object', {
        statusCode,
        requestId,
        maybeApplied,
      })
    }
    return answer
  }

  /** Breaks off what is under way; nobody waits for it any more. */
  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #sign(operation: Operation, body: Buffer, clockOffsetMs: number): Promise<Record<string, string>> {
    let credentials: Credentials
    try {
      const forceRefresh = this.#credentialsExpired
      this.#credentialsExpired = false
      credentials = await this.#connection.credentials(forceRefresh ? { forceRefresh } : undefined)
    } catch (cause) {
      throw new StorageError('CredentialsError', 'no credentials to call DynamoDB with', { cause })
    }
    const { headers } = aws4.sign(
      {
        service: 'dynamodb',
        region: this.#connection.region,
        host: this.#connection.endpoint.host,
        path: this.#path,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': body.length,
          'user-agent': `dynamodb-storage-service/${version}`,
          'x-amz-date': amzDate(new Date(Date.now() + clockOffsetMs)),
          'x-amz-target': `DynamoDB_20120810.${operation}`,
        },
        body,
      },
      credentials,
    )
    return headers as Record<string, string>
  }

  /** The error that DynamoDB answered with: `{"__type": "com.amazonaws.dynamodb.v20120810#Name", "message": …}`. */
  #refusal(
    operation: Operation,
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
    if (name === 'ExpiredTokenException') this.#credentialsExpired = true
    return new StorageError(name, typeof message === 'string' ? message : `status ${statusCode}`, {
      statusCode,
      requestId: headers['x-amzn-requestid']?.toString(),
      ...(type !== undefined && { body }),
      retryAfterMs: retryAfterMs(headers),
      // "In progress" is said of the very transaction that this attempt repeats.
      maybeApplied: isWrite(operation) && (statusCode >= 500 || name === 'TransactionInProgressException'),
    })
  }

  /** Takes over DynamoDB's time if ours is off. False if it is not: then the signature is wrong for another reason. */
  #correctClock(headers: Headers, signedWithOffsetMs: number): boolean {
    const offset = Date.parse(headers['date']?.toString() ?? '') - Date.now()
    if (!(Math.abs(offset - signedWithOffsetMs) > CLOCK_SKEW_MS)) return false
    this.#clockOffsetMs = offset
    return true
  }
}

type Headers = Record<string, string | string[] | undefined>

interface RawAnswer {
  readonly statusCode: number
  readonly headers: Headers
  readonly answer: Buffer
}

/**
 * The way of one request through undici. `dispatch` is its lowest level and the only one that costs next to
 * nothing; in return, time-outs and giving up are done here.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #operation: Operation
  readonly #timeoutMs: number
  readonly #deadline: number
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  readonly #chunks: Buffer[] = []
  #timer: NodeJS.Timeout
  /** When it began to wait for what it waits for now. Only the deadline bounds the wait for a socket. */
  #since = performance.now()
  #controller: Dispatcher.DispatchController | undefined
  /** Lets the next one begin, or gives up its own turn. */
  #leave: () => void = () => undefined
  #statusCode = 0
  #headers: Headers = {}
  /** The exchange is over, whatever may still come. */
  settled = false

  constructor(
    operation: Operation,
    timeoutMs: number,
    { deadline, signal }: CallLimits,
    resolve: (answer: RawAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#operation = operation
    this.#timeoutMs = timeoutMs
    this.#deadline = deadline
    this.#resolve = resolve
    this.#reject = reject
    this.#signal = signal
    this.#timer = setTimeout(this.#expire, Math.min(timeoutMs, deadline - this.#since))
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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It may have been given up while it was waiting for a socket; then it is not sent any more.
    if (this.settled) {
      controller.abort(new Error('given up'))
      return
    }
    this.#controller = controller
    this.#since = performance.now()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: Headers): void {
    this.#statusCode = statusCode
    this.#headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (!this.#settle()) return
    const [first] = this.#chunks
    const answer = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    this.#resolve({ statusCode: this.#statusCode, headers: this.#headers, answer })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
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
    // Without a controller nothing of it was ever written to a socket.
    const maybeApplied = this.#controller !== undefined && isWrite(this.#operation)
    const error = new StorageError(name, message, { cause, maybeApplied })
    this.#reject(error)
    if (cause === undefined) this.#controller?.abort(error)
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

/** A time as the signature wants it: `20261122T211500Z` (Signature Version 4, "x-amz-date"). */
function amzDate(time: Date): string {
  return time.toISOString().replace(/[:-]|\.\d{3}/g, '')
}

/** `x-amz-retry-after` in ms, or `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfterMs(headers: Headers): number | undefined {
  const ms = Number(headers['x-amz-retry-after'] ?? NaN)
  if (ms >= 0) return ms
  const value = headers['retry-after']?.toString()
  if (value === undefined) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return delay >= 0 ? delay : undefined
}
