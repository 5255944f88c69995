/**
 * `GET /v1/tables/{table}/items/{partitionKey}`: an item in a table without a sort key, and the items of a partition in one
 * with a sort key.
 */
import { MEDIA_TYPES } from '../items/representation.js'
import { Pieces } from '../json/pieces.js'
import { ProblemError } from '../problem/problem-error.js'
import { KeyMismatchError } from '../storage/errors.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import type { Call } from './call.js'
import { answerCollection, queryRequest, sendCollection } from './collection.js'
import { answerGet, getRequest } from './item-resource.js'
import type { ItemsRead } from './read-items.js'
import { forbidCaching } from './read-resource.js'
import type { AnswerBody } from './serve.js'

/** The query parameters of an item; those of a collection have no meaning there. */
const OF_AN_ITEM = new Set(['consistentRead', 'projection'])

const isItem = (keySchema: KeySchema) => keySchema.length === 1

export function partitionOperation(_call: Call, keySchema: KeySchema): 'GetItem' | 'Query' {
  return isItem(keySchema) ? 'GetItem' : 'Query'
}

export function partitionRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  if (!isItem(keySchema)) return queryRequest(call, keySchema)
  forbidCaching(call.reply)
  const others = Object.keys(call.request.query).filter((name) => !OF_AN_ITEM.has(name))
  if (others.length > 0) {
    const names = others.map((name) => `querystring/${name}`).join(' and ')
    throw new KeyMismatchError(`${names}: the table has no sort key, so this is the URL of one item`)
  }
  if (call.stream !== undefined) {
    throw new ProblemError(
      'NotAcceptable',
      `Accept must allow ${MEDIA_TYPES.join(' or ')}: the table has no sort key, so this is the URL of one item.`,
    )
  }
  return getRequest(call, keySchema)
}

export function sendPartition(call: Call, request: DynamoDBRequest): Promise<Pieces | ItemsRead> {
  return 'Key' in request
    ? call.services.storage.answer('GetItem', request, call.limits)
    : sendCollection(call, 'Query', request)
}

export function answerPartition(
  call: Call,
  output: Pieces | ItemsRead,
  request: DynamoDBRequest,
): AnswerBody | Promise<AnswerBody> {
  return 'Key' in request && output instanceof Pieces
    ? answerGet(call, output)
    : answerCollection(call, 'Query', output, request)
}
