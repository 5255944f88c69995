import type { IncomingMessage } from 'node:http'
import { type Admission, tooBusy } from './admission.js'
import { ProblemError } from '../problem/problem.js'

/**
 * Receives the whole body of a request.
 * @param limit the most that it may have, in bytes
 * @param done is given it, or what is wrong: it is too large, the service holds too many already, or it broke off
 */
export function receiveBody(
  request: IncomingMessage,
  limit: number,
  admission: Admission,
  done: (problem: ProblemError | null, body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  let over = false
  const finish = (problem: ProblemError | null, body: Buffer) => {
    if (over) return
    over = true
    // What else comes is read, but of no use.
    if (problem !== null) request.removeListener('data', onData)
    done(problem, body)
  }
  const fail = (problem: ProblemError) => {
    chunks.length = 0
    finish(problem, NOTHING)
  }
  const tooLarge = () => {
    fail(new ProblemError('PayloadTooLarge', 'The body is larger than BODY_LIMIT_BYTES allows.'))
  }
  const onData = (chunk: Buffer) => {
    length += chunk.length
    if (length > limit) {
      tooLarge()
    } else if (!admission.hold(request, chunk.length)) {
      fail(tooBusy)
    } else {
      chunks.push(chunk)
    }
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    tooLarge()
    return
  }
  request.on('data', onData)
  request.on('end', () => {
    const [first] = chunks
    finish(null, chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks))
  })
  request.on('error', () => {
    fail(new ProblemError('InvalidRequest', 'The body broke off.'))
  })
}

const NOTHING = Buffer.alloc(0)

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i

/** @throws ProblemError if a `Content-Type` says that the body is in anything but UTF-8 */
export function refuseOtherCharsets(contentType = ''): void {
  const charset = CHARSET.exec(contentType)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ProblemError('UnsupportedMediaType', `The body must be in UTF-8, not in ${charset}.`)
  }
}

/** @throws ProblemError if a `Content-Encoding` says that the body has to be unpacked first (RFC 9110, section 8.4) */
export function refuseEncodings(contentEncoding = 'identity'): void {
  if (contentEncoding.toLowerCase() !== 'identity') {
    throw new ProblemError(
      'UnsupportedMediaType',
      `The body must come as it is, without Content-Encoding: ${contentEncoding}.`,
    )
  }
}
