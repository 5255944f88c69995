/** The problems for a batch and an import that stopped: why, and exactly which entries are not confirmed. */
import type { Representation } from '../items/representation.js'
import { JsonError } from '../json/reader.js'
import { type BatchIncompleteError, type ImportError, isRetryable, StorageError } from '../storage/errors.js'
import { internalProblem } from './internal-problem.js'
import { clip, ProblemError, sentences } from './problem-error.js'
import { membersOf, storageProblem } from './storage-problem.js'

const SOME_MAYBE_APPLIED = 'Some of them may have been applied.'

export function batchProblem(error: BatchIncompleteError, representation: Representation): ProblemError {
  const { cause, maybeApplied } = error
  const members = membersOf(error.output, representation)
  const field = members.has('unprocessedItems') ? 'unprocessedItems' : 'unprocessedKeys'
  const left = sentences(
    `${error.message}; see ${field}`,
    maybeApplied ? SOME_MAYBE_APPLIED : '',
    'Send only the listed entries again.',
  )
  if (cause === undefined || isRetryable(cause.kind)) {
    return new ProblemError('BatchIncomplete', left, {
      members,
      maybeApplied,
      dynamodbRequestId: cause?.requestId,
      attempts: cause?.attempts,
      retryAfterMs: cause?.retryAfterMs,
      cause: error,
    })
  }
  const stopped = storageProblem(cause, representation)
  return new ProblemError(stopped.code, sentences(stopped.message, left), {
    members,
    maybeApplied,
    retryable: stopped.retryable,
    dynamodbRequestId: stopped.dynamodbRequestId,
    attempts: stopped.attempts,
    logged: stopped.logged,
    cause: error,
  })
}

/** @param line where to continue: all lines before it are written or listed in `unprocessedItems` */
export function importProblem(
  error: ImportError,
  line: number,
  representation: Representation,
): ProblemError {
  const { unprocessed, written, maybeApplied } = error
  const stopped = problemAtLine(error.cause, line, representation)
  const left =
    unprocessed === 0
      ? ''
      : `${unprocessed} ${unprocessed === 1 ? 'line is' : 'lines are'} not confirmed as written; see unprocessedItems`
  return new ProblemError(
    stopped.code,
    sentences(stopped.message, left, unprocessed > 0 && maybeApplied ? SOME_MAYBE_APPLIED : ''),
    {
      members: new Map([
        ...stopped.members,
        ['line', Buffer.from(String(line))],
        ['written', Buffer.from(String(written))],
        ...membersOf(error.output, representation),
      ]),
      maybeApplied,
      retryable: stopped.retryable,
      dynamodbRequestId: stopped.dynamodbRequestId,
      attempts: stopped.attempts,
      retryAfterMs: stopped.retryAfterMs,
      logged: stopped.logged,
      cause: error,
    },
  )
}

/** Why an import stopped at a line. */
function problemAtLine(cause: unknown, line: number, representation: Representation): ProblemError {
  if (cause instanceof JsonError) {
    return new ProblemError('InvalidRequest', `line ${line}${clip(cause.path)} ${clip(cause.message)}`)
  }
  if (cause instanceof ProblemError) return new ProblemError(cause.code, `line ${line}: ${cause.message}`)
  if (cause instanceof StorageError && !isRetryable(cause.kind)) {
    const { code, message, ...options } = storageProblem(cause, representation)
    return new ProblemError(code, `line ${line}: ${message}`, options)
  }
  if (cause instanceof StorageError || cause === undefined) {
    const detail = `Not all lines from line ${line} on are confirmed as written. Continue from line ${line}.`
    return new ProblemError('BatchIncomplete', detail, {
      dynamodbRequestId: cause?.requestId,
      attempts: cause?.attempts,
      retryAfterMs: cause?.retryAfterMs,
    })
  }
  return internalProblem(cause, true)
}
