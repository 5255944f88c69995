/** Collections: the items of a table, of a partition, or of a partition of an index, by GET. */
import { createHash } from 'node:crypto'
import { withItems } from '../items/item-page.js'
import { readKeyValue } from '../items/path-key.js'
import { sortCondition } from '../items/sort-condition.js'
import { EMPTY_OBJECT } from '../json/json.js'
import { Pieces } from '../json/pieces.js'
import { ProblemError } from '../problem/problem-error.js'
import type { PageOperation } from '../storage/pages/pages.js'
import { type DynamoDBRequest, membersOf } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import type { Call } from './call.js'
import { checkStream, sendItemStream } from './item-stream.js'
import { startingAt, tokenOf } from './page-position.js'
import { type ItemsRead, readItems, streamLimit } from './read-items.js'
import { answerVersion, checkQuery, forbidCaching, readParameters } from './read-resource.js'
import type { AnswerBody } from './serve.js'

/** Of an answer that is one JSON value. */
const STANDARD_LIMIT = 100
const GREATEST_LIMIT = 1000

/** The Scan of a table. */
export function scanRequest(call: Call): DynamoDBRequest {
  forbidCaching(call.reply)
  return collectionRequest(call, {})
}

/**
 * The Query of a partition of a table, or of an index.
 * @param keySchema of the table, or of the index
 * @throws KeyMismatchError if it cannot have such a partition or such sort keys
 */
export function queryRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  forbidCaching(call.reply)
  checkQuery(call.request)
  const { params, query } = call.request
  const [partitionKey, sortKey] = keySchema
  if (partitionKey === undefined) throw new Error('a key schema is empty')
  const partition = readKeyValue(params['partitionKey'] ?? '', partitionKey, 'params/partitionKey')
  const sort = sortCondition(query, sortKey)
  const values = [[':p', partition] as const, ...sort.values].map(([name, value]) => `"${name}":${value}`)
  return collectionRequest(call, {
    IndexName: params['index'],
    KeyConditionExpression: `#p = :p${sort.expression}`,
    ExpressionAttributeNames: {
      '#p': partitionKey.name,
      ...(sort.values.length > 0 && { '#s': sortKey?.name }),
    },
    ExpressionAttributeValues: Buffer.from(`{${values.join(',')}}`),
    ScanIndexForward: query['order'] === 'desc' ? false : undefined,
  })
}

/** @param chosen which items are read */
function collectionRequest(call: Call, chosen: DynamoDBRequest): DynamoDBRequest {
  const { request, stream } = call
  checkStream(call, {})
  const parameters = readParameters(request)
  const names = [chosen, parameters].flatMap(({ ExpressionAttributeNames }) => [
    ...membersOf(ExpressionAttributeNames),
  ])
  const reading = {
    TableName: request.params['table'],
    ...chosen,
    ...parameters,
    ExpressionAttributeNames: names.length === 0 ? undefined : Object.fromEntries(names),
  }
  const starting = startingAt(call, 'read', reading, request.query['pageToken'], 'querystring/pageToken')
  const limit = limitOf(call)
  return stream === undefined || limit === Infinity ? starting : streamLimit(starting, limit)
}

/** @throws ProblemError if one JSON value must not have as many items */
function limitOf({ request: { query }, stream }: Call): number {
  const { limit } = query
  if (limit === undefined) return stream === undefined ? STANDARD_LIMIT : Infinity
  if (stream === undefined && Number(limit) > GREATEST_LIMIT) {
    throw new ProblemError(
      'InvalidRequest',
      `querystring/limit must be at most ${GREATEST_LIMIT}, unless the answer is a stream, such as application/x-ndjson`,
    )
  }
  return Number(limit)
}

/** Reads all items of an answer that is one JSON value, or the first page of a stream. */
export function sendCollection(
  call: Call,
  operation: PageOperation,
  request: DynamoDBRequest,
): Promise<Pieces | ItemsRead> {
  return call.stream === undefined
    ? readItems(call, operation, request, limitOf(call))
    : call.services.storage.answer(operation, request, call.limits)
}

export function answerCollection(
  call: Call,
  operation: PageOperation,
  output: Pieces | ItemsRead,
  request: DynamoDBRequest,
): AnswerBody | Promise<AnswerBody> {
  const { reply, stream, request: asked } = call
  if (output instanceof Pieces) {
    if (stream === undefined) throw new Error('the answer is no stream')
    // An answer to HEAD has no pages.
    const first = asked.method === 'HEAD' ? EMPTY_OBJECT : output.whole
    return sendItemStream(call, stream, operation, request, first, limitOf(call))
  }
  const { lists, count, lastEvaluatedKey } = output
  const nextPageToken = lastEvaluatedKey && tokenOf(call, 'read', request, lastEvaluatedKey)
  if (nextPageToken !== undefined) reply.header('link', `<${nextPage(asked.url, nextPageToken)}>; rel="next"`)
  const page = withItems(lists, Buffer.from(JSON.stringify({ count, nextPageToken })))
  // Two tokens of one position differ. So equal pages are not equal bytes, and their entity tag is weak.
  const content = lists.reduce((hash, list) => hash.update(list).update(','), createHash('sha1'))
  const tag = content.update(lastEvaluatedKey ?? '').digest('base64url')
  return answerVersion(call, page, `W/"${tag}"`)
}

/** Relative, so that it holds behind a proxy that changes the path (RFC 3986, section 4.2). */
function nextPage(url: string, token: string): string {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : ''
  const parameters = new URLSearchParams(query)
  parameters.set('pageToken', token)
  return `?${parameters.toString()}`
}
