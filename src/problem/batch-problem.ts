/** The problems for a batch and an import that stopped: why, and exactly which entries are not confirmed. */
import { rowOf } from '../../schemas/parts/codes.js'
import type { Representation } from '../items/representation.js'
import { EMPTY_OBJECT } from '../json/json.js'
import { JsonError } from '../json/reader.js'
import {
  AnswerError,
  type BatchIncompleteError,
  type ImportError,
  isRetryable,
  StatementsIncompleteError,
  StorageError,
} from '../storage/errors.js'
import { internalProblem } from './internal-problem.js'
import { clip, type Members, ProblemError, sentences } from './problem-error.js'
import { answerProblem, membersOf, storageProblem } from './storage-problem.js'

/** Deletes that stopped between two pages have nothing that is not confirmed. */
const GO_ON = 'Go on with nextPageToken.'

export function batchProblem(error: BatchIncompleteError, representation: Representation): ProblemError {
  const { cause, maybeApplied } = error
  const members = new Map([
    // Why DynamoDB throttled the request, or what it refused.
    ...membersOf(cause?.body ?? EMPTY_OBJECT, representation),
    ...membersOf(error.output, representation),
  ])
  const { left, outcome, again } =
    error instanceof StatementsIncompleteError ? statementsLeft(error) : entriesLeft(error, members)
  // The statements that were executed would be executed a second time.
  const repeatable = !(error instanceof StatementsIncompleteError) || error.onlyReads
  if (cause === undefined || isRetryable(cause.kind)) {
    return new ProblemError('BatchIncomplete', sentences(left, outcome), {
      members,
      maybeApplied,
      retryable: repeatable,
      next: again,
      dynamodbRequestId: cause?.requestId,
      attempts: cause?.attempts,
      retryAfterMs: cause?.retryAfterMs,
      cause: error,
    })
  }
  const stopped = storageProblem(cause, representation)
  return new ProblemError(stopped.code, sentences(stopped.message, left, outcome), {
    members,
    maybeApplied,
    retryable: stopped.retryable && repeatable,
    next: stopped.retryable ? again : afterRefusal(stopped, again),
    dynamodbRequestId: stopped.dynamodbRequestId,
    attempts: stopped.attempts,
    logged: stopped.logged,
    cause: error,
  })
}

/** What became of the entries that are not confirmed, and what to do with them. */
interface Left {
  readonly left: string
  readonly outcome: string
  readonly again: string
}

function entriesLeft(error: BatchIncompleteError, members: Members): Left {
  const { unprocessed } = error
  const one = unprocessed === 1
  const entries = `${unprocessed} ${one ? 'entry' : 'entries'} of the batch`
  const listed = members.has('unprocessedItems')
    ? `${entries} ${one ? 'is' : 'are'} not confirmed; see unprocessedItems`
    : `${entries} ${one ? 'was' : 'were'} not read; see unprocessedKeys`
  return {
    left: unprocessed === 0 ? '' : listed,
    outcome: outcomeOf(error),
    again: unprocessed === 0 ? GO_ON : `Send only the listed ${one ? 'entry' : 'entries'} again.`,
  }
}

function statementsLeft({ unprocessed, maybeApplied }: StatementsIncompleteError): Left {
  return {
    left: `${unprocessed} ${unprocessed === 1 ? 'statement' : 'statements'} of the batch did not succeed; see statementResponses`,
    outcome: maybeApplied ? 'Those with the error UnknownOutcome may have been applied.' : '',
    again: `Send only the statements with the error NotExecuted again${maybeApplied ? ', and read the items of those with UnknownOutcome first' : ''}.`,
  }
}

function afterRefusal({ code, status }: ProblemError, again: string): string {
  return rowOf(code).next ?? (status < 500 ? `Correct what was refused. ${again}` : '')
}

/** What is known of the entries that are not confirmed. */
function outcomeOf({ unprocessed, maybeApplied }: BatchIncompleteError | ImportError): string {
  if (!maybeApplied || unprocessed === 0) return ''
  return unprocessed === 1 ? 'It may have been applied.' : 'Some of them may have been applied.'
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
  return new ProblemError(stopped.code, sentences(stopped.message, left, outcomeOf(error)), {
    members: new Map([
      ...stopped.members,
      ['line', Buffer.from(String(line))],
      ['written', Buffer.from(String(written))],
      ...membersOf(error.output, representation),
    ]),
    maybeApplied,
    retryable: stopped.retryable,
    next: continuation(stopped, line),
    dynamodbRequestId: stopped.dynamodbRequestId,
    attempts: stopped.attempts,
    retryAfterMs: stopped.retryAfterMs,
    logged: stopped.logged,
    cause: error,
  })
}

/** What the caller can do after an import stopped at a line. */
function continuation({ code, status, retryable }: ProblemError, line: number): string {
  const { next } = rowOf(code)
  if (retryable) return `Continue from line ${line}.`
  if (next !== undefined) return sentences(next, `Continue from line ${line}.`)
  return status < 500 ? `Correct it and continue from line ${line}.` : `Continue from line ${line}.`
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
    const detail = `Not all lines from line ${line} on are confirmed as written.`
    return new ProblemError('BatchIncomplete', detail, {
      members: membersOf(cause?.body ?? EMPTY_OBJECT, representation),
      dynamodbRequestId: cause?.requestId,
      attempts: cause?.attempts,
      retryAfterMs: cause?.retryAfterMs,
    })
  }
  // DynamoDB's description of the table: batches that cannot be confirmed are StorageErrors.
  if (cause instanceof AnswerError) return answerProblem(cause, false)
  return internalProblem(cause, true)
}
