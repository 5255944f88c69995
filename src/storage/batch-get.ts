import { elements, type JsonText, members } from '../json-text.js'
import {
  asRequested,
  type BatchContext,
  byTable,
  type Entry,
  Metrics,
  objectOf,
  refuseTwoNames,
  sendAll,
} from './batch.js'
import { BatchIncompleteError } from './errors.js'
import type { CallLimits } from './operation.js'
import { refuseDuplicates } from './key-schema.js'

/** DynamoDB takes so many keys in one BatchGetItem. */
const KEYS_IN_A_REQUEST = 100
/**
 * With so many characters of items no more keys are asked for, so that the size of the batch does not decide how
 * much memory it takes. DynamoDB itself stops at 16 MB in each request.
 */
const FULL_ANSWER_LENGTH = 32 * 1024 * 1024

/** BatchGetItem for any number of keys; see {@link Storage.batchGet}. */
export async function batchGet(request: JsonText, context: BatchContext): Promise<JsonText> {
  const { RequestItems: requestItems = '{}', ...options } = Object.fromEntries(members(request))
  const tables = new Map([...members(requestItems)].map(([table, asked]) => [table, members(asked)]))
  const names = [...tables.keys()]
  refuseTwoNames(names)
  const entries: Entry[] = []
  for (const [table, asked] of tables) {
    const keys = elements(asked.get('Keys') ?? '[]')
    refuseDuplicates(table, keys)
    for (const text of keys) entries.push({ table, text })
  }

  /** The keys in the shape of `RequestItems`, each table with the projection and consistency it was asked with. */
  const requestItemsOf = (some: readonly Entry[]) =>
    objectOf(
      [...byTable(some)].map(([table, keys]) => {
        const asked = new Map(tables.get(table)).set('Keys', `[${keys.join(',')}]`)
        return [table, objectOf(asked)]
      }),
    )

  const found = new Map<string, JsonText[]>()
  const metrics = new Metrics()
  let length = 0
  const send = async (some: readonly Entry[], limits: CallLimits) => {
    const chunk = objectOf([['RequestItems', requestItemsOf(some)], ...Object.entries(options)])
    const answer = members(await context.send('BatchGetItem', chunk, limits))
    for (const [answered, items] of members(answer.get('Responses') ?? '{}')) {
      const table = asRequested(answered, names)
      const inner = items.slice(1, -1)
      length += inner.length
      if (inner.trim() !== '') found.set(table, [...(found.get(table) ?? []), inner])
    }
    metrics.add(answer)
    return [...members(answer.get('UnprocessedKeys') ?? '{}')].flatMap(([answered, left]) => {
      const table = asRequested(answered, names)
      return elements(members(left).get('Keys') ?? '[]').map((text) => ({ table, text }))
    })
  }
  const outcome = await sendAll(
    entries,
    {
      operation: 'BatchGetItem',
      size: KEYS_IN_A_REQUEST,
      send,
      isFull: () => length >= FULL_ANSWER_LENGTH,
    },
    context,
  )

  const responses = names.map((table) => [table, `[${found.get(table)?.join(',') ?? ''}]`] as const)
  const output = (unprocessedKeys?: JsonText) =>
    objectOf([['Responses', objectOf(responses)], ['UnprocessedKeys', unprocessedKeys], ...metrics.members()])
  if (outcome.unprocessed.length === 0) return output()
  throw new BatchIncompleteError(outcome, output(requestItemsOf(outcome.unprocessed)))
}
