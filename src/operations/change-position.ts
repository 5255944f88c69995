/**
 * The ids of changes: positions of the storage layer, as texts that callers send back. With `PAGE_TOKEN_SECRET` they are
 * encrypted as page tokens are, so that a tenant can neither see in one how much others write, nor make one.
 */
import { ProblemError } from '../problem/problem-error.js'
import type { Call } from './call.js'

/** Which changes a subscriber asks for may differ each time, so a position belongs to the table alone. */
function bindingOf(table: string): string {
  return JSON.stringify(['changes', table])
}

/** The id that callers get for a position. */
export function idOfPosition({ services: { pageTokens } }: Call, table: string, position: string): string {
  return pageTokens.areSecret ? pageTokens.create(Buffer.from(position), bindingOf(table)) : position
}

/**
 * The position in `Last-Event-ID` or `after`; undefined if the request has none.
 * @throws ProblemError if it is not one of this table
 */
export function positionAsked(call: Call, table: string): string | undefined {
  const { id } = idAsked(call)
  const { pageTokens } = call.services
  if (id === undefined || !pageTokens.areSecret) return id
  const position = pageTokens.positionIn(id, bindingOf(table))
  if (position === undefined) throw invalidPosition(call)
  return position.toString()
}

/** The problem for an id that is not a position. */
export function invalidPosition(call: Call, cause?: Error): ProblemError {
  const { where } = idAsked(call)
  return new ProblemError('InvalidPosition', `${where} is not the id of a change of this table.`, { cause })
}

/** The header wins: an EventSource that connects again sends it to the same URL, whatever that says of the beginning. */
function idAsked({ request: { headers, query } }: Call) {
  const last = headers['last-event-id']
  return typeof last === 'string' && last !== ''
    ? { id: last, where: 'headers/last-event-id' }
    : { id: query['after'], where: 'querystring/after' }
}
