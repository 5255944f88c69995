/** One item as a resource, with the methods of HTTP: the key is in the URL, and the item is the body. */
import { hash } from 'node:crypto'
import { type Precondition, preconditionOf } from '../http/entity-tags.js'
import { itemIn } from '../items/answer.js'
import { keyJson, type PathKey, readPathKey, withKey } from '../items/path-key.js'
import type { Pieces } from '../json/pieces.js'
import { ProblemError } from '../problem/problem-error.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import type { ApiRequest, Call } from './call.js'
import { answerVersion, forbidCaching, readParameters } from './read-resource.js'
import type { AnswerBody } from './serve.js'
import { sendSingleWrite } from './single-write.js'

export function getRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  const { request, reply } = call
  forbidCaching(reply)
  return {
    ...readParameters(request),
    ...keyRequest(call, keySchema),
  }
}

export function answerGet(call: Call, output: Pieces): AnswerBody {
  const item = itemIn(output, 'Item', call.representation)
  if (item === undefined) throw new ProblemError('ItemNotFound', 'No item has this key.')
  return answerVersion(call, item, `"${hash('sha1', item, 'base64url')}"`)
}

export function putRequest({ request, body }: Call, keySchema: KeySchema): DynamoDBRequest {
  const { headers, params } = request
  if (!Buffer.isBuffer(body)) throw new ProblemError('InvalidRequest', 'body must be the item')
  if (headers['content-range'] !== undefined) {
    throw new ProblemError('InvalidRequest', 'headers/content-range: an item can only be written as a whole')
  }
  const precondition = preconditionOf(headers)
  return {
    TableName: params['table'],
    ...conditionParameters(precondition, keySchema),
    Item: withKey(body, readPathKey(pathKeyOf(request), keySchema)),
  }
}

const sendConditionalPut = sendSingleWrite('PutItem')

export async function sendPut(call: Call, input: DynamoDBRequest): Promise<keyof typeof PUT_STATUS> {
  const { request, limits, idempotencyKey, services } = call
  const precondition = preconditionOf(request.headers)
  if (precondition === undefined && idempotencyKey === undefined) {
    return services.storage.putItem(input, limits)
  }
  await sendConditionalPut(call, input)
  if (idempotencyKey !== undefined) return 'written'
  return precondition === 'exists' ? 'replaced' : 'created'
}

/** RFC 9110, section 9.3.4; 200 where a lost answer of DynamoDB, or a transaction, leaves it open. */
const PUT_STATUS = { created: 201, replaced: 204, written: 200 } as const

export function answerPut({ reply }: Call, outcome: keyof typeof PUT_STATUS): AnswerBody {
  reply.code(PUT_STATUS[outcome])
  return undefined
}

export function deleteRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  const precondition = preconditionOf(call.request.headers)
  if (precondition === 'absent') {
    throw new ProblemError(
      'InvalidRequest',
      'headers/if-none-match: an item that does not exist cannot be deleted',
    )
  }
  return { ...conditionParameters(precondition, keySchema), ...keyRequest(call, keySchema) }
}

export function answerDelete({ reply }: Call): AnswerBody {
  reply.code(204)
  return undefined
}

/** The table and the key in the URL, as parameters of a request about one item. */
export function keyRequest({ request }: Call, keySchema: KeySchema): DynamoDBRequest {
  return {
    TableName: request.params['table'],
    Key: Buffer.from(keyJson(readPathKey(pathKeyOf(request), keySchema))),
  }
}

function pathKeyOf({ params: { partitionKey = '', sortKey } }: ApiRequest): PathKey {
  return sortKey === undefined ? { partitionKey } : { partitionKey, sortKey }
}

/** The precondition as a condition expression. Every item has its partition key, so that attribute represents the item. */
function conditionParameters(precondition: Precondition, [partitionKey]: KeySchema): DynamoDBRequest {
  if (precondition === undefined) return {}
  return {
    ConditionExpression: precondition === 'exists' ? 'attribute_exists(#key)' : 'attribute_not_exists(#key)',
    ExpressionAttributeNames: { '#key': partitionKey?.name },
  }
}
