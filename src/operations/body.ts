import { isUtf8 } from 'node:buffer'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import type { Config } from '../config.js'
import { type Admission, bodyMemoryFull } from '../http/admission.js'
import { type BodyLimit, hasBody, readRequestBody } from '../http/request-body.js'
import { listOf } from '../http/validation.js'
import type { Representation } from '../items/representation.js'
import { readBody, RequestBodyError } from '../items/request-body.js'
import { shapeOf } from '../items/shape.js'
import { inSlices } from '../json/in-slices.js'
import type { ObservedRequest } from '../observability/observed-request.js'
import type { JsonError } from '../json/reader.js'
import { clip, ProblemError } from '../problem/problem-error.js'

export interface ReadBody {
  readonly value: object | undefined
  /** What is wrong with it, as far as it could be read on. */
  readonly errors: readonly string[]
}

const NO_BODY: ReadBody = { value: undefined, errors: [] }
const NOTHING = Buffer.alloc(0)

/** The settings that limit a body. */
export type BodySettings = Pick<Config, 'bodyLimitBytes' | 'batchBodyLimitBytes' | 'maxBatchEntries'>

/**
 * How a route reads the body of a request: all of it, with its items translated to DynamoDB's JSON. A stream is
 * left for the operation to read.
 */
export function createBodyReader(
  { body, bodyStreams, tags }: DescribedRoute,
  method: string,
): (
  observed: ObservedRequest,
  representation: Representation,
  settings: BodySettings,
  admission: Admission,
) => Promise<ReadBody> | ReadBody {
  const shape = body && shapeOf(body)
  const limitIn = tags[0] === 'Batches' ? batchLimit : bodyLimit
  // A body of GET has no meaning (RFC 9110, section 9.3.1).
  if (bodyStreams !== undefined || method === 'GET') return () => NO_BODY

  return async (observed, representation, settings, admission) => {
    const { raw: request } = observed.request
    const bytes = hasBody(request.headers)
      ? await readRequestBody(request, limitIn(settings), admission)
      : NOTHING
    observed.bytesRead = bytes.length
    if (shape === undefined) {
      if (bytes.length > 0) throw new ProblemError('InvalidRequest', 'body must be empty for this route')
      return NO_BODY
    }
    if (bytes.length === 0) throw new ProblemError('InvalidRequest', 'body must not be empty')
    // Decoding would replace invalid bytes by U+FFFD, unnoticed.
    if (!isUtf8(bytes)) throw new ProblemError('InvalidRequest', 'body is not valid UTF-8')
    // The items take the place of the body in memory; as documents they are smaller.
    let held = bytes.length
    const hold = (size: number) => {
      if (size <= held) return
      if (!admission.hold(request, size - held)) throw bodyMemoryFull
      held = size
    }
    try {
      const limits = { maxEntries: settings.maxBatchEntries, hold }
      const startedAt = performance.now()
      const { value, errors } = await inSlices(readBody(bytes, shape, representation, limits))
      observed.stepMs.translate += performance.now() - startedAt
      return { value: value as object, errors: errors.map(textOf) }
    } catch (error) {
      if (!(error instanceof RequestBodyError)) throw error
      throw new ProblemError('InvalidRequest', listOf(error.errors.map(textOf)))
    }
  }
}

export function bodyLimit({ bodyLimitBytes }: BodySettings): BodyLimit {
  return { bytes: bodyLimitBytes, setting: 'BODY_LIMIT_BYTES' }
}

export function batchLimit({ batchBodyLimitBytes }: BodySettings): BodyLimit {
  return { bytes: batchBodyLimitBytes, setting: 'BATCH_BODY_LIMIT_BYTES' }
}

function textOf({ path, message }: JsonError): string {
  return `body${clip(path)} ${clip(message)}`
}
