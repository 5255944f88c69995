import { EMPTY_ARRAY, type Json, parse } from '../../json/json.js'
import { arrayOf, elements, members, objectOf } from '../../json/parts.js'
import { asAnswerError } from '../errors.js'
import type { Page } from './pages.js'

/** DynamoDB's answer to a Query or a Scan, without its items. */
export interface CountedPage extends Page {
  /** The number of items that passed the filter. */
  readonly count: number
  /** The number of items that were read. */
  readonly scannedCount: number
  /** All members of the answer. */
  readonly members: ReadonlyMap<string, Json>
}

/**
 * Reads DynamoDB's answer to a Query or a Scan.
 * @throws AnswerError if it is not such an answer
 */
export function readCounts(answer: Json): CountedPage {
  try {
    const found = members(answer)
    return {
      count: numberIn(found, 'Count'),
      scannedCount: numberIn(found, 'ScannedCount'),
      lastEvaluatedKey: found.get('LastEvaluatedKey'),
      members: found,
    }
  } catch (error) {
    throw asAnswerError(error)
  }
}

function numberIn(found: ReadonlyMap<string, Json>, name: string): number {
  const value = found.get(name)
  return value === undefined ? 0 : Number(parse(value))
}

/**
 * DynamoDB's answer to a Query or a Scan, as if it had no more than so many items in all: it is the last page if it has
 * them all.
 * @throws AnswerError if it is not such an answer
 */
export function firstItems(answer: Json, limit: number): Json {
  const { count, members } = readCounts(answer)
  if (count < limit) return answer
  try {
    const items = elements(members.get('Items') ?? EMPTY_ARRAY).slice(0, limit)
    return objectOf([['Items', arrayOf(items)]])
  } catch (error) {
    throw asAnswerError(error)
  }
}
