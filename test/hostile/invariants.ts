/** What holds for every answer, whatever was asked. */
import { gunzipSync } from 'node:zlib'
import { CODES } from '../../schemas/parts/codes.js'
import { SECURITY_HEADERS } from '../../src/problem/security-headers.js'
import type { RawAnswer } from './raw-client.js'

/** An error has no reason to be larger: it may quote the request, but not much of it. It may contain an item. */
const MAX_ERROR_BYTES = { ofCallers: 64 * 1024, ofDynamoDB: 512 * 1024 }

const statusOf = new Map<string, number>(Object.entries(CODES).map(([code, row]) => [code, row.status]))

/**
 * What is wrong with an answer; undefined if nothing is.
 * @param mayFail whether DynamoDB is at fault, so that 502, 503 and 504 are right
 */
export function faultIn(
  { status, headers, body: sent }: RawAnswer,
  method: string,
  mayFail = false,
): string | undefined {
  if (status >= 500 && !(mayFail && [502, 503, 504].includes(status))) return `status ${status}`
  if (!/^[\w.:/+=@-]{1,128}$/.test(headers.get('x-request-id') ?? '')) return 'no x-request-id'
  for (const name of Object.keys(SECURITY_HEADERS)) if (!headers.has(name)) return `no ${name}`
  const type = headers.get('content-type') ?? ''
  const isCompressed = headers.get('content-encoding') === 'gzip' && sent.length > 0
  const body = isCompressed ? gunzipSync(sent) : sent
  if (status < 400) {
    if (body.length > 0 && type.endsWith('json') && type !== 'application/x-ndjson')
      JSON.parse(body.toString())
    return undefined
  }
  if (body.length > MAX_ERROR_BYTES[mayFail ? 'ofDynamoDB' : 'ofCallers'])
    return `an error of ${body.length} bytes`
  if (type !== 'application/problem+json') return `an error of the type ${type}`
  const seconds = headers.get('retry-after')
  if (seconds !== undefined && !/^\d{1,9}$/.test(seconds)) return `Retry-After: ${seconds}`
  if (method === 'HEAD') return undefined
  return faultInProblem(JSON.parse(body.toString()), status, headers.get('x-request-id'))
}

function faultInProblem(problem: unknown, status: number, requestId: string | undefined): string | undefined {
  if (typeof problem !== 'object' || problem === null) return 'a problem that is no object'
  const members = new Map<string, unknown>(Object.entries(problem))
  const code = String(members.get('code'))
  if (statusOf.get(code) !== status || members.get('status') !== status)
    return `${status} with the code ${code}`
  if (members.get('requestId') !== requestId) return 'another requestId than in x-request-id'
  for (const name of ['type', 'title', 'detail', 'instance']) {
    if (typeof members.get(name) !== 'string') return `a problem without ${name}`
  }
  return undefined
}
