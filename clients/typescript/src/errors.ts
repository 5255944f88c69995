/** Everything that an operation throws. Each family of codes has a class; `code` has the exact one. */
import type { Problem, ProblemCode } from './generated/schemas.js'

/** An error of the service, or of the way to it. Its message has no credentials. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError'
  /** The code of the service; undefined if there is no answer of the service. A newer service may have others. */
  readonly code: ProblemCode | (string & {}) | undefined
  /** The status of the answer; undefined without one. */
  readonly status: number | undefined
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** Whether the write, or a part of the batch, may have been applied despite the error. */
  readonly maybeApplied: boolean
  /** The id in the log of the service. */
  readonly requestId: string | undefined
  /** What happened this time. */
  readonly detail: string
  /** The time that the service asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** The whole problem: unprocessed entries, reasons of a canceled transaction, the item of a failed condition. */
  readonly problem: Problem | undefined

  constructor(detail: string, known: Known = {}, options?: ErrorOptions) {
    const { code, requestId } = known.problem ?? {}
    super([code, detail, requestId && `(${requestId})`].filter(Boolean).join(' '), options)
    this.code = code
    this.status = known.status
    this.retryable = known.problem?.retryable ?? known.retryable ?? false
    this.maybeApplied = known.problem?.maybeApplied ?? known.maybeApplied ?? true
    this.requestId = requestId ?? known.requestId
    this.detail = detail
    this.retryAfterMs = known.retryAfterMs
    this.problem = known.problem
  }
}

interface Known {
  readonly status?: number
  readonly problem?: Problem | undefined
  readonly retryable?: boolean
  readonly maybeApplied?: boolean
  readonly requestId?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** The request is wrong: 400, 405, 406, 413, 415, 417, 431. */
export class InvalidRequestError extends StorageError {
  override readonly name = 'InvalidRequestError'
}

/** There are no valid credentials: 401. */
export class UnauthenticatedError extends StorageError {
  override readonly name = 'UnauthenticatedError'
}

/** The caller may not do this: 403. */
export class ForbiddenError extends StorageError {
  override readonly name = 'ForbiddenError'
}

/** The item or the table does not exist: 404. */
export class NotFoundError extends StorageError {
  override readonly name = 'NotFoundError'
}

/** Something else happens to the item, the table or the token at the same time: 409. */
export class ConflictError extends StorageError {
  override readonly name = 'ConflictError'
}

/** The transaction was canceled; `problem.cancellationReasons` has a reason for each entry. */
export class TransactionCanceledError extends StorageError {
  override readonly name = 'TransactionCanceledError'
}

/** The condition of the write is false: 412. */
export class ConditionFailedError extends StorageError {
  override readonly name = 'ConditionFailedError'
}

/** The caller, the table or the account has exceeded its rate: 429. */
export class ThrottledError extends StorageError {
  override readonly name = 'ThrottledError'
}

/** Not all entries of a batch were processed; `problem` has those that are left, to be sent again. */
export class BatchIncompleteError extends StorageError {
  override readonly name = 'BatchIncompleteError'
}

/** The service or DynamoDB is unavailable, or has a fault: 408 and 5xx. */
export class UnavailableError extends StorageError {
  override readonly name: string = 'UnavailableError'
}

/** There is no answer, because the connection failed. Whether a write was applied is unknown. */
export class ConnectionError extends UnavailableError {
  override readonly name: string = 'ConnectionError'

  constructor(cause: unknown) {
    super('There is no answer: the connection failed', { retryable: true }, { cause })
  }
}

/** There is no answer in time. Whether a write was applied is unknown. */
export class TimeoutError extends UnavailableError {
  override readonly name = 'TimeoutError'

  constructor(timeoutMs: number, options: ErrorOptions) {
    super(`There is no answer within ${timeoutMs} ms`, { retryable: true }, options)
  }
}

const byCode: Readonly<Partial<Record<ProblemCode, typeof StorageError>>> = {
  TransactionCanceledException: TransactionCanceledError,
  BatchIncomplete: BatchIncompleteError,
}

const byStatus: Readonly<Record<number, typeof StorageError>> = {
  401: UnauthenticatedError,
  403: ForbiddenError,
  404: NotFoundError,
  408: UnavailableError,
  409: ConflictError,
  412: ConditionFailedError,
  429: ThrottledError,
}

/** The error for an answer with a status from 400 on. */
export function errorOf(status: number, headers: Headers, text: string): StorageError {
  const problem = problemOf(text, headers.get('content-type') ?? '')
  const ErrorClass =
    (problem && byCode[problem.code]) ??
    byStatus[status] ??
    (status >= 500 ? UnavailableError : InvalidRequestError)
  return new ErrorClass(problem?.detail ?? `The answer has the status ${status}, and is not of the service`, {
    status,
    problem,
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfterMs: retryAfter(headers.get('retry-after')),
    // Of a load balancer or a proxy in between.
    retryable: [429, 502, 503, 504].includes(status),
    maybeApplied: status >= 500,
  })
}

function problemOf(text: string, mediaType: string): Problem | undefined {
  if (!mediaType.startsWith('application/problem+json')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isProblem(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}

/** `Retry-After` in seconds, as the service sends it, in milliseconds. */
function retryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : undefined
}
