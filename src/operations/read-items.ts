/** A given number of items of a Query or a Scan, from as many pages as that takes. */
import { readItemPage } from '../items/item-page.js'
import type { Json } from '../json/json.js'
import { ConsumedCapacity } from '../storage/batch/consumed-capacity.js'
import { withKeyProjected } from '../storage/pages/key-projection.js'
import { type PageOperation, pagesFrom } from '../storage/pages/pages.js'
import { positionOf } from '../storage/pages/position.js'
import { type DynamoDBRequest, type Parameter, textOf } from '../storage/request.js'
import type { Call } from './call.js'

/** Once the items have this size, no further page is read: the memory of an answer must not depend on the limit. */
const FULL_BYTES = 4 * 1024 * 1024
/** Of a filtered page: the fewest items that are read for one that may pass, and how much more on each further page. */
const FIRST_FILTERED = 100
const GROWTH = 4
/** A page of 1 MB hardly ever has more items. */
const MOST_FILTERED = 1_000_000

export interface ItemsRead {
  /** As the caller gets them: non-empty lists of items, each without its brackets. */
  readonly lists: readonly Json[]
  readonly count: number
  /** The number of items that were read, before the filter. */
  readonly scannedCount: number
  /** Behind the last item; undefined if there are no more. */
  readonly lastEvaluatedKey: Json | undefined
  readonly consumedCapacity: Parameter
}

/** When a request begins no further page: after half of its time, on the clock of `performance.now()`. */
export function stopAt({ limits, services: { config } }: Call): number {
  return limits.deadline - config.requestTimeoutMs / 2
}

/**
 * Reads on until there are so many items, the data end, half of the time of the request is used up, or the items have
 * 4 MiB. DynamoDB may return more items than that on a page; those behind the last one are left for the next read.
 * @param limit the most items
 */
export async function readItems(
  call: Call,
  operation: PageOperation,
  request: DynamoDBRequest,
  limit: number,
): Promise<ItemsRead> {
  const { representation, limits, services } = call
  const { storage } = services
  const table = textOf(request['TableName']) ?? ''
  const names = await storage.positionNames(table, textOf(request['IndexName']), limits)
  const { request: reading, added: leaveOut } = withKeyProjected(request, names)

  const lists: Json[] = []
  const consumed = new ConsumedCapacity()
  let [pages, bytes, count, scannedCount] = [0, 0, 0, 0]
  let lastEvaluatedKey: Json | undefined
  const fetch = async (startKey: Parameter) => {
    const Limit = pageLimit(request, limit - count, pages++)
    const answer = await storage.answer(operation, { ...reading, ExclusiveStartKey: startKey, Limit }, limits)
    return readItemPage(answer, { representation, limit: limit - count, leaveOut })
  }

  for await (const page of pagesFrom(await fetch(request['ExclusiveStartKey']), fetch, {
    stopAt: stopAt(call),
  })) {
    if (page.count > 0) lists.push(page.items)
    bytes += page.items.length
    count += page.count
    scannedCount += page.scannedCount
    lastEvaluatedKey =
      page.cutBehind === undefined ? page.lastEvaluatedKey : positionOf(page.cutBehind, names)
    if (page.consumedCapacity !== undefined)
      consumed.add(new Map([['ConsumedCapacity', page.consumedCapacity]]))
    if (count === limit || bytes >= FULL_BYTES) break
  }
  return { lists, count, scannedCount, lastEvaluatedKey, consumedCapacity: consumed.ofOneTable() }
}

/**
 * How many items DynamoDB reads for a page. Without a filter it is one more than are wanted, which tells whether there are
 * more. With one, pages begin small, since many items may pass, and grow, since few may.
 * @param pages that were read before
 */
function pageLimit({ Limit, FilterExpression }: DynamoDBRequest, wanted: number, pages: number): Parameter {
  if (Limit !== undefined) return Limit
  if (FilterExpression === undefined) return wanted + 1
  const most = Math.max(wanted + 1, FIRST_FILTERED) * GROWTH ** pages
  return most > MOST_FILTERED ? undefined : most
}

/** The request for the pages of a stream that ends after so many items. */
export function streamLimit(request: DynamoDBRequest, wanted: number): DynamoDBRequest {
  const { Limit, FilterExpression } = request
  return Limit === undefined && FilterExpression === undefined ? { ...request, Limit: wanted } : request
}
