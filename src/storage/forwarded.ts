/** DynamoDB's responses as they are, for callers that speak its own protocol. */
import { EMPTY_OBJECT, type Json } from '../json/json.js'
import { headerOf, type RawResponse } from './call/response.js'
import type { ErrorKind, StorageError } from './errors.js'

export interface ForwardedResponse {
  readonly statusCode: number
  /** The bytes that DynamoDB sent. */
  readonly body: Json
  /** `x-amzn-requestid`. */
  readonly requestId: string | undefined
  /** `x-amz-crc32`: the checksum of the body, which has been checked. */
  readonly checksum: string | undefined
  /** What the response means; undefined for a success. */
  readonly error?: StorageError
}

/** Responses of these kinds are about the credentials and the keys of the service, not about the caller's request. */
const aboutService: ReadonlySet<ErrorKind> = new Set([
  'credentials',
  'access_denied',
  'encryption_key',
  'clock_skew',
])

export function successResponse({
  statusCode,
  headers,
  body: { whole: body },
}: RawResponse): ForwardedResponse {
  const requestId = headerOf(headers, 'x-amzn-requestid')
  return { statusCode, body, requestId, checksum: headerOf(headers, 'x-amz-crc32') }
}

/** DynamoDB's answer to the last attempt; undefined if there was none that is meant for the caller. */
export function errorResponse(error: StorageError): ForwardedResponse | undefined {
  const { statusCode, body, requestId, checksum, kind } = error
  if (statusCode === undefined || body === EMPTY_OBJECT || aboutService.has(kind)) return undefined
  return { statusCode, body, requestId, checksum, error }
}
