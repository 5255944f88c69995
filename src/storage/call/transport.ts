/**
 * One attempt of a call: sign, send, receive, check. The SDK's command pipeline is left out, because it costs several
 * times as much as the call itself. What the SDK does besides is done here and in retry.ts.
 */
import { crc32 } from 'node:zlib'
import { Pool } from 'undici'
import { CLOSE_BRACE, OPEN_BRACE } from '../../json/character-codes.js'
import type { Json } from '../../json/json.js'
import type { Pieces } from '../../json/pieces.js'
import { version } from '../../package-root.js'
import type { Failure } from '../errors.js'
import type { SentOperation } from '../operations.js'
import type { Connection, Credentials } from './connection.js'
import { CredentialsError, type KeptCredentials } from './credentials.js'
import { Exchange } from './exchange.js'
import { type CallLimits, within } from './limits.js'
import { networkMessage } from './network-message.js'
import { proxyFor, type ProxySettings } from './proxy.js'
import { isSignatureRefused, isTokenExpired, readRefusal } from './refusal.js'
import { headerOf, type RawHeaders, type RawResponse } from './response.js'
import { Signer } from './signature.js'
import { SocketQueue } from './socket-queue.js'
import { tunnelThrough } from './tunnel.js'

/** A request that is ready to be sent in any number of attempts. */
export interface Call {
  readonly operation: SentOperation
  readonly body: Json
  /** Whether an attempt without a response may have changed something. */
  readonly isWrite: boolean
}

export interface TransportOptions extends ProxySettings {
  readonly maxConnections: number
  /** The longest that one attempt may take, in ms, from the moment when it has a socket. */
  readonly attemptTimeoutMs: number
}

/** Unused sockets are kept open for this time, in ms, unless DynamoDB asks for another one. */
const KEEP_ALIVE_MS = 20_000
/** DynamoDB returns at most 16 MB of items, but their JSON may be larger. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024
/** DynamoDB refuses signatures for their time if the clocks differ by more than this, in ms. */
const CLOCK_SKEW_MS = 4 * 60 * 1000

export interface Connections {
  readonly used: number
  readonly idle: number
  readonly pending: number
}

export class Transport {
  readonly #credentials: KeptCredentials
  readonly #signer: Signer
  readonly #pool: Pool
  readonly #sockets: SocketQueue
  readonly #attemptTimeoutMs: number
  readonly #maxConnections: number
  readonly #host: string
  readonly #path: string
  /** How far DynamoDB's clock is ahead of ours, in ms; 0 until a signature was refused for it. */
  #clockOffsetMs = 0

  constructor({ endpoint, region }: Connection, credentials: KeptCredentials, options: TransportOptions) {
    this.#credentials = credentials
    this.#signer = new Signer(endpoint, region, `dynamodb-storage-service/${version}`)
    this.#host = endpoint.host
    this.#path = endpoint.pathname
    this.#sockets = new SocketQueue(options.maxConnections)
    this.#attemptTimeoutMs = options.attemptTimeoutMs
    this.#maxConnections = options.maxConnections
    const proxy = proxyFor(endpoint, options)
    this.#pool = new Pool(endpoint.origin, {
      connections: options.maxConnections,
      connect:
        proxy === undefined
          ? { timeout: options.attemptTimeoutMs }
          : tunnelThrough(proxy, options.attemptTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_RESPONSE_BYTES,
      // Each exchange has a timer of its own for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * Calls DynamoDB once.
   * @returns a response with the status 200, whose CRC-32 has been checked if DynamoDB sent one; or why there is none
   */
  async attempt(call: Call, limits: CallLimits): Promise<RawResponse | Failure> {
    const clockOffsetMs = this.#clockOffsetMs
    let signedWith: Credentials | undefined
    const response = await new Promise<RawResponse | Failure>((resolve, reject) => {
      const exchange = new Exchange(call.isWrite, this.#attemptTimeoutMs, limits, resolve, reject)
      const send = (credentials: Credentials) => {
        if (exchange.settled) return
        signedWith = credentials
        exchange.queue(this.#sockets, () => {
          const { operation, body } = call
          const headers = this.#signer.sign(operation, body, credentials, Date.now() + clockOffsetMs)
          this.#pool.dispatch({ path: this.#path, method: 'POST', headers, body }, exchange)
        })
      }
      const { current } = this.#credentials
      if (current !== undefined) send(current)
      else {
        this.#credentials.renew().then(send, (error: unknown) => {
          exchange.end(withoutCredentials(error))
        })
      }
    })
    if ('kind' in response) return this.#explained(response)
    const damage = damageOf(response, call.isWrite)
    if (damage !== undefined) return damage
    if (response.statusCode === 200) return response
    const refusal = readRefusal(response, call.isWrite)
    if (isSignatureRefused(refusal) && this.#correctClock(response.headers, clockOffsetMs)) {
      return { ...refusal, kind: 'clock_skew' }
    }
    if (isTokenExpired(refusal) && signedWith !== undefined) {
      return this.#withOtherCredentials(refusal, signedWith, limits)
    }
    return refusal
  }

  /** The sockets to DynamoDB that are open, and the calls that wait for one. */
  get connections(): Connections {
    const used = this.#maxConnections - this.#sockets.free
    return { used, idle: Math.max(0, this.#pool.stats.connected - used), pending: this.#sockets.pending }
  }

  #explained(failure: Failure): Failure {
    if (failure.kind !== 'network') return failure
    return { ...failure, message: networkMessage(this.#host, failure.cause) }
  }

  /** Closes the sockets. Exchanges in flight fail. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  /**
   * After DynamoDB has refused credentials as expired: another attempt may succeed only if the provider has others.
   * If the provider takes too long, the next attempt waits for it.
   */
  async #withOtherCredentials(refusal: Failure, expired: Credentials, limits: CallLimits): Promise<Failure> {
    try {
      const replaced = await within(this.#attemptTimeoutMs, limits, this.#credentials.replace(expired))
      return replaced === false ? refusal : { ...refusal, kind: 'transient' }
    } catch (cause) {
      return { ...refusal, cause }
    }
  }

  /**
   * Adopts DynamoDB's time if ours differs from it.
   * @param signedWithOffsetMs the offset that the refused signature was made with
   * @returns false if the clock was right: then the signature was refused for another reason
   */
  #correctClock(headers: RawHeaders, signedWithOffsetMs: number): boolean {
    const offset = Date.parse(headerOf(headers, 'date') ?? '') - Date.now()
    if (!(Math.abs(offset - signedWithOffsetMs) > CLOCK_SKEW_MS)) return false
    this.#clockOffsetMs = offset
    return true
  }
}

/** The failure that a damaged response is; undefined if it is intact. */
function damageOf({ statusCode, headers, body }: RawResponse, isWrite: boolean): Failure | undefined {
  const checksum = headerOf(headers, 'x-amz-crc32')
  const isCorrupt = checksum !== undefined && Number(checksum) !== checksumOf(body)
  const { pieces } = body
  const isObject = pieces[0]?.[0] === OPEN_BRACE && pieces.at(-1)?.at(-1) === CLOSE_BRACE
  if (!isCorrupt && (statusCode !== 200 || isObject)) return undefined
  const requestId = headerOf(headers, 'x-amzn-requestid')
  const facts = { statusCode, requestId, maybeApplied: isWrite }
  return isCorrupt
    ? { kind: 'checksum', name: 'CorruptAnswer', message: 'the response does not match its CRC-32', ...facts }
    : { kind: 'malformed', name: 'MalformedAnswer', message: 'the response is not a JSON object', ...facts }
}

function checksumOf({ pieces }: Pieces): number {
  return pieces.reduce((checksum, piece) => crc32(piece, checksum), 0)
}

function withoutCredentials(error: unknown): Failure {
  return {
    kind: 'no_credentials',
    name: 'CredentialsError',
    message: 'there are no credentials to call DynamoDB with',
    maybeApplied: false,
    cause: error instanceof CredentialsError ? error.cause : error,
  }
}
