/** Where a read begins: `exclusiveStartKey`, or a page token of this very read. */
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'
import { type DynamoDBRequest, jsonOf, membersOf, textOf } from '../storage/request.js'
import { keyOfItem } from '../storage/tables/keys.js'
import type { Call } from './call.js'

/** What pages are read for. A position of one is none of another. */
export type Purpose = 'read' | 'count' | 'delete'

/**
 * What a page token belongs to: the table, the index, the key condition and its values, and the segment, as the request
 * has them. The filter, the projection and the limit may change from page to page.
 */
export function bindingOf(purpose: Purpose, request: DynamoDBRequest): string {
  const { TableName, IndexName, KeyConditionExpression, Segment, TotalSegments } = request
  const { ExpressionAttributeNames, ExpressionAttributeValues } = request
  const condition = textOf(KeyConditionExpression)
  const placeholders = [...new Set(condition?.match(/[#:]\w+/g))].sort()
  const names = new Map(membersOf(ExpressionAttributeNames))
  const values = ExpressionAttributeValues && jsonOf(ExpressionAttributeValues)
  return JSON.stringify([
    purpose,
    textOf(TableName),
    textOf(IndexName),
    condition,
    placeholders.map((placeholder) =>
      placeholder.startsWith('#')
        ? textOf(names.get(placeholder))
        : values && keyOfItem(values, [placeholder]),
    ),
    Segment,
    TotalSegments,
  ])
}

/**
 * The request, beginning where the page token says.
 * @param token of the page before; undefined to begin where the request does
 * @param where the token is, such as `body/pageToken`
 * @throws ProblemError if it is not a token of this read
 */
export function startingAt(
  { services: { pageTokens } }: Call,
  purpose: Purpose,
  request: DynamoDBRequest,
  token: unknown,
  where: string,
): DynamoDBRequest {
  if (typeof token !== 'string') return request
  if (request['ExclusiveStartKey'] !== undefined) {
    throw new ProblemError(
      'InvalidRequest',
      'body/pageToken and body/exclusiveStartKey both say where to begin. Send only one of them.',
    )
  }
  return { ...request, ExclusiveStartKey: pageTokens.open(token, bindingOf(purpose, request), where) }
}

/** The token of a position in a read. */
export function tokenOf(
  { services: { pageTokens } }: Call,
  purpose: Purpose,
  request: DynamoDBRequest,
  position: Json,
): string {
  return pageTokens.create(position, bindingOf(purpose, request))
}
