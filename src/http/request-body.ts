import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { clip, ProblemError } from '../problem/problem-error.js'
import { type Admission, bodyMemoryFull } from './admission.js'
import { arrivalFailure } from './arrival.js'
import { codingOf, contentCodings } from './content-codings.js'
import { GrowingBuffer } from './growing-buffer.js'

const NOTHING = Buffer.alloc(0)

/** The maximum size of a body. */
export interface BodyLimit {
  readonly bytes: number
  /** The name of its setting. */
  readonly setting: string
}

/**
 * Reads the body of a request into memory.
 * @param limit the maximum size, in bytes
 * @throws ProblemError if the body is too large or too slow, if all bodies together take too much memory, or if the caller
 *   disconnects
 */
export function readRequestBody(
  request: IncomingMessage,
  limit: BodyLimit,
  admission: Admission,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let length = 0
    // Nearly all bodies arrive in one chunk, which is not copied.
    let first: Buffer | undefined
    let whole: GrowingBuffer | undefined
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > limit.bytes) fail(tooLarge(limit))
      else if (!admission.hold(request, chunk.length)) fail(bodyMemoryFull)
      else if (first === undefined) first = chunk
      else {
        if (whole === undefined) {
          whole = new GrowingBuffer()
          whole.append(first)
        }
        whole.append(chunk)
      }
    }
    const onEnd = () => {
      resolve(whole?.bytes ?? first ?? NOTHING)
    }
    const onError = () => {
      fail(arrivalFailure(request) ?? bodyCutShort())
    }
    const fail = (problem: ProblemError) => {
      first = undefined
      whole = undefined
      // The server discards what still arrives; see lingering-close.ts.
      request.off('data', onData)
      request.off('end', onEnd)
      reject(problem)
    }
    if (Number(request.headers['content-length'] ?? 0) > limit.bytes) {
      reject(tooLarge(limit))
      return
    }
    const failure = arrivalFailure(request)
    if (failure !== undefined) {
      reject(failure)
      return
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('error', onError)
  })
}

export function bodyCutShort(): ProblemError {
  return new ProblemError('InvalidRequest', 'The connection was closed before the whole body had arrived.')
}

function tooLarge({ bytes, setting }: BodyLimit): ProblemError {
  return new ProblemError(
    'PayloadTooLarge',
    `The body is larger than ${bytes} bytes (${setting}). Split it into several requests.`,
  )
}

/** Whether a request announces a body (RFC 9112, section 6.3). */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return (headers['content-length'] ?? '0') !== '0' || 'transfer-encoding' in headers
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i

/**
 * @param takesCodings whether the body may have one of the content codings that can be decoded
 * @throws ProblemError if the body has a character encoding other than UTF-8, or another content coding (RFC 9110, 8.4)
 */
export function refuseOtherEncodings(headers: IncomingHttpHeaders, takesCodings: boolean): void {
  const { 'content-type': contentType = '', 'content-encoding': coding = 'identity' } = headers
  if (coding.toLowerCase() !== 'identity') refuseCoding(coding, takesCodings)
  const charset = CHARSET.exec(contentType)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ProblemError('UnsupportedMediaType', `The charset ${charset} is not supported. Send UTF-8.`)
  }
}

/** The answer names what would do (RFC 9110, section 15.5.16). */
function refuseCoding(coding: string, takesCodings: boolean): void {
  if (takesCodings && codingOf(coding) !== undefined) return
  const taken = takesCodings ? contentCodings.map(({ name }) => name) : []
  throw new ProblemError(
    'UnsupportedMediaType',
    `Content-Encoding: ${clip(coding)} is not supported. Send the body ${[...taken, 'uncompressed'].join(' or ')}.`,
    { headers: { 'accept-encoding': [...taken, 'identity'].join(', ') } },
  )
}

/** @throws ProblemError that names the media types that the route takes */
export function refuseMediaType(taken: readonly string[]): never {
  throw new ProblemError('UnsupportedMediaType', `Content-Type must be ${taken.join(' or ')}.`)
}
