/**
 * Signature Version 4 (IAM User Guide, "Create a signed AWS API request") for the one kind of request that the storage
 * layer sends: a POST to DynamoDB, or to DynamoDB Streams, whose body is in memory. Both are one service to signatures. General signers cost five times as much, most of it for
 * parts that are the same in every such request.
 */
import { createHmac, hash } from 'node:crypto'
import type { Credentials } from './connection.js'
import { apiOf, type SentOperation } from '../operations.js'

const SERVICE = 'dynamodb'
const CONTENT_TYPE = 'application/x-amz-json-1.0'
/** The block size and the output size of SHA-256 (FIPS 180-4), in bytes. */
const BLOCK_BYTES = 64
const HASH_BYTES = 32

export class Signer {
  readonly #region: string
  readonly #userAgent: string
  readonly #requestLine: string
  readonly #host: string
  /** The time of {@link #time}, in s since 1970. */
  #second = NaN
  #time = ''
  #key: Key | undefined

  /** @param endpoint of DynamoDB; the host of its URL is signed as the header `host` */
  constructor(endpoint: URL, region: string, userAgent: string) {
    this.#region = region
    this.#userAgent = userAgent
    this.#requestLine = `POST\n${canonicalPath(endpoint.pathname)}\n`
    this.#host = endpoint.host
  }

  /**
   * @param timeMs DynamoDB's time, in ms since 1970
   * @returns the headers of the request except `host` and `content-length`: names and values in turn
   */
  sign(operation: SentOperation, body: Buffer, credentials: Credentials, timeMs: number): string[] {
    const time = this.#timeText(timeMs)
    const key = this.#keyFor(credentials.secretAccessKey, time.slice(0, 8))
    const target = `${apiOf(operation)}.${operation}`
    const { accessKeyId, sessionToken } = credentials
    const hasToken = sessionToken !== undefined && sessionToken !== ''
    const token = hasToken ? `x-amz-security-token:${sessionToken}\n` : ''
    const names = hasToken
      ? 'content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target'
      : 'content-length;content-type;host;x-amz-date;x-amz-target'
    const canonicalRequest =
      `${this.#requestLine}\ncontent-length:${body.length}\ncontent-type:${CONTENT_TYPE}\nhost:${this.#host}\n` +
      `x-amz-date:${time}\n${token}x-amz-target:${target}\n\n${names}\n${hash('sha256', body)}`
    const signature = key.sign(time, hash('sha256', canonicalRequest))
    const headers = [
      'content-type',
      CONTENT_TYPE,
      'user-agent',
      this.#userAgent,
      'x-amz-date',
      time,
      'x-amz-target',
      target,
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${key.scope}, SignedHeaders=${names}, Signature=${signature}`,
    ]
    if (hasToken) headers.push('x-amz-security-token', sessionToken)
    return headers
  }

  /** A time in the format of `x-amz-date`: `20261122T211500Z`. */
  #timeText(timeMs: number): string {
    const second = Math.floor(timeMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#time = new Date(second * 1000).toISOString().replace(/[:-]|\.\d{3}/g, '')
    }
    return this.#time
  }

  #keyFor(secret: string, day: string): Key {
    if (this.#key?.secret !== secret || this.#key.day !== day) this.#key = new Key(secret, day, this.#region)
    return this.#key
  }
}

/** The signing key of one day. */
class Key {
  readonly secret: string
  readonly day: string
  readonly scope: string
  /**
   * The two inputs of HMAC (RFC 2104): the padded key with the string to sign, then the padded key with the hash of the
   * first input. Two hashes of buffers that are reused cost less than `createHmac`.
   */
  readonly #inner: Buffer
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES)

  constructor(secret: string, day: string, region: string) {
    this.secret = secret
    this.day = day
    this.scope = `${day}/${region}/${SERVICE}/aws4_request`
    const key = signingKey(secret, day, region, SERVICE)
    this.#inner = Buffer.alloc(
      BLOCK_BYTES + this.#stringToSign(`${day}T000000Z`, ''.padEnd(2 * HASH_BYTES)).length,
    )
    for (let index = 0; index < BLOCK_BYTES; index++) {
      this.#inner[index] = (key[index] ?? 0) ^ 0x36
      this.#outer[index] = (key[index] ?? 0) ^ 0x5c
    }
  }

  sign(time: string, hashedRequest: string): string {
    this.#inner.write(this.#stringToSign(time, hashedRequest), BLOCK_BYTES, 'latin1')
    hash('sha256', this.#inner, 'buffer').copy(this.#outer, BLOCK_BYTES)
    return hash('sha256', this.#outer)
  }

  #stringToSign(time: string, hashedRequest: string): string {
    return `AWS4-HMAC-SHA256\n${time}\n${this.scope}\n${hashedRequest}`
  }
}

/** The key that signs the requests of one day to one service (IAM User Guide, "Derive a signing key"). */
export function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  return [day, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  )
}

/** The path, encoded once more and without empty segments, as for all services but S3 (IAM User Guide, same chapter). */
function canonicalPath(path: string): string {
  const encode = (segment: string) =>
    encodeURIComponent(segment).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  return path
    .replace(/\/{2,}/g, '/')
    .split('/')
    .map(encode)
    .join('/')
}
