/** Query and Scan as operations: one page, the pages that have a given number of items, or every page as a stream. */
import * as Type from 'typebox'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { translateAnswer } from '../items/answer.js'
import { withItems } from '../items/item-page.js'
import { shapeOf } from '../items/shape.js'
import { inSlices } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { Pieces } from '../json/pieces.js'
import { ProblemError } from '../problem/problem-error.js'
import type { PageOperation } from '../storage/pages/pages.js'
import { serialize } from '../storage/request.js'
import type { Call, Route } from './call.js'
import { checkStream, sendItemStream } from './item-stream.js'
import { type BodySchema, createPageRequest, fieldIn, numberIn } from './page-body.js'
import { tokenOf } from './page-position.js'
import { type ItemsRead, readItems, streamLimit } from './read-items.js'
import { apiRoute, jsonAnswer } from './serve.js'

interface PageOperationRoute {
  readonly path: `/v1/${string}`
  readonly schema: DescribedRoute & { readonly body: BodySchema }
  readonly operation: PageOperation
}

/** The route of a Query or a Scan. */
export function pageOperation({ path, schema, operation }: PageOperationRoute): Route {
  const requestOf = createPageRequest(schema.body, 'read')
  const answerShape = shapeOf(schema.response[200] ?? Type.Object({}))

  return apiRoute<Pieces | ItemsRead>({
    method: 'POST',
    path,
    schema,
    operation,
    request: (call) => {
      const { stream } = call
      checkStream(call, call.body ?? {})
      const itemLimit = itemLimitOf(call)
      const request = requestOf(call)
      return stream === undefined || itemLimit === undefined ? request : streamLimit(request, itemLimit)
    },
    send: (call, request) => {
      const itemLimit = itemLimitOf(call)
      return itemLimit === undefined || call.stream !== undefined
        ? call.services.storage.answer(operation, request, call.limits)
        : readItems(call, operation, request, itemLimit)
    },
    answer: (call, output, request) => {
      const { stream, representation } = call
      const { lists, page } = output instanceof Pieces ? { lists: undefined, page: output } : pageOf(output)
      if (stream !== undefined) {
        return sendItemStream(call, stream, operation, request, page.whole, itemLimitOf(call))
      }
      const pageToken = (position: Json) => tokenOf(call, 'read', request, position)
      const translated = inSlices(translateAnswer(page, answerShape, representation, pageToken))
      const finish = ({ json }: { readonly json: Json }) =>
        jsonAnswer(call, 200, lists === undefined ? json : withItems(lists, json))
      return translated instanceof Promise ? translated.then(finish) : finish(translated)
    },
  })
}

/** @throws ProblemError if the body asks for items, and for none */
function itemLimitOf(call: Call): number | undefined {
  const itemLimit = numberIn(call, 'itemLimit')
  if (itemLimit === undefined || fieldIn(call, 'select') !== 'COUNT') return itemLimit
  throw new ProblemError(
    'InvalidRequest',
    'body/itemLimit and the select COUNT exclude each other. The operation count counts all pages',
  )
}

/** What was read as one page of DynamoDB's, without its items. */
function pageOf({ lists, ...read }: ItemsRead) {
  const { count: Count, scannedCount: ScannedCount } = read
  const { lastEvaluatedKey: LastEvaluatedKey, consumedCapacity: ConsumedCapacity } = read
  const rest = serialize({ Count, ScannedCount, LastEvaluatedKey, ConsumedCapacity })
  return { lists, page: new Pieces([rest]) }
}
