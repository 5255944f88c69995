import type { FastifyError } from 'fastify'
import { clip, ProblemError, sentences } from './problem-error.js'

/**
 * The problem for an error that no other function knows: one of Fastify's for a bad request, or a bug of this service.
 * @param writes whether a write may have been sent before
 */
export function internalProblem(error: unknown, writes: boolean): ProblemError {
  const { code, statusCode = 500, message } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ProblemError(
      'UnsupportedMediaType',
      'Content-Type is not a media type. Use one such as application/json.',
    )
  }
  if (statusCode < 500) return new ProblemError('InvalidRequest', clip(message ?? 'The request is invalid.'))
  return new ProblemError(
    'InternalError',
    sentences(
      'The service failed to process the request because of a bug.',
      writes ? 'It is unknown whether the write was applied.' : '',
    ),
    { maybeApplied: writes, cause: error },
  )
}
