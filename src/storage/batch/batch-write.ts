import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import { BatchIncompleteError } from '../errors.js'
import { type DynamoDBRequest, elementsOf, membersOf, type Parameter, serialize } from '../request.js'
import type { KeySchemas } from '../tables/key-schemas.js'
import { refuseDuplicates } from '../tables/keys.js'
import { asRequested, refuseTwoNames } from '../tables/table-names.js'
import { type BatchContext, byTable, type Entry, isOneRequest, sendAll } from './chunks.js'
import { ConsumedCapacity } from './consumed-capacity.js'

/** The most writes in one BatchWriteItem (API Reference). */
export const WRITES_IN_A_REQUEST = 25

/** BatchWriteItem for any number of writes; see {@link Storage.batchWrite}. */
export async function batchWrite(
  request: DynamoDBRequest,
  context: BatchContext,
  keySchemas: KeySchemas,
): Promise<Json> {
  const { RequestItems, ...options } = request
  const entries = entriesOf(RequestItems)
  const tables = byTable(entries)
  const names = [...tables.keys()]
  refuseTwoNames(names)
  if (!isOneRequest(entries, WRITES_IN_A_REQUEST)) {
    for (const [table, writes] of tables) {
      refuseDuplicates(table, await keySchemas.keysOf(table, writes, context.limits))
    }
  }

  const consumed = new ConsumedCapacity()
  const outcome = await sendAll(
    entries,
    {
      operation: 'BatchWriteItem',
      size: WRITES_IN_A_REQUEST,
      requestFor: (some) => ({ ...options, RequestItems: requestItemsOf(some) }),
      unprocessedIn: (answer) => {
        const answered = members(answer)
        consumed.add(answered)
        const unprocessed = [...members(answered.get('UnprocessedItems') ?? EMPTY_OBJECT)]
        return unprocessed.flatMap(([table, writes]) =>
          elements(writes).map((value) => ({ table: asRequested(table, names), value })),
        )
      },
    },
    context,
  )

  if (outcome.unprocessed.length === 0) return serialize(consumed.members())
  const output = { UnprocessedItems: requestItemsOf(outcome.unprocessed), ...consumed.members() }
  throw new BatchIncompleteError(outcome, serialize(output))
}

/** The entries of `{"T": [{"PutRequest": …}, …], …}`. */
function entriesOf(requestItems: Parameter): Entry[] {
  const entries: Entry[] = []
  for (const [table, writes] of membersOf(requestItems)) {
    for (const value of elementsOf(writes)) entries.push({ table, value })
  }
  return entries
}

/** `{"T": [{"PutRequest": …}, …], …}` */
export function requestItemsOf(entries: readonly Entry[]): Parameter {
  return Object.fromEntries(byTable(entries))
}
