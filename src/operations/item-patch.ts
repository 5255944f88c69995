/** `PATCH` of the URL of an item: a JSON Merge Patch (RFC 7396). */
import { preconditionOf } from '../http/entity-tags.js'
import { itemIn } from '../items/answer.js'
import { withoutKey } from '../items/path-key.js'
import { members } from '../json/parts.js'
import { Pieces } from '../json/pieces.js'
import { ProblemError } from '../problem/problem-error.js'
import { AnswerError } from '../storage/errors.js'
import { readPatch } from '../storage/patch/patch.js'
import { patchItem, type PatchedItem } from '../storage/patch/patch-item.js'
import { fitsOneUpdate } from '../storage/patch/update-parameters.js'
import { type DynamoDBRequest, jsonOf } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import type { Call } from './call.js'
import { keyRequest } from './item-resource.js'
import { type AnswerBody, jsonAnswer } from './serve.js'

/** `ReturnValues` tells access control that the answer has the item: it takes the right to read it. */
export function patchRequest(call: Call, keySchema: KeySchema): DynamoDBRequest {
  return { ...keyRequest(call, keySchema), ReturnValues: 'ALL_NEW' }
}

export async function sendPatch(call: Call, { TableName, Key }: DynamoDBRequest): Promise<PatchedItem> {
  const { request, body, limits, services } = call
  if (!Buffer.isBuffer(body)) throw new ProblemError('InvalidRequest', 'body must be the patch')
  const precondition = preconditionOf(request.headers)
  const key = members(jsonOf(Key))
  const [partitionKey = ''] = key.keys()
  const patch = withoutKey(readPatch(body), key)
  if (!fitsOneUpdate(patch, partitionKey)) {
    throw new ProblemError(
      'InvalidRequest',
      `body has ${patch.size} attributes, more than one update of DynamoDB can change. Send it in several patches, or ` +
        'write the whole item with PUT',
    )
  }
  return patchItem({ TableName, Key }, { patch, partitionKey, precondition }, services.storage.send, limits)
}

/** The new item, and 201 if it was created. */
export function answerPatch(call: Call, { created, output }: PatchedItem): AnswerBody {
  const item = itemIn(new Pieces([output]), 'Attributes', call.representation)
  if (item === undefined) throw new AnswerError('DynamoDB did not return the new item')
  return jsonAnswer(call, created ? 201 : 200, item)
}
