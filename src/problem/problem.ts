/** Any error becomes an answer here: `application/problem+json` (RFC 9457), by the table of `schemas/problem.ts`. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type Code, CODES, ProblemMembers } from '../../schemas/problem.js'
import { type Json, JsonError, members as membersOfJson } from '../json/reader.js'
import { objectOf } from '../json/writer.js'
import { readAnswer } from '../items/body.js'
import { document, MEDIA_TYPES, type Representation } from '../items/representation.js'
import { shapeOf } from '../items/shape.js'
import {
  BatchIncompleteError,
  DuplicateKeyError,
  type ErrorKind,
  isRetryable,
  KeyMismatchError,
  type ImportError,
  StorageError,
} from '../storage/errors.js'

/** What a problem says besides: fields that are JSON already. */
export type Members = Map<string, Json>

/** An error with a code of the contract. `detail` is for the caller. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: Code
  readonly members: Members
  readonly retryable: boolean
  readonly maybeApplied: boolean
  readonly dynamodbRequestId: string | undefined
  readonly attempts: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(
    code: Code,
    detail: string,
    options: {
      members?: Members
      retryable?: boolean
      maybeApplied?: boolean
      dynamodbRequestId?: string | undefined
      attempts?: number | undefined
      retryAfterMs?: number | undefined
      cause?: unknown
    } = {},
  ) {
    super(detail, { cause: options.cause })
    this.code = code
    this.members = options.members ?? new Map<string, Json>()
    this.retryable = options.retryable ?? CODES[code].retryable
    this.maybeApplied = options.maybeApplied ?? false
    this.dynamodbRequestId = options.dynamodbRequestId
    this.attempts = options.attempts
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Answers with the problem that `error` is. Used as Fastify's error handler. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { config } = request.routeOptions
  const problem = toProblem(error, request.representation?.answer ?? document, config.writes ?? false)
  const { status } = CODES[problem.code]
  request.problem = problem
  if (status === 429 || status === 503 || status === 504) {
    reply.header('retry-after', Math.max(1, Math.ceil((problem.retryAfterMs ?? 0) / 1000)))
  }
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(problemText(problem, request.id, request.url)))
}

/** What callers have written comes back to them in messages, but not by the megabyte. */
export function clip(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

/** The path of a request target, which may also be a whole URL (RFC 9112, section 3.2.2). */
export function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/]*/i, '').split('?', 1)[0] ?? ''
}

/** The problem as JSON, with the items in it as the digits and characters they are. */
export function problemText(problem: ProblemError, requestId: string, url: string): string {
  const { status, title } = CODES[problem.code]
  const own = JSON.stringify({
    type: `urn:dynamodb-storage-service:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    instance: pathOf(url),
    code: problem.code,
    requestId,
    retryable: problem.retryable,
    maybeApplied: problem.maybeApplied,
    dynamodbRequestId: problem.dynamodbRequestId,
    attempts: problem.attempts,
  })
  return problem.members.size === 0
    ? own
    : `${own.slice(0, -1)},${objectOf(problem.members).toString().slice(1)}`
}

function toProblem(error: unknown, representation: Representation, writes: boolean): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof StorageError) return ofStorage(error, representation)
  if (error instanceof BatchIncompleteError) return ofBatch(error, representation)
  if (error instanceof DuplicateKeyError) return new ProblemError('ValidationException', error.message)
  if (error instanceof KeyMismatchError) return new ProblemError('InvalidRequest', error.message)
  // Those of request bodies have become an InvalidRequest where the body was read.
  if (error instanceof JsonError) {
    const detail = `DynamoDB’s answer is not what it should be.${writes ? unknownOutcome : ''}`
    // A write is done: DynamoDB has said so, before it said what cannot be read.
    return new ProblemError('UpstreamError', detail, {
      retryable: !writes,
      maybeApplied: writes,
      cause: error,
    })
  }
  return ofFastify(error, writes)
}

function isCode(name: string): name is Code {
  return Object.hasOwn(CODES, name)
}

/** DynamoDB's own names that are the same thing to a caller. */
const synonyms: Readonly<Record<string, Code>> = {
  RequestTooLarge: 'PayloadTooLarge',
  SerializationException: 'ValidationException',
  TableNotFoundException: 'ResourceNotFoundException',
}

/** Errors that are about who the service is to DynamoDB, and none of the caller's. */
const refusedCredentials: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'access_denied',
  'clock_skew',
  'credentials',
  'no_credentials',
])

const unknownOutcome = ' It is not known whether the write was applied.'
const notRepeated = `${unknownOutcome} It was not sent again, because doing it twice would not be the same as once.`
const earlierUnknown = ' An earlier attempt of this call was not answered and may have been applied.'

function ofStorage(error: StorageError, representation: Representation): ProblemError {
  const { name, message, requestId, attempts, retryAfterMs } = error
  const maybeApplied = error.maybeApplied || error.earlierMaybeApplied
  const options = {
    dynamodbRequestId: requestId,
    attempts,
    retryAfterMs,
    maybeApplied,
    cause: error,
    ...(!error.repeatable && { retryable: false }),
  }
  const uncertain = uncertaintyOf(error)
  // DynamoDB's ServiceUnavailable is about DynamoDB, which ours need not be.
  const code = synonyms[name] ?? (isCode(name) && name !== 'ServiceUnavailable' ? name : undefined)
  if (code !== undefined) {
    // DynamoDB does not always have words for it.
    const said = message || CODES[code].title
    const detail = uncertain === '' ? said : said.replace(/\.?$/, '.') + uncertain
    return new ProblemError(code, detail, {
      ...options,
      ...(code === 'TransactionCanceledException' && { retryable: isRetryable(error.kind) }),
      members: membersOf(error.body, representation),
    })
  }
  if (name === 'TimeoutError' || name === 'RequestTimeout' || name === 'RequestTimeoutException') {
    return new ProblemError('UpstreamTimeout', `DynamoDB did not answer in time.${uncertain}`, options)
  }
  if (name === 'NetworkError' || (error.statusCode ?? 0) >= 500) {
    return new ProblemError('ServiceUnavailable', `DynamoDB is not available.${uncertain}`, options)
  }
  if (name === 'Cancelled') {
    return new ProblemError('ServiceUnavailable', `The call was given up.${uncertain}`, options)
  }
  if (name === 'CorruptAnswer' || name === 'MalformedAnswer') {
    const detail = `DynamoDB’s answer is damaged.${uncertain}`
    return new ProblemError('UpstreamError', detail, { ...options, retryable: error.repeatable })
  }
  if (refusedCredentials.has(error.kind) || name === 'KMSAccessDeniedException') {
    // DynamoDB's message names accounts and roles: for the log only.
    const detail = `DynamoDB refused the service’s own credentials (${name}).${uncertain}`
    return new ProblemError('UpstreamError', detail, options)
  }
  if (error.kind === 'throttling') {
    return new ProblemError('ThrottlingException', `${name}: ${message}${uncertain}`, options)
  }
  return new ProblemError('ValidationException', `${name}: ${message}${uncertain}`, options)
}

/** What the caller must know of a write besides why it failed, as a sentence to append. */
function uncertaintyOf(error: StorageError): string {
  if (!error.repeatable) return notRepeated
  if (error.maybeApplied) return unknownOutcome
  return error.earlierMaybeApplied ? earlierUnknown : ''
}

function ofBatch(error: BatchIncompleteError, representation: Representation): ProblemError {
  const members = membersOf(error.output, representation)
  const { cause } = error
  const listed = members.has('unprocessedItems') ? 'unprocessedItems' : 'unprocessedKeys'
  const written = error.maybeApplied ? ' Some of them may have been applied.' : ''
  const left = `${error.message}; they are listed in ${listed}.${written}`
  if (cause === undefined || isRetryable(cause.kind)) {
    return new ProblemError('BatchIncomplete', `${left} Send just these again.`, {
      members,
      maybeApplied: error.maybeApplied,
      cause: error,
      ...(cause !== undefined && {
        dynamodbRequestId: cause.requestId,
        attempts: cause.attempts,
        retryAfterMs: cause.retryAfterMs,
      }),
    })
  }
  const stopped = ofStorage(cause, representation)
  return new ProblemError(stopped.code, `${stopped.message.replace(/\.?$/, '.')} ${left}`, {
    members,
    retryable: stopped.retryable,
    maybeApplied: error.maybeApplied,
    dynamodbRequestId: stopped.dynamodbRequestId,
    attempts: stopped.attempts,
    cause: error,
  })
}

/**
 * The problem of an import that stopped.
 * @param line where to go on: all before it are written, or stand in `unprocessedItems`
 */
export function ofImport(error: ImportError, line: number, representation: Representation): ProblemError {
  const { cause, unprocessed, written } = error
  const stopped = ofLine(cause, line, representation)
  const left = `${unprocessed} ${unprocessed === 1 ? 'line' : 'lines'}`
  const unknown = error.maybeApplied ? ' Some of them may have been applied.' : ''
  return new ProblemError(
    stopped.code,
    unprocessed === 0
      ? stopped.message
      : `${stopped.message.replace(/\.?$/, '.')} ${left} not known to be written are listed in unprocessedItems.${unknown}`,
    {
      members: new Map([
        ...stopped.members,
        ['line', Buffer.from(String(line))],
        ['written', Buffer.from(String(written))],
        ...membersOf(error.output, representation),
      ]),
      retryable: stopped.retryable,
      maybeApplied: error.maybeApplied,
      dynamodbRequestId: stopped.dynamodbRequestId,
      attempts: stopped.attempts,
      retryAfterMs: stopped.retryAfterMs,
      cause: error,
    },
  )
}

/** What stopped an import at a line. */
function ofLine(cause: unknown, line: number, representation: Representation): ProblemError {
  if (cause instanceof JsonError) {
    return new ProblemError('InvalidRequest', `line ${line}${clip(cause.path)} ${clip(cause.message)}`)
  }
  if (cause instanceof ProblemError) return new ProblemError(cause.code, `line ${line}: ${cause.message}`)
  if (cause instanceof StorageError && !isRetryable(cause.kind)) {
    const { code, message, ...options } = ofStorage(cause, representation)
    return new ProblemError(code, `line ${line}: ${message}`, options)
  }
  if (cause instanceof StorageError || cause === undefined) {
    const { requestId, attempts, retryAfterMs } = cause ?? {}
    return new ProblemError(
      'BatchIncomplete',
      `From line ${line} on, not all is known to be written. Go on from there.`,
      {
        dynamodbRequestId: requestId,
        attempts,
        retryAfterMs,
      },
    )
  }
  return ofFastify(cause, true)
}

const NULL = Buffer.from('null')
const problemShape = shapeOf(ProblemMembers)

/** What an error brings, each member for itself: one that cannot be read must not take the others with it. */
function membersOf(body: Json, representation: Representation): Members {
  const found: Members = new Map()
  for (const [dynamoDBName, member] of membersOfJson(body)) {
    try {
      const { json } = readAnswer(objectOf([[dynamoDBName, member]]), problemShape, representation)
      const [[name, value] = ['', NULL]] = membersOfJson(json)
      if (name in ProblemMembers.properties && !value.equals(NULL)) found.set(name, value)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
    }
  }
  return found
}

/** The body is of another media type than those that the route takes. */
export function wrongMediaType(taken: readonly string[]): ProblemError {
  return new ProblemError('UnsupportedMediaType', `Content-Type must be ${taken.join(' or ')}, in UTF-8.`)
}

function ofFastify(error: unknown, writes: boolean): ProblemError {
  const { code, statusCode = 500, message } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return wrongMediaType(MEDIA_TYPES)
  if (statusCode < 500) return new ProblemError('InvalidRequest', message ?? 'The request is wrong.')
  return new ProblemError(
    'InternalError',
    `The request could not be served because of a fault in the service.${writes ? unknownOutcome : ''}`,
    { maybeApplied: writes, cause: error },
  )
}
