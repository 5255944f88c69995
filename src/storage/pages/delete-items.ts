/**
 * Deleting what a Query or a Scan finds: the keys of a page are read, deleted in requests of 25, and then those of the next
 * page. No more than a page of keys is in memory.
 */
import { EMPTY_ARRAY, EMPTY_OBJECT, type Json } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import { requestItemsOf, WRITES_IN_A_REQUEST } from '../batch/batch-write.js'
import { type BatchContext, type BatchOutcome, type Entry, sendAll, toStorageError } from '../batch/chunks.js'
import { asAnswerError, DeleteIncompleteError } from '../errors.js'
import { type DynamoDBRequest, serialize, textOf } from '../request.js'
import { projectingOnly } from './key-projection.js'
import { readCounts } from './page-answer.js'
import { mayPass, type PageOperation, pagesFrom } from './pages.js'
import { positionOf } from './position.js'

/** After so many deletes it is looked at the time, and they are what is listed at most if DynamoDB stops taking them. */
const DELETES_AT_A_TIME = 500

export interface DeleteContext extends BatchContext {
  /** The names of the attributes of the table's key. */
  readonly keyNames: readonly string[]
  /** Those of a position: the table's key, and that of the index. */
  readonly positionNames: readonly string[]
  /** No more is read and deleted after this, on the clock of `performance.now()`. */
  readonly stopAt: number
}

export interface Deleted {
  readonly deleted: number
  /** Where to go on; undefined if everything is deleted. */
  readonly position: Json | undefined
}

/**
 * Deletes at most so many items.
 * @param request of a Query or a Scan; `ExclusiveStartKey` is where to begin
 * @throws StorageError if the first page fails
 * @throws DeleteIncompleteError with the deletes that are not confirmed; without any, if a later page is refused for good
 */
export async function deleteItems(
  operation: PageOperation,
  request: DynamoDBRequest,
  maxItems: number,
  context: DeleteContext,
): Promise<Deleted> {
  const { send, limits, stopAt, positionNames } = context
  const table = textOf(request['TableName']) ?? ''
  const reading = projectingOnly(request, positionNames)
  let deleted = 0
  let position: Json | undefined

  const fetch = async (startKey: DynamoDBRequest[string]) => {
    const next = { ...reading, ExclusiveStartKey: startKey, Limit: limitOf(request, maxItems - deleted) }
    return readKeys(await send(operation, next, limits))
  }
  const fetchNext = async (startKey: Json) => {
    try {
      return await fetch(startKey)
    } catch (error) {
      if (mayPass(error)) throw error
      const outcome = {
        unprocessed: [],
        maybeApplied: [],
        error: toStorageError(error, operation, request),
      }
      throw new DeleteIncompleteError(outcome, EMPTY_OBJECT, { deleted, position })
    }
  }
  const isOver = () => deleted === maxItems || performance.now() >= stopAt

  for await (const page of pagesFrom(await fetch(request['ExclusiveStartKey']), fetchNext, { stopAt })) {
    if (page.keys.length === 0) position = page.lastEvaluatedKey
    for (let start = 0; start < page.keys.length;) {
      const end = Math.min(start + DELETES_AT_A_TIME, start + maxItems - deleted, page.keys.length)
      const some = page.keys.slice(start, end)
      const outcome = await sendDeletes(table, some, context)
      deleted += some.length - outcome.unprocessed.length
      // Behind the last item of the page, the page itself knows where to go on.
      position = end < page.keys.length ? some.at(-1) : page.lastEvaluatedKey
      if (outcome.unprocessed.length > 0) {
        const output = serialize({ UnprocessedItems: requestItemsOf(outcome.unprocessed) })
        throw new DeleteIncompleteError(outcome, output, { deleted, position })
      }
      if (isOver()) break
      start = end
    }
    if (isOver()) break
  }
  return { deleted, position }
}

/** One item more than are to be deleted tells whether there are more. With a filter, DynamoDB counts before it. */
function limitOf({ Limit, FilterExpression }: DynamoDBRequest, wanted: number): DynamoDBRequest[string] {
  return FilterExpression === undefined && Limit === undefined ? wanted + 1 : Limit
}

/** The keys of a page: its items, of which only keys were asked for. */
function readKeys(answer: Json) {
  const page = readCounts(answer)
  try {
    return { ...page, keys: elements(page.members.get('Items') ?? EMPTY_ARRAY) }
  } catch (error) {
    throw asAnswerError(error)
  }
}

/** @param keys each may have the attributes of an index, too */
function sendDeletes(table: string, keys: readonly Json[], context: DeleteContext): Promise<BatchOutcome> {
  const entries: Entry[] = keys.map((key) => ({
    table,
    value: { DeleteRequest: { Key: positionOf(key, context.keyNames) } },
  }))
  return sendAll(
    entries,
    {
      operation: 'BatchWriteItem',
      size: WRITES_IN_A_REQUEST,
      requestFor: (some) => ({ RequestItems: requestItemsOf(some) }),
      unprocessedIn: (answer) =>
        [...members(members(answer).get('UnprocessedItems') ?? EMPTY_OBJECT).values()].flatMap((writes) =>
          elements(writes).map((value) => ({ table, value })),
        ),
    },
    context,
  )
}
