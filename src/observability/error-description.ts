/** Errors as they are logged: their types, causes and stacks, and those of their messages that cannot quote an item. */
import { JsonError } from '../json/reader.js'
import { ProblemError } from '../problem/problem-error.js'
import { removeSecrets } from '../problem/redact.js'
import { DuplicateKeyError, type ErrorKind, KeyMismatchError, StorageError } from '../storage/errors.js'

/** The most causes of an error that are logged with it: they may form a cycle. */
const MAX_CAUSES = 5
/** The most of a message that is logged: DynamoDB's may quote a whole item. */
const MAX_LENGTH = 2000

interface ErrorDescription {
  readonly type: string
  readonly message: string
  /** Of DynamoDB's answer. */
  readonly dynamodbRequestId: string | undefined
  readonly stack: string
  readonly cause?: ErrorDescription
}

/** Takes the place of a message that may quote the keys or the values of items. */
const WITHHELD = '(withheld, because it may quote an item: LOG_KEYS=false)'

/** DynamoDB's messages of these kinds are about the operator's configuration. They name no item, and are needed. */
const aboutOperation: ReadonlySet<ErrorKind> = new Set([
  'access_denied',
  'clock_skew',
  'credentials',
  'encryption_key',
  'throttling',
])

/** The errors whose messages are for callers, and quote their requests. */
const quoting = [JsonError, SyntaxError, ProblemError, DuplicateKeyError, KeyMismatchError]

/**
 * Describes an error without the data that it carries: DynamoDB's answers and the entries of a batch belong to the callers,
 * not into a log. Undefined for a value that is no Error.
 * @param logKeys whether messages may quote items; secrets are removed in any case
 */
export function createErrorDescription(logKeys: boolean): (error: unknown) => ErrorDescription | undefined {
  function describe(error: unknown, causes: number): ErrorDescription | undefined {
    if (!(error instanceof Error) || causes < 0) return undefined
    // DynamoDB's exceptions have the name that its answer gives them.
    const type = /^[\w.$-]{1,100}$/.test(error.name) ? error.name : 'Error'
    const message = logKeys || !mayQuote(error) ? removeSecrets(error.message).slice(0, MAX_LENGTH) : WITHHELD
    const cause = describe(error.cause, causes - 1)
    return {
      type,
      message,
      dynamodbRequestId: error instanceof StorageError ? error.requestId : undefined,
      stack: `${type}: ${message}${framesOf(error)}`,
      ...(cause !== undefined && { cause }),
    }
  }
  return (error) => describe(error, MAX_CAUSES)
}

function mayQuote(error: Error): boolean {
  if (error instanceof StorageError) return error.statusCode !== undefined && !aboutOperation.has(error.kind)
  // Fastify's messages quote URLs and headers.
  return error.name === 'FastifyError' || quoting.some((type) => error instanceof type)
}

/** The lines of a stack behind its message, which may have any number of lines itself. */
function framesOf({ stack = '', message }: Error): string {
  const start = stack.indexOf(message)
  const frames = start === -1 ? stack : stack.slice(start + message.length)
  return (frames.match(/\n {4}at [^\n]*/g) ?? []).join('')
}
