/** Counting over all pages of a Query or a Scan. Nothing but numbers is in memory, whatever the size of the table. */
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import type { CallLimits, Send } from '../call/limits.js'
import type { ConsumedCapacity } from '../batch/consumed-capacity.js'
import type { DynamoDBRequest } from '../request.js'
import { withoutProjection } from './key-projection.js'
import { readCounts } from './page-answer.js'
import { mayPass, type PageOperation, pagesFrom } from './pages.js'

/** The parts of a table that are counted at the same time. */
const SEGMENTS = 8

export interface CountContext {
  readonly send: Send
  readonly limits: CallLimits
  /** See {@link PageOptions.stopAt}. */
  readonly stopAt: number
  /** Collects the capacity that all pages have consumed. */
  readonly consumed: ConsumedCapacity
}

/** How far a count has come. */
export interface Count {
  readonly count: number
  readonly scannedCount: number
  /** Where to go on: a key; undefined if everything is counted. */
  readonly position: Json | undefined
}

/** How far a count of a whole table has come. */
export interface SegmentedCount extends Omit<Count, 'position'> {
  /** Where to go on in each segment: a key, `{}` for its begin, undefined if it is counted. Undefined if all are. */
  readonly positions: readonly (Json | undefined)[] | undefined
}

/**
 * Counts page by page, one at a time.
 * @param request of a Query or a Scan; `ExclusiveStartKey` is where to begin
 * @throws StorageError if the first page fails
 */
export async function countPages(
  operation: PageOperation,
  request: DynamoDBRequest,
  context: CountContext,
): Promise<Count> {
  const { send, limits, stopAt, consumed } = context
  const counting = { ...withoutProjection(request), Select: 'COUNT' }
  const fetch = async (startKey: DynamoDBRequest[string]) =>
    readCounts(await send(operation, { ...counting, ExclusiveStartKey: startKey }, limits))
  let count = 0
  let scannedCount = 0
  let position: Json | undefined
  for await (const page of pagesFrom(await fetch(request['ExclusiveStartKey']), fetch, { stopAt })) {
    count += page.count
    scannedCount += page.scannedCount
    position = page.lastEvaluatedKey
    consumed.add(page.members)
  }
  return { count, scannedCount, position }
}

/**
 * Counts a table or an index in segments, at the same time. One that fits into a page costs one request.
 * @param request of a Scan, without a segment
 * @param positions where to go on, as {@link SegmentedCount.positions} has it; undefined to begin
 * @throws StorageError if no segment gets any further
 */
export async function countSegments(
  request: DynamoDBRequest,
  positions: readonly (Json | undefined)[] | undefined,
  context: CountContext,
): Promise<SegmentedCount> {
  if (positions === undefined) {
    const first = await countPages('Scan', request, { ...context, stopAt: 0 })
    if (first.position === undefined) return { ...first, positions: undefined }
  }
  const starts = positions ?? Array.from({ length: SEGMENTS }, () => EMPTY_OBJECT)
  const failures: unknown[] = []
  const counts = await Promise.all(
    starts.map(async (position, segment): Promise<Count> => {
      if (position === undefined) return { count: 0, scannedCount: 0, position }
      const ExclusiveStartKey = position.equals(EMPTY_OBJECT) ? undefined : position
      const part = { ...request, ExclusiveStartKey, Segment: segment, TotalSegments: starts.length }
      try {
        return await countPages('Scan', part, context)
      } catch (error) {
        if (!mayPass(error)) throw error
        failures.push(error)
        return { count: 0, scannedCount: 0, position }
      }
    }),
  )
  if (failures.length > 0 && failures.length === starts.filter((start) => start !== undefined).length)
    throw failures[0]
  const left = counts.map(({ position }) => position)
  return {
    count: sum(counts.map(({ count }) => count)),
    scannedCount: sum(counts.map(({ scannedCount }) => scannedCount)),
    positions: left.every((position) => position === undefined) ? undefined : left,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
