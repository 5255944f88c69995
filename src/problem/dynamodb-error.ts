/**
 * Errors in the shape of DynamoDB's own (Developer Guide, "Error handling with DynamoDB"), for callers that speak DynamoDB's own
 * protocol: `{"__type": "com.amazonaws.dynamodb.v20120810#Name", "message": …}`. AWS SDKs read the name behind the `#`, and retry
 * by it and by the status.
 */
import type { IncomingMessage } from 'node:http'
import { crc32 } from 'node:zlib'
import type { Code } from '../../schemas/parts/codes.js'
import { pathOf, type ProblemError } from './problem-error.js'

export const AMZ_JSON = 'application/x-amz-json-1.0'

/** Whether a request is in DynamoDB's own protocol, where `WIRE_PROTOCOL` is on: then all its answers are, too. */
export function isOwnProtocol({
  method,
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): boolean {
  return method === 'POST' && pathOf(url) === '/' && headers['x-amz-target'] !== undefined
}

/** An error of the service as an answer in DynamoDB's own protocol. */
export interface DynamoDBError {
  readonly status: number
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

interface Exception {
  readonly status: number
  readonly name: string
}

/** Not applied: an SDK may send even a write again that is not idempotent. */
const UNAVAILABLE: Exception = { status: 503, name: 'ServiceUnavailable' }
/** DynamoDB's own documentation says of it that a write may have succeeded. */
const FAILED: Exception = { status: 500, name: 'InternalServerError' }

/** The codes that have another name in DynamoDB's own protocol. All others are names of DynamoDB's exceptions. */
const exceptions: Partial<Record<Code, Exception>> = {
  InvalidRequest: { status: 400, name: 'ValidationException' },
  Unauthenticated: { status: 400, name: 'UnrecognizedClientException' },
  Forbidden: { status: 400, name: 'AccessDeniedException' },
  MethodNotAllowed: { status: 400, name: 'AccessDeniedException' },
  UnsupportedMediaType: { status: 400, name: 'SerializationException' },
  ExpectationFailed: { status: 400, name: 'ValidationException' },
  RequestTimeout: { status: 408, name: 'RequestTimeoutException' },
  PayloadTooLarge: { status: 413, name: 'RequestTooLargeException' },
  TooManyRequests: { status: 400, name: 'ThrottlingException' },
  InternalError: FAILED,
  UpstreamError: FAILED,
  UpstreamTimeout: UNAVAILABLE,
  ServiceUnavailable: UNAVAILABLE,
}

/** The namespaces of names that are not in DynamoDB's own. SDKs do not read them. */
const namespaces: Readonly<Record<string, string>> = {
  AccessDeniedException: 'com.amazon.coral.service',
  IncompleteSignatureException: 'com.amazon.coral.service',
  InvalidSignatureException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  SerializationException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  UnrecognizedClientException: 'com.amazon.coral.service',
  ValidationException: 'com.amazon.coral.validate',
}

/** @param requestId also `x-amzn-requestid`, as DynamoDB has none */
export function dynamodbError(problem: ProblemError, requestId: string): DynamoDBError {
  const { status, name } = exceptionOf(problem)
  const type = `${namespaces[name] ?? 'com.amazonaws.dynamodb.v20120810'}#${name}`
  const body = Buffer.from(JSON.stringify({ __type: type, message: problem.message }))
  return {
    status,
    body,
    headers: {
      'content-type': AMZ_JSON,
      'x-amzn-requestid': requestId,
      'x-amz-crc32': String(crc32(body)),
    },
  }
}

function exceptionOf({ code, exception, maybeApplied }: ProblemError): Exception {
  if (exception !== undefined) return { status: 400, name: exception }
  const found = exceptions[code] ?? { status: 400, name: code }
  return found === UNAVAILABLE && maybeApplied ? FAILED : found
}
