import { eachElement, eachMember, EMPTY_OBJECT, type Json, JsonReader, members } from '../../json/reader.js'
import { arrayOf, objectOf } from '../../json/writer.js'
import {
  asRequested,
  type BatchContext,
  byTable,
  type Entry,
  Metrics,
  refuseTwoNames,
  sendAll,
} from './chunks.js'
import { BatchIncompleteError } from '../errors.js'
import type { CallLimits } from '../operations.js'
import { type KeySchemas, refuseDuplicates } from '../tables/key-schemas.js'

/** DynamoDB takes so many writes in one BatchWriteItem. */
export const WRITES_IN_A_REQUEST = 25

/** BatchWriteItem for any number of writes; see {@link Storage.batchWrite}. */
export async function batchWrite(
  request: Json,
  context: BatchContext,
  keySchemas: KeySchemas,
): Promise<Json> {
  const entries: Entry[] = []
  const options: [name: string, value: Json][] = []
  const reader = new JsonReader(request)
  eachMember(reader, (name) => {
    if (name === 'RequestItems') readEntries(reader, entries)
    else options.push([name, reader.take()])
  })
  const tables = byTable(entries)
  const names = [...tables.keys()]
  refuseTwoNames(names)
  // Within one request DynamoDB finds two writes to one key itself.
  if (entries.length > WRITES_IN_A_REQUEST) {
    for (const [table, writes] of tables) {
      refuseDuplicates(table, await keySchemas.keysOf(table, writes, context.limits))
    }
  }

  const metrics = new Metrics()
  const send = async (some: readonly Entry[], limits: CallLimits) => {
    const chunk = objectOf([['RequestItems', requestItemsOf(some)], ...options])
    const answer = members(await context.send('BatchWriteItem', chunk, limits))
    metrics.add(answer)
    const left: Entry[] = []
    readEntries(new JsonReader(answer.get('UnprocessedItems') ?? EMPTY_OBJECT), left)
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

/** Reads `{"T": [{"PutRequest": …}, …], …}` into entries. */
function readEntries(reader: JsonReader, entries: Entry[]): void {
  eachMember(reader, (table) => {
    eachElement(reader, () => entries.push({ table, json: reader.take() }))
  })
}

function requestItemsOf(entries: readonly Entry[]): Json {
  return objectOf([...byTable(entries)].map(([table, writes]) => [table, arrayOf(writes)]))
}
