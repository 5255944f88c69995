import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import type { Admission } from '../http/admission.js'
import { hasBody, readRequestBody } from '../http/request-body.js'
import type { Representation } from '../items/representation.js'
import { readBody, RequestBodyError } from '../items/request-body.js'
import { shapeOf } from '../items/shape.js'
import { clip, ProblemError } from '../problem/problem-error.js'

export interface ReadBody {
  readonly value: object | undefined
  /** What is wrong with it, as far as it could be read on. */
  readonly errors: readonly string[]
}

const NO_BODY: ReadBody = { value: undefined, errors: [] }
const NOTHING = Buffer.alloc(0)

/**
 * How a route reads the body of a request: all of it, with its items translated to DynamoDB's JSON. A body of lines is
 * left for the operation to read.
 */
export function createBodyReader(
  { body, bodyLines }: DescribedRoute,
  method: string,
): (
  request: IncomingMessage,
  representation: Representation,
  limit: number,
  admission: Admission,
) => Promise<ReadBody> | ReadBody {
  const shape = body && shapeOf(body)
  // A body of GET has no meaning (RFC 9110, section 9.3.1).
  if (bodyLines !== undefined || method === 'GET') return () => NO_BODY

  return async (request, representation, limit, admission) => {
    const bytes = hasBody(request.headers) ? await readRequestBody(request, limit, admission) : NOTHING
    if (shape === undefined) {
      if (bytes.length > 0) throw new ProblemError('InvalidRequest', 'body must be empty for this route')
      return NO_BODY
    }
    if (bytes.length === 0) throw new ProblemError('InvalidRequest', 'body must not be empty')
    // Decoding would replace invalid bytes by U+FFFD, unnoticed.
    if (!isUtf8(bytes)) throw new ProblemError('InvalidRequest', 'body is not valid UTF-8')
    try {
      const { value, unknownFields } = readBody(bytes, shape, representation)
      return { value: value as object, errors: unknownFields.map((text) => `body${clip(text)}`) }
    } catch (error) {
      if (!(error instanceof RequestBodyError)) throw error
      const texts = [...error.unknownFields.map(clip), `${clip(error.path)} ${clip(error.message)}`]
      throw new ProblemError('InvalidRequest', texts.map((text) => `body${text}`).join('; '))
    }
  }
}
