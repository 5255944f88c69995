/** Entity tags and the preconditions of requests (RFC 9110, sections 8.8.3 and 13.1). */
import type { IncomingHttpHeaders } from 'node:http'
import { ProblemError } from '../problem/problem-error.js'

/** A tag of an answer in a content coding: other bytes have another strong tag (RFC 9110, section 8.8.3.3). */
export function tagIn(tag: string, coding: string): string {
  return tag.startsWith('"') ? `${tag.slice(0, -1)}-${coding}"` : tag
}

/** The tags of {@link tagIn} are those of one version, whatever its coding. */
function withoutCodings(tags: string): string {
  return tags.includes('-') ? tags.replaceAll(/-(?:gzip|zstd)"/g, '"') : tags
}

/** `If-None-Match` of a read: whether the caller already has the current version (weak comparison, section 13.1.2). */
export function isCurrent(tag: string, { 'if-none-match': tags }: IncomingHttpHeaders): boolean {
  // With its quotes, a tag can only occur as a whole.
  return tags !== undefined && (tags.trim() === '*' || withoutCodings(tags).includes(tag))
}

/** `If-Match` of a read: whether the caller wants another version (strong comparison, section 13.1.1). */
export function isOutdated(tag: string, { 'if-match': tags }: IncomingHttpHeaders): boolean {
  return (
    tags !== undefined &&
    tags.trim() !== '*' &&
    !withoutCodings(tags)
      .split(',')
      .some((one) => one.trim() === tag)
  )
}

/** The precondition of a write: that the resource exists, or that it does not. */
export type Precondition = 'exists' | 'absent' | undefined

/**
 * The precondition in the headers of a write: `If-Match: *` or `If-None-Match: *`. Every other one is refused: ignoring
 * it would write where the caller wants nothing written.
 * @throws ProblemError
 */
export function preconditionOf(headers: IncomingHttpHeaders): Precondition {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-unmodified-since': since } = headers
  if (ifMatch !== undefined && ifMatch.trim() !== '*') throw unsupported('if-match', 'must be *')
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') throw unsupported('if-none-match', 'must be *')
  if (since !== undefined) throw unsupported('if-unmodified-since', 'is not supported')
  if (ifMatch === undefined) return ifNoneMatch === undefined ? undefined : 'absent'
  if (ifNoneMatch === undefined) return 'exists'
  throw new ProblemError(
    'InvalidRequest',
    'headers/if-match and headers/if-none-match cannot both be true. Send one of them.',
  )
}

function unsupported(name: string, problem: string): ProblemError {
  return new ProblemError(
    'InvalidRequest',
    `headers/${name} ${problem}: DynamoDB stores neither entity tags nor dates of items. Use a conditionExpression of ` +
      'put, update or delete instead, for example on a version number',
  )
}
