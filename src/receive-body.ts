import type { IncomingMessage } from 'node:http'
import { type Admission, tooBusy } from './admission.js'
import { ProblemError } from './problem.js'

/**
 * Receives the whole body of a request.
 * @param limit the most that it may have, in bytes
 * @throws ProblemError if it has more, if the service holds too many already, or if it breaks off
 */
export function receiveBody(request: IncomingMessage, limit: number, admission: Admission): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const fail = (problem: ProblemError) => {
      request.removeListener('data', onData)
      chunks.length = 0
      reject(problem)
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
    request.once('end', () => {
      const [first] = chunks
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks))
    })
    request.once('error', () => {
      fail(new ProblemError('InvalidRequest', 'The body broke off.'))
    })
  })
}
