import type { Pieces } from '../../json/pieces.js'

/** The headers as they arrived: names and values in turn. Only a few of them are ever read. */
export type RawHeaders = readonly Buffer[]

/** A response of DynamoDB that arrived as a whole, not checked yet. */
export interface RawResponse {
  readonly statusCode: number
  readonly headers: RawHeaders
  readonly body: Pieces
}

/** The value of a header; undefined if there is none. `name` is in lower case. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const found = headers[index]
    if (found?.length === name.length && found.toString('latin1').toLowerCase() === name) {
      return headers[index + 1]?.toString('latin1')
    }
  }
  return undefined
}

/** The longest wait that is passed on, in ms. No answer of DynamoDB asks for more. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** `x-amz-retry-after` in ms, or `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); in ms. */
export function retryAfterMs(headers: RawHeaders): number | undefined {
  const ms = delayIn(headers)
  return ms !== undefined && ms >= 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
}

function delayIn(headers: RawHeaders): number | undefined {
  const ms = Number(headerOf(headers, 'x-amz-retry-after') ?? NaN)
  if (ms >= 0) return ms
  const value = headerOf(headers, 'retry-after')
  if (value === undefined) return undefined
  return /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
}
