import {
  eachMember,
  elements,
  EMPTY_ARRAY,
  EMPTY_OBJECT,
  type Json,
  JsonReader,
  members,
} from '../../json/reader.js'
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
import { keyOf, refuseDuplicates } from '../tables/key-schemas.js'

/** DynamoDB takes so many keys in one BatchGetItem. */
const KEYS_IN_A_REQUEST = 100
/**
 * With so many bytes of items no more keys are asked for, so that the size of the batch does not decide how
 * much memory it takes. DynamoDB itself stops at 16 MB in each request.
 */
const FULL_ANSWER_BYTES = 32 * 1024 * 1024

/** BatchGetItem for any number of keys; see {@link Storage.batchGet}. */
export async function batchGet(request: Json, context: BatchContext): Promise<Json> {
  const { RequestItems: requestItems = EMPTY_OBJECT, ...options } = Object.fromEntries(members(request))
  const tables = new Map([...members(requestItems)].map(([table, asked]) => [table, members(asked)]))
  const names = [...tables.keys()]
  refuseTwoNames(names)
  const entries: Entry[] = []
  for (const [table, asked] of tables) {
    for (const json of elements(asked.get('Keys') ?? EMPTY_ARRAY)) entries.push({ table, json })
  }
  // Within one request DynamoDB finds the key that stands there twice itself.
  if (entries.length > KEYS_IN_A_REQUEST) {
    for (const [table, keys] of byTable(entries)) refuseDuplicates(table, keys.map(keyOf))
  }

  /** The keys in the shape of `RequestItems`, each table with the projection and consistency it was asked with. */
  const requestItemsOf = (some: readonly Entry[]) =>
    objectOf(
      [...byTable(some)].map(([table, keys]) => {
        const asked = new Map(tables.get(table)).set('Keys', arrayOf(keys))
        return [table, objectOf(asked)]
      }),
    )

  const found = new Map(names.map((table) => [table, [] as Json[]]))
  const metrics = new Metrics()
  let bytes = 0
  const send = async (some: readonly Entry[], limits: CallLimits) => {
    const chunk = objectOf([['RequestItems', requestItemsOf(some)], ...Object.entries(options)])
    const reader = new JsonReader(await context.send('BatchGetItem', chunk, limits))
    const answer = new Map<string, Json>()
    eachMember(reader, (name) => {
      if (name !== 'Responses') answer.set(name, reader.take())
      else {
        eachMember(reader, (answered) => {
          const items = reader.take()
          bytes += items.length
          const inner = items.subarray(1, -1)
          if (inner.some((byte) => byte > 0x20)) found.get(asRequested(answered, names))?.push(inner)
        })
      }
    })
    metrics.add(answer)
    return [...members(answer.get('UnprocessedKeys') ?? EMPTY_OBJECT)].flatMap(([answered, left]) => {
      const table = asRequested(answered, names)
      return elements(members(left).get('Keys') ?? EMPTY_ARRAY).map((json) => ({ table, json }))
    })
  }
  const outcome = await sendAll(
    entries,
    {
      operation: 'BatchGetItem',
      size: KEYS_IN_A_REQUEST,
      send,
      isFull: () => bytes >= FULL_ANSWER_BYTES,
    },
    context,
  )

  const responses = names.map((table) => [table, arrayOf(found.get(table) ?? [])] as const)
  const output = (unprocessedKeys?: Json) =>
    objectOf([['Responses', objectOf(responses)], ['UnprocessedKeys', unprocessedKeys], ...metrics.members()])
  if (outcome.unprocessed.length === 0) return output()
  throw new BatchIncompleteError(outcome, output(requestItemsOf(outcome.unprocessed)))
}
