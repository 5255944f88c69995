/** Counting over all pages of a Query or a Scan. */
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { translateAnswer } from '../items/answer.js'
import { shapeOf } from '../items/shape.js'
import { OPEN_BRACKET } from '../json/character-codes.js'
import { atOnce } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { elements } from '../json/parts.js'
import { ConsumedCapacity } from '../storage/batch/consumed-capacity.js'
import { countPages, countSegments } from '../storage/pages/count-items.js'
import { type DynamoDBRequest, jsonOf, type Parameter, serialize } from '../storage/request.js'
import type { Call, Route } from './call.js'
import { type BodySchema, createPageRequest, pageOperationOf } from './page-body.js'
import { tokenOf } from './page-position.js'
import { stopAt } from './read-items.js'
import { apiRoute, jsonAnswer } from './serve.js'

interface Counted {
  readonly count: number
  readonly scannedCount: number
  /** Where to go on: a key, or an array with the position of each segment; undefined if everything is counted. */
  readonly position: Json | undefined
  readonly consumedCapacity: Parameter
}

export function countRoute(
  path: `/v1/${string}`,
  schema: DescribedRoute & { readonly body: BodySchema },
): Route {
  const answerShape = shapeOf(schema.response[200] ?? schema.body)
  return apiRoute<Counted>({
    method: 'POST',
    path,
    schema,
    operation: 'Scan',
    operationFor: pageOperationOf,
    request: createPageRequest(schema.body, 'count'),
    send: count,
    answer: (call, { count, scannedCount, position, consumedCapacity }, request) => {
      const output = serialize({
        Count: count,
        ScannedCount: scannedCount,
        NextPageToken: position && tokenOf(call, 'count', request, position),
        ConsumedCapacity: consumedCapacity,
      })
      return jsonAnswer(call, 200, atOnce(translateAnswer(output, answerShape, call.representation)).json)
    },
  })
}

/** @param request whose `ExclusiveStartKey` may be an array: the positions of a count in segments */
async function count(call: Call, request: DynamoDBRequest): Promise<Counted> {
  const { limits, services } = call
  const { send } = services.storage
  const consumed = new ConsumedCapacity()
  const context = { send, limits, stopAt: stopAt(call), consumed }
  const operation = pageOperationOf(call)
  const { ExclusiveStartKey: start, ...whole } = request
  const positions = Buffer.isBuffer(start) && start[0] === OPEN_BRACKET ? elements(start) : undefined
  const inSegments = operation === 'Scan' && whole['TotalSegments'] === undefined
  if (!inSegments || (start !== undefined && positions === undefined)) {
    const counted = await countPages(operation, request, context)
    return { ...counted, consumedCapacity: consumed.ofOneTable() }
  }
  const { positions: left, ...counted } = await countSegments(
    whole,
    positions?.map((position) => (position.equals(NULL) ? undefined : position)),
    context,
  )
  const position = left && jsonOf(left.map((position) => position ?? null))
  return { ...counted, position, consumedCapacity: consumed.ofOneTable() }
}

const NULL = Buffer.from('null')
