/**
 * Error responses of DynamoDB (Developer Guide, "Error handling with DynamoDB"):
 * `{"__type": "com.amazonaws.dynamodb.v20120810#Name", "message": …}`.
 */
import { type Json, parse } from '../../json/json.js'
import type { ErrorKind, Failure } from '../errors.js'
import { headerOf, type RawResponse, retryAfterMs } from './response.js'

/** DynamoDB refuses a signature for its time under several names. Each may also have another reason. */
const signatureErrors = [
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]

const expiredTokenErrors = ['ExpiredToken', 'ExpiredTokenException']

/** The names of DynamoDB's exceptions, and those that AWS's front ends have for the same. All others are `refused`. */
const names: readonly (readonly [kind: ErrorKind, names: readonly string[]])[] = [
  [
    'throttling',
    [
      'BandwidthLimitExceeded',
      'KMSThrottlingException',
      'LimitExceededException',
      'PriorRequestNotComplete',
      'ProvisionedThroughputExceededException',
      'RequestLimitExceeded',
      'RequestThrottled',
      'RequestThrottledException',
      'SlowDown',
      'ThrottledException',
      'Throttling',
      'ThrottlingException',
      'TooManyRequestsException',
    ],
  ],
  ['transient', ['InternalFailure', 'InternalServerError', 'ServiceUnavailable']],
  ['timeout', ['RequestTimeout', 'RequestTimeoutException']],
  [
    'conflict',
    ['ReplicatedWriteConflictException', 'TransactionConflictException', 'TransactionInProgressException'],
  ],
  [
    'credentials',
    [
      ...signatureErrors,
      ...expiredTokenErrors,
      'AuthFailure',
      'IncompleteSignature',
      'IncompleteSignatureException',
      'InvalidClientTokenId',
      'MissingAuthenticationToken',
      'MissingAuthenticationTokenException',
      'OptInRequired',
      'UnrecognizedClientException',
    ],
  ],
  ['access_denied', ['AccessDenied', 'AccessDeniedException', 'NotAuthorized']],
]

const kinds: ReadonlyMap<string, ErrorKind> = new Map(
  names.flatMap(([kind, some]) => some.map((name) => [name, kind] as const)),
)

/** The names of exceptions that have a kind of their own. */
export const REFUSAL_NAMES: readonly string[] = [...kinds.keys()]

/**
 * The reasons of a canceled transaction that may be gone at the next attempt (API Reference, TransactWriteItems). A statement
 * of a batch has the same ones (API Reference, BatchStatementError).
 */
export const passingReasons: ReadonlyMap<string, 'throttling' | 'conflict'> = new Map([
  ['ProvisionedThroughputExceeded', 'throttling'],
  ['RequestLimitExceeded', 'throttling'],
  ['ThrottlingError', 'throttling'],
  ['TransactionConflict', 'conflict'],
])

/** Whether DynamoDB refused the signature, for its time or for another reason. */
export function isSignatureRefused({ name }: Failure): boolean {
  return signatureErrors.includes(name)
}

/** Whether DynamoDB finds that the credentials have expired. */
export function isTokenExpired({ name }: Failure): boolean {
  return expiredTokenErrors.includes(name)
}

/**
 * Reads a response with another status than 200.
 * @param isWrite whether the request could have changed something
 */
export function readRefusal(response: RawResponse, isWrite: boolean): Failure {
  const { statusCode, headers } = response
  const body = response.body.whole
  const { type, message } = readBody(body)
  const name = nameOf(type, statusCode)
  return {
    kind: kindOf(name, statusCode, body),
    name,
    message:
      message ?? (statusCode === 413 ? 'DynamoDB finds the request too large' : `status ${statusCode}`),
    statusCode,
    requestId: headerOf(headers, 'x-amzn-requestid'),
    body: type === undefined ? undefined : body,
    checksum: headerOf(headers, 'x-amz-crc32'),
    retryAfterMs: retryAfterMs(headers),
    // TransactionInProgressException is said of the very transaction that this attempt repeats.
    maybeApplied: isWrite && (statusCode >= 500 || name === 'TransactionInProgressException'),
  }
}

interface RefusalBody {
  readonly type: string | undefined
  readonly message: string | undefined
}

function readBody(body: Json): RefusalBody {
  let value: unknown
  try {
    value = parse(body)
  } catch {
    // Proxies and load balancers answer with HTML or with nothing.
  }
  const read = (name: string): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    const found: unknown = Reflect.get(value, name)
    return typeof found === 'string' ? found : undefined
  }
  const type = read('__type')
  return { type: type?.slice(type.indexOf('#') + 1), message: read('message') ?? read('Message') }
}

function nameOf(type: string | undefined, statusCode: number): string {
  if (statusCode === 413) return 'RequestTooLarge'
  if (type !== undefined) return type
  if (statusCode === 429) return 'ThrottlingException'
  return statusCode < 500 ? 'MalformedAnswer' : 'ServiceUnavailable'
}

function kindOf(name: string, statusCode: number, body: Json): ErrorKind {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  if (statusCode === 429) return 'throttling'
  if (statusCode >= 500) return 'transient'
  if (name.startsWith('KMS')) return 'encryption_key'
  if (name === 'MalformedAnswer') return 'malformed'
  if (name === 'TransactionCanceledException') return kindOfCancellation(body)
  return 'refused'
}

/** A transaction that was canceled for any reason that does not pass is `refused`. */
function kindOfCancellation(body: Json): ErrorKind {
  const found = new Set(cancellationCodes(body).map((code) => passingReasons.get(code)))
  if (found.size === 0 || found.has(undefined)) return 'refused'
  return found.has('conflict') ? 'conflict' : 'throttling'
}

/** The codes of the entries that are reasons: `{"CancellationReasons": [{"Code": "None"}, …]}`. */
function cancellationCodes(body: Json): string[] {
  const value: unknown = parse(body)
  const reasons: unknown =
    typeof value === 'object' && value !== null && Reflect.get(value, 'CancellationReasons')
  if (!Array.isArray(reasons)) return []
  return reasons.map(codeOf).filter((code) => code !== 'None')
}

function codeOf(reason: unknown): string {
  const code: unknown =
    typeof reason === 'object' && reason !== null ? Reflect.get(reason, 'Code') : undefined
  return typeof code === 'string' ? code : 'None'
}
