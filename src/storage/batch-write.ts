import { elements, EMPTY_OBJECT, type Json, members } from '../json.js'
import { arrayOf, objectOf } from '../json-writer.js'
import {
  asRequested,
  type BatchContext,
  byTable,
  type Entry,
  Metrics,
  refuseTwoNames,
  sendAll,
} from './batch.js'
import { BatchIncompleteError } from './errors.js'
import type { CallLimits } from './operation.js'
import { type KeySchemas, refuseDuplicates } from './key-schema.js'

/** DynamoDB takes so many writes in one BatchWriteItem. */
const WRITES_IN_A_REQUEST = 25

/** BatchWriteItem for any number of writes; see {@link Storage.batchWrite}. */
export async function batchWrite(
  request: Json,
  context: BatchContext,
  keySchemas: KeySchemas,
): Promise<Json> {
  const { RequestItems: requestItems = EMPTY_OBJECT, ...options } = Object.fromEntries(members(request))
  const entries = entriesOf(requestItems)
  const names = [...members(requestItems).keys()]
  refuseTwoNames(names)
  // Within one request DynamoDB finds two writes to one key itself.
  if (entries.length > WRITES_IN_A_REQUEST) {
    for (const [table, writes] of byTable(entries)) {
      refuseDuplicates(table, await keySchemas.keysOf(table, writes, context.limits))
    }
  }

  const metrics = new Metrics()
  const send = async (some: readonly Entry[], limits: CallLimits) => {
    const chunk = objectOf([['RequestItems', requestItemsOf(some)], ...Object.entries(options)])
    const answer = members(await context.send('BatchWriteItem', chunk, limits))
    metrics.add(answer)
    const left = entriesOf(answer.get('UnprocessedItems') ?? EMPTY_OBJECT)
    return left.map(({ table, json }) => ({ table: asRequested(table, names), json }))
  }
  const outcome = await sendAll(
    entries,
    { operation: 'BatchWriteItem', size: WRITES_IN_A_REQUEST, send },
    context,
  )

  if (outcome.unprocessed.length === 0) return objectOf(metrics.members())
  const output = objectOf([['UnprocessedItems', requestItemsOf(outcome.unprocessed)], ...metrics.members()])
  throw new BatchIncompleteError(outcome, output)
}

function entriesOf(requestItems: Json): Entry[] {
  return [...members(requestItems)].flatMap(([table, writes]) =>
    elements(writes).map((json) => ({ table, json })),
  )
}

function requestItemsOf(entries: readonly Entry[]): Json {
  return objectOf([...byTable(entries)].map(([table, writes]) => [table, arrayOf(writes)]))
}
