import { STATUS_CODES } from 'node:http'
import { type Code, rowOf } from '../../schemas/parts/codes.js'
import type { Json } from '../json/json.js'
import { objectOf } from '../json/parts.js'
import { SECURITY_HEADERS } from './security-headers.js'

/** Members of a problem beyond those of RFC 9457, each already JSON. */
export type Members = Map<string, Json>

/** Why the service refuses a request for its own sake. */
export type Shedding = 'overload' | 'body_memory' | 'draining'

export interface ProblemOptions {
  readonly members?: Members
  /** Whether the same request may succeed later; by default what the code says. */
  readonly retryable?: boolean
  /** Whether a write may have been applied despite the error. */
  readonly maybeApplied?: boolean
  readonly dynamodbRequestId?: string | undefined
  readonly attempts?: number | undefined
  readonly retryAfterMs?: number | undefined
  /** Headers of the answer, by name in lower case, such as `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** What the caller can do next; by default what the code and the outcome say. */
  readonly next?: string | undefined
  /** For the log line of the request only; the caller does not see it. */
  readonly logged?: Readonly<Record<string, string>>
  /** DynamoDB's name of it in DynamoDB's own protocol; by default what the code says. */
  readonly exception?: string | undefined
  /** For the metrics. */
  readonly shedding?: Shedding | undefined
  readonly cause?: unknown
}

/**
 * An error with a code of the contract. `message` becomes the `detail` that the caller reads. It may quote callers, who must
 * not get their own text back by the megabyte, so its length is bounded here for all errors.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: Code
  readonly members: Members
  readonly retryable: boolean
  readonly maybeApplied: boolean
  readonly dynamodbRequestId: string | undefined
  readonly attempts: number | undefined
  readonly retryAfterMs: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly next: string | undefined
  readonly logged: Readonly<Record<string, string>>
  readonly exception: string | undefined
  readonly shedding: Shedding | undefined

  constructor(code: Code, detail: string, options: ProblemOptions = {}) {
    super(clipMiddle(detail), { cause: options.cause })
    this.code = code
    this.members = options.members ?? new Map<string, Json>()
    this.retryable = options.retryable ?? rowOf(code).retryable
    this.maybeApplied = options.maybeApplied ?? false
    this.dynamodbRequestId = options.dynamodbRequestId
    this.attempts = options.attempts
    this.retryAfterMs = options.retryAfterMs
    this.headers = options.headers
    this.next = options.next
    this.logged = options.logged ?? {}
    this.exception = options.exception
    this.shedding = options.shedding
  }

  get status(): number {
    return rowOf(this.code).status
  }
}

/**
 * The problem as JSON (RFC 9457, section 3). Items in it keep their digits and characters.
 * @param baseUrl see {@link problemType}
 */
export function problemText(problem: ProblemError, requestId: string, url: string, baseUrl: string): string {
  const { status, title } = rowOf(problem.code)
  const own = JSON.stringify({
    type: problemType(problem.code, baseUrl),
    title,
    status,
    detail: sentences(problem.message, nextStep(problem)),
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

/**
 * The `type` of a problem (RFC 9457, section 3.1.1): a URL that leads to the entry of the code in `docs/errors.md`.
 * @param baseUrl `PROBLEM_BASE_URL`: a page for each code below it, or, if it ends in `#`, one page with an anchor for each
 * code, which renderers of Markdown write in lower case
 */
export function problemType(code: Code, baseUrl: string): string {
  return baseUrl.endsWith('#') ? baseUrl + code.toLowerCase() : `${baseUrl}/${code}`
}

const SECURITY_LINES = Object.entries(SECURITY_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('')

/**
 * The problem as a whole HTTP/1.1 response, for a connection on which no request could be read. The connection is
 * closed after it.
 */
export function problemResponse(problem: ProblemError, requestId: string, baseUrl: string): string {
  const body = problemText(problem, requestId, '', baseUrl)
  return (
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
    `content-type: application/problem+json\r\nx-request-id: ${requestId}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n${SECURITY_LINES}\r\n${body}`
  )
}

/** What the caller can do next, where that is known. */
function nextStep({ code, retryable, maybeApplied, next }: ProblemError): string {
  if (next !== undefined) return next
  const row = rowOf(code)
  if (retryable === row.retryable && row.next !== undefined) return row.next
  if (retryable) return row.retryable ? '' : 'Send the request again.'
  return maybeApplied ? 'Read the item to find out, before you send the request again.' : ''
}

/** Joins texts to sentences, each with a full stop. Empty ones are left out. */
export function sentences(...texts: readonly string[]): string {
  const present = texts.filter((text) => text !== '')
  return present.length === 1
    ? (present[0] ?? '')
    : present.map((text) => text.replace(/\.?$/, '.')).join(' ')
}

/** A caller's own text in a message, bounded: it must not come back by the megabyte. */
export function clip(text: string, length = 500): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

/** The most characters of a detail. Ten errors, each clipped, are shorter. */
const MAX_DETAIL = 12_000
/** At the end stands what the caller can do next. */
const DETAIL_END = 1000

function clipMiddle(detail: string): string {
  if (detail.length <= MAX_DETAIL) return detail
  return `${detail.slice(0, MAX_DETAIL - DETAIL_END)}…${detail.slice(-DETAIL_END)}`
}

/** The path of a request target, which may also be an absolute URL (RFC 9112, section 3.2.2). */
export function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/]*/i, '').split('?', 1)[0] ?? ''
}
