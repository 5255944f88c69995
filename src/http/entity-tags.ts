/** Entity tags, and the conditions of a read (RFC 9110, sections 8.8.3 and 13.1). */
import type { IncomingHttpHeaders } from 'node:http'

/** Whether the caller has what has this tag already: `If-None-Match`, by weak comparison (section 13.1.2). */
export function isKnown(tag: string, { 'if-none-match': tags }: IncomingHttpHeaders): boolean {
  // With its quotes it can stand there only as a whole tag.
  return tags !== undefined && (tags.trim() === '*' || tags.includes(tag))
}

/** Whether the caller wants what has another tag: `If-Match`, by strong comparison (section 13.1.1). */
export function isOther(tag: string, { 'if-match': tags }: IncomingHttpHeaders): boolean {
  return tags !== undefined && tags.trim() !== '*' && !tags.split(',').some((one) => one.trim() === tag)
}
