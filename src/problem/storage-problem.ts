/** The problem for an error of the storage layer, by its kind. */
import { type Code, CODES } from '../../schemas/parts/codes.js'
import { ProblemMembers } from '../../schemas/problem.js'
import { translateAnswer } from '../items/answer.js'
import type { Representation } from '../items/representation.js'
import { shapeOf } from '../items/shape.js'
import { atOnce } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { members as membersOfJson, objectOf } from '../json/parts.js'
import { JsonError } from '../json/reader.js'
import { AnswerError, isRetryable, type StorageError, type WriteConflictError } from '../storage/errors.js'
import { clip, type Members, ProblemError, sentences } from './problem-error.js'
import { redact, redactErrors, redactReasons } from './redact.js'

/** DynamoDB's own exceptions that mean the same to a caller as another code. */
const synonyms: ReadonlyMap<string, Code> = new Map([
  // DynamoDB Local's name.
  ['DuplicateItem', 'DuplicateItemException'],
  ['RequestTooLarge', 'PayloadTooLarge'],
  ['SerializationException', 'ValidationException'],
  ['TableNotFoundException', 'ResourceNotFoundException'],
])

/** The most of a message of DynamoDB's that is passed on: it may quote a value of the caller's, which can be megabytes. */
const MAX_MESSAGE = 2000

const MALFORMED = 'DynamoDB returned a malformed response.'
const UNKNOWN_OUTCOME = 'It is unknown whether the write was applied.'
const NOT_REPEATED = `${UNKNOWN_OUTCOME} The service did not send it again, because applying it twice differs from applying it once.`
const EARLIER_UNKNOWN = 'An earlier attempt was not answered and may have been applied.'

/**
 * @param representation of the items in the problem
 * @param next what the caller can do next; by default what the code and the outcome say
 */
export function storageProblem(
  error: StorageError,
  representation: Representation,
  next?: string,
): ProblemError {
  const { code, detail, passedOn } = explain(error)
  return new ProblemError(code, sentences(detail, uncertaintyOf(error)), {
    ...(passedOn && { members: membersOf(error.body, representation) }),
    retryable: error.repeatable && isRetryableAs(code, error),
    maybeApplied: error.maybeApplied || error.earlierMaybeApplied,
    dynamodbRequestId: error.requestId,
    attempts: error.attempts,
    retryAfterMs: error.retryAfterMs,
    ...(next !== undefined && { next }),
    // Batches and imports say what they have applied, instead of this.
    ...(error.kind === 'no_credentials' && error.attempts === 0 && { next: 'Nothing was applied.' }),
    ...(error.kind === 'access_denied' && {
      logged: { permission: missingPermission(error) },
      exception: 'AccessDeniedException',
    }),
    cause: error,
  })
}

/**
 * The problem for an answer of DynamoDB that cannot be read.
 * @param writes whether DynamoDB has acknowledged a write in it
 */
export function answerProblem(error: AnswerError, writes: boolean): ProblemError {
  return new ProblemError('UpstreamError', sentences(MALFORMED, writes ? UNKNOWN_OUTCOME : ''), {
    retryable: !writes,
    maybeApplied: writes,
    cause: error,
  })
}

/** The problem for a write that gave up, because others changed the item again and again. */
export function writeConflict({ cause, maybeApplied }: WriteConflictError): ProblemError {
  const detail = 'Other writes changed the item at the same time, five times in a row.'
  return new ProblemError('WriteConflict', sentences(detail, maybeApplied ? EARLIER_UNKNOWN : ''), {
    maybeApplied,
    dynamodbRequestId: cause.requestId,
    attempts: cause.attempts,
    cause,
  })
}

interface Explanation {
  readonly code: Code
  readonly detail: string
  /** Whether DynamoDB's own answer is the caller's: its message, and the items in it. */
  readonly passedOn?: boolean
}

function explain(error: StorageError): Explanation {
  switch (error.kind) {
    case 'no_credentials':
      return {
        code: 'UpstreamError',
        detail: `The service has no AWS credentials, so it did not call DynamoDB${error.attempts === 0 ? '' : ' again'}. Its operator has to provide them: an access key in the environment, a profile or a role.`,
      }
    case 'credentials':
      return {
        code: 'UpstreamError',
        detail: `DynamoDB refused the AWS credentials of the service (${clip(error.name)}). Its operator has to renew or correct them.`,
      }
    case 'access_denied':
      return {
        code: 'UpstreamError',
        detail:
          'The AWS credentials of the service lack a permission that this request needs. Its operator finds the name of the permission in the log.',
      }
    case 'encryption_key':
      return {
        code: 'UpstreamError',
        detail: `DynamoDB cannot use the AWS KMS key of the table (${clip(error.name)}). The operator of the service has to check the key and its policy.`,
      }
    case 'clock_skew':
      return {
        code: 'UpstreamError',
        detail: 'DynamoDB refused a request because the clock of the service was wrong.',
      }
    case 'checksum':
      return { code: 'UpstreamError', detail: 'DynamoDB’s answer arrived damaged: its checksum is wrong.' }
    case 'malformed':
      return { code: 'UpstreamError', detail: MALFORMED }
    case 'internal':
      return {
        code: 'InternalError',
        detail: 'The service failed to process the request because of a bug.',
      }
    case 'timeout':
      return { code: 'UpstreamTimeout', detail: 'DynamoDB did not respond in time.' }
    case 'network':
      return { code: 'ServiceUnavailable', detail: 'The connection to DynamoDB failed.' }
    case 'canceled':
      return { code: 'ServiceUnavailable', detail: 'The request was abandoned during a shutdown.' }
    case 'throttling':
    case 'transient':
    case 'conflict':
    case 'refused':
      return explainRefusal(error)
  }
}

/** DynamoDB has answered with an exception. */
function explainRefusal({ name, message, kind }: StorageError): Explanation {
  const code = synonyms.get(name) ?? (isExceptionCode(name) ? name : undefined)
  // DynamoDB does not always send a message.
  const detail = clip(redact(message), MAX_MESSAGE)
  if (code !== undefined) return { code, detail: detail || CODES[code].title, passedOn: true }
  if (kind === 'transient') return { code: 'ServiceUnavailable', detail: 'DynamoDB is unavailable.' }
  const other = kind === 'throttling' ? 'ThrottlingException' : 'ValidationException'
  return { code: other, detail: `${clip(name)}: ${detail}` }
}

/** Whether a code stands for DynamoDB's exception of this name. The other codes are the service's own words. */
function isExceptionCode(name: string): name is Code {
  return (name.endsWith('Exception') || name === 'RequestLimitExceeded') && Object.hasOwn(CODES, name)
}

/** Whether the same request may succeed later. For some codes the kind of the error tells more than the code does. */
function isRetryableAs(code: Code, { kind }: StorageError): boolean {
  // The service does not retry after a malformed response, but the next one may be well-formed.
  if (kind === 'malformed') return true
  const dependsOnKind = code === 'TransactionCanceledException' || code === 'UpstreamError'
  return dependsOnKind ? isRetryable(kind) : CODES[code].retryable
}

/** What the caller must know about a write besides why it failed. */
function uncertaintyOf({ repeatable, maybeApplied, earlierMaybeApplied }: StorageError): string {
  if (!repeatable) return NOT_REPEATED
  if (maybeApplied) return UNKNOWN_OUTCOME
  return earlierMaybeApplied ? EARLIER_UNKNOWN : ''
}

/** `dynamodb:GetItem`, from "User: … is not authorized to perform: dynamodb:GetItem on resource: …". */
function missingPermission({ message, operation }: StorageError): string {
  return /perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? `dynamodb:${operation ?? '*'}`
}

const NULL = Buffer.from('null')
const problemShape = shapeOf(ProblemMembers)

/** The members that DynamoDB's answer brings. Each is read alone: one that cannot be read must not hide the others. */
export function membersOf(body: Json, representation: Representation): Members {
  const found: Members = new Map()
  for (const [dynamoDBName, member] of readMembers(body)) {
    try {
      const redacted = dynamoDBName === 'StatementResponses' ? atOnce(redactErrors(member)) : member
      const answer = objectOf([[dynamoDBName, redacted]])
      const { json } = atOnce(translateAnswer(answer, problemShape, representation))
      const [[name, value] = ['', NULL]] = membersOfJson(json)
      if (!(name in ProblemMembers.properties) || value.equals(NULL)) continue
      found.set(name, name.endsWith('Reasons') ? redactReasons(value) : value)
    } catch (error) {
      if (!(error instanceof AnswerError || error instanceof JsonError)) throw error
    }
  }
  return found
}

/** None if the answer cannot be read: the error is what matters. */
function readMembers(body: Json): ReadonlyMap<string, Json> {
  try {
    return membersOfJson(body)
  } catch (error) {
    if (error instanceof JsonError) return new Map()
    throw error
  }
}
