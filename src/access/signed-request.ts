/**
 * Verifies Signature Version 4 (IAM User Guide, "Create a signed AWS API request") of requests to DynamoDB's own protocol:
 * POST to `/` with headers, as every AWS SDK signs them. Presigned URLs and chunked bodies are not part of that protocol.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { signingKey } from '../storage/call/signature.js'
import { SignatureError } from './signature-error.js'

/** A request, as Node.js has read it. */
export interface SignedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
}

/** What a request says about its signature. */
export interface Signature {
  readonly accessKeyId: string
  /** Such as `20261130T101500Z`, the header `x-amz-date`. */
  readonly time: string
  readonly region: string
  /** The names of the signed headers, as the request lists them. */
  readonly signedHeaders: string
  /** The lines of these headers, as they are signed. */
  readonly canonicalHeaders: string
  readonly signature: Buffer
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SERVICE = 'dynamodb'
/** How far the clock of a client may be off, in ms: as in AWS. */
const MAX_CLOCK_SKEW_MS = 15 * 60_000
/** More than any client signs. */
const MAX_SIGNED_HEADERS = 64
const SIGNED_HEADERS = /^[\w-]+(?:;[\w-]+)*$/
const CREDENTIAL = /^([\w-]{1,128})\/(\d{8})\/([a-z\d-]{1,64})\/([a-z\d-]{1,64})\/aws4_request$/
const HEX = /^[\da-f]{64}$/
const TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/**
 * Reads the headers `Authorization` and `X-Amz-Date`, and checks everything but the signature itself.
 * @throws SignatureError
 */
export function readSignature({ headers, rawHeaders }: SignedRequest): Signature {
  const { authorization, 'x-amz-date': time } = headers
  if (authorization === undefined) {
    throw new SignatureError('MissingAuthenticationTokenException', 'Request is missing Authentication Token')
  }
  const parts = partsOf(authorization)
  const [, accessKeyId, day, region, service] = CREDENTIAL.exec(parts.get('Credential') ?? '') ?? []
  const signature = parts.get('Signature') ?? ''
  const names = parts.get('SignedHeaders') ?? ''
  if (
    accessKeyId === undefined ||
    region === undefined ||
    !HEX.test(signature) ||
    !SIGNED_HEADERS.test(names)
  ) {
    throw invalid(
      `Authorization must be ${ALGORITHM} Credential=<access key id>/<day>/<region>/${SERVICE}/aws4_request, ` +
        'SignedHeaders=…, Signature=….',
    )
  }
  if (service !== SERVICE) {
    throw invalid(`Credential should be scoped to correct service: '${SERVICE}'.`)
  }
  checkTime(time, day)
  const signed = names.split(';', MAX_SIGNED_HEADERS + 1)
  if (signed.length > MAX_SIGNED_HEADERS) {
    throw invalid(`At most ${MAX_SIGNED_HEADERS} headers can be signed.`)
  }
  return {
    accessKeyId,
    time,
    region,
    signedHeaders: names,
    canonicalHeaders: canonicalHeaders(signed, rawHeaders),
    signature: Buffer.from(signature, 'hex'),
  }
}

/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; the commas may stand without spaces. */
function partsOf(authorization: string): ReadonlyMap<string, string> {
  if (!authorization.startsWith(`${ALGORITHM} `)) return new Map()
  const parts = authorization
    .slice(ALGORITHM.length)
    .split(',', 4)
    .map((part) => {
      const [name = '', ...value] = part.trim().split('=')
      return [name, value.join('=')] as const
    })
  return new Map(parts.length === 3 ? parts : [])
}

function checkTime(time: string | string[] | undefined, day: string | undefined): asserts time is string {
  const [, ...digits] = TIME.exec(String(time)) ?? []
  if (digits.length === 0) throw invalid('X-Amz-Date must be a time such as 20261130T101500Z.')
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = digits.map(Number)
  const skewMs = Date.UTC(year, month - 1, date, hour, minute, second) - Date.now()
  // SDKs recognize these words, and correct their clocks by the header Date of the answer.
  if (skewMs < -MAX_CLOCK_SKEW_MS) {
    throw invalid(
      `Signature expired: ${String(time)} is more than 15 minutes before the time of this service.`,
    )
  }
  if (skewMs > MAX_CLOCK_SKEW_MS) {
    throw invalid(
      `Signature not yet current: ${String(time)} is more than 15 minutes after the time of this service.`,
    )
  }
  if (day !== digits.slice(0, 3).join('')) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ${String(time)}.`,
    )
  }
}

/**
 * The signed headers as they are signed. What is not signed could have been changed on the way, and what is there twice
 * could be read in two ways.
 */
function canonicalHeaders(signed: readonly string[], rawHeaders: readonly string[]): string {
  const values = new Map<string, string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const isSigned = signed.includes(name)
    if (!isSigned && name.startsWith('x-amz-')) throw invalid(`The header ${name} must be signed.`)
    if (values.has(name) && (isSigned || name === 'authorization')) {
      throw invalid(`The header ${name} must not be there twice.`)
    }
    values.set(name, rawHeaders[index + 1] ?? '')
  }
  for (const name of ['host', 'x-amz-date']) {
    if (!signed.includes(name)) throw invalid(`The header ${name} must be signed.`)
  }
  let canonical = ''
  for (const [index, name] of signed.entries()) {
    const value = values.get(name)
    if (value === undefined) throw invalid(`The signed header ${name} is missing.`)
    if (index > 0 && name <= (signed[index - 1] ?? '')) {
      throw invalid('SignedHeaders must be sorted and without repetition.')
    }
    canonical += `${name}:${value.trim().replace(/ {2,}/g, ' ')}\n`
  }
  return canonical
}

function invalid(message: string): SignatureError {
  return new SignatureError('InvalidSignatureException', message)
}

/** The secret of an access key, with the key of the day and the Region that it signed for last. */
export class SigningSecret {
  readonly #secret: string
  #scope = ''
  #key: Buffer = Buffer.alloc(0)

  constructor(secret: string) {
    this.#secret = secret
  }

  /**
   * Checks that the secret has signed this request.
   * @throws SignatureError
   */
  verify(
    { time, region, signedHeaders, canonicalHeaders, signature }: Signature,
    { method, url }: SignedRequest,
    body: Buffer,
  ): void {
    const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`
    const canonicalRequest = `${method}\n${url}\n\n${canonicalHeaders}\n${signedHeaders}\n${hash('sha256', body)}`
    const stringToSign = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', canonicalRequest)}`
    if (this.#scope !== scope) {
      this.#key = signingKey(this.#secret, time.slice(0, 8), region, SERVICE)
      this.#scope = scope
    }
    const expected = createHmac('sha256', this.#key).update(stringToSign).digest()
    if (timingSafeEqual(expected, signature)) return
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and ' +
        'signing method. Consult the service documentation for details.',
    )
  }
}
