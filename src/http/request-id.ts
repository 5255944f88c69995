import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** The id is copied into logs and headers: it must not be able to inject anything there. */
const SAFE_REQUEST_ID = /^[\w.:/+=@-]{1,128}$/

/** The caller's `x-request-id` if it is safe, otherwise a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const id = headers['x-request-id']
  return safeRequestId(typeof id === 'string' ? id : '')
}

/** The id if it is safe, otherwise a new one. */
export function safeRequestId(id: string): string {
  return SAFE_REQUEST_ID.test(id) ? id : randomUUID()
}
