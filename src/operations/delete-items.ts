/** Deleting what a Query or a Scan finds. */
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { batchProblem } from '../problem/batch-problem.js'
import { DeleteIncompleteError } from '../storage/errors.js'
import { targetsOf } from '../storage/operations.js'
import type { Target } from '../storage/targets.js'
import type { Deleted } from '../storage/pages/delete-items.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { Call, Route } from './call.js'
import { type BodySchema, createPageRequest, numberIn, pageOperationOf } from './page-body.js'
import { tokenOf } from './page-position.js'
import { stopAt } from './read-items.js'
import { apiRoute, jsonAnswer } from './serve.js'

export function deleteItemsRoute(
  path: `/v1/${string}`,
  schema: DescribedRoute & { readonly body: BodySchema },
): Route {
  return apiRoute<Deleted>({
    method: 'POST',
    path,
    schema,
    // Its effect. The request that is permitted and authorized is that of the Query or the Scan.
    operation: 'BatchWriteItem',
    request: createPageRequest(schema.body, 'delete'),
    targets,
    send: deleteItems,
    answer: (call, { deleted, position }, request) => {
      const nextPageToken = position && tokenOf(call, 'delete', request, position)
      return jsonAnswer(call, 200, Buffer.from(JSON.stringify({ deleted, nextPageToken })))
    },
  })
}

/** What is read is deleted, too. */
function targets(call: Call, request: DynamoDBRequest): readonly Target[] {
  const read = targetsOf(pageOperationOf(call), request)
  return [...read, ...read.map((target): Target => ({ ...target, action: 'DeleteItem' }))]
}

async function deleteItems(call: Call, request: DynamoDBRequest): Promise<Deleted> {
  const { limits, representation, services } = call
  const most = { maxItems: numberIn(call, 'maxItems') ?? 0, stopAt: stopAt(call) }
  try {
    return await services.storage.deleteItems(pageOperationOf(call), request, most, limits)
  } catch (error) {
    if (!(error instanceof DeleteIncompleteError)) throw error
    const { deleted, position } = error
    const problem = batchProblem(error, representation)
    problem.members.set('deleted', Buffer.from(String(deleted)))
    if (position !== undefined) {
      const token = tokenOf(call, 'delete', request, position)
      problem.members.set('nextPageToken', Buffer.from(JSON.stringify(token)))
    }
    throw problem
  }
}
