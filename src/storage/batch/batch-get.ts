import { CLOSE_BRACE, OPEN_BRACE } from '../../json/character-codes.js'
import { inSlices, skip, type Sliced } from '../../json/in-slices.js'
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { arrayPieces, members, objectPieces } from '../../json/parts.js'
import { Pieces } from '../../json/pieces.js'
import { JsonReader } from '../../json/reader.js'
import { BatchIncompleteError } from '../errors.js'
import { type DynamoDBRequest, elementsOf, jsonOf, membersOf, serialize } from '../request.js'
import { keyOf, keysOf, refuseDuplicates } from '../tables/keys.js'
import { asRequested, refuseTwoNames } from '../tables/table-names.js'
import { type BatchContext, byTable, type Entry, isOneRequest, sendAll } from './chunks.js'
import { ConsumedCapacity } from './consumed-capacity.js'

/** The most keys in one BatchGetItem (API Reference). */
const KEYS_IN_A_REQUEST = 100
/**
 * Once the items found so far have this size, no more keys are sent: the memory that a batch takes must not depend on
 * its size. DynamoDB itself limits one response to 16 MB.
 */
const FULL_ANSWER_BYTES = 32 * 1024 * 1024

/** BatchGetItem for any number of keys; see {@link Storage.batchGet}. */
export async function batchGet(request: DynamoDBRequest, context: BatchContext): Promise<Pieces> {
  const { RequestItems, ...options } = request
  const tables = new Map(
    [...membersOf(RequestItems)].map(([table, asked]) => [table, Object.fromEntries(membersOf(asked))]),
  )
  const names = [...tables.keys()]
  refuseTwoNames(names)
  const entries: Entry[] = []
  for (const [table, { Keys }] of tables) {
    for (const value of elementsOf(Keys)) entries.push({ table, value })
  }
  if (!isOneRequest(entries, KEYS_IN_A_REQUEST)) {
    for (const [table, keys] of byTable(entries)) {
      refuseDuplicates(table, await inSlices(keysOf(keys, (key) => keyOf(jsonOf(key)))))
    }
  }

  /** `RequestItems` with these keys, and with the projection and the consistency that the caller asked for. */
  const requestItemsOf = (some: readonly Entry[]) =>
    Object.fromEntries(
      [...byTable(some)].map(([table, Keys]) => [table, { ...tables.get(table), Keys }] as const),
    )

  const found = new FoundItems(names)
  const consumed = new ConsumedCapacity()
  const outcome = await sendAll(
    entries,
    {
      operation: 'BatchGetItem',
      size: KEYS_IN_A_REQUEST,
      requestFor: (some) => ({ ...options, RequestItems: requestItemsOf(some) }),
      unprocessedIn: async (answer) => {
        const others = await inSlices(found.add(answer))
        consumed.add(others)
        return [...members(others.get('UnprocessedKeys') ?? EMPTY_OBJECT)].flatMap(([answered, left]) => {
          const table = asRequested(answered, names)
          return elementsOf(members(left).get('Keys')).map((value) => ({ table, value }))
        })
      },
      isFull: () => found.bytes >= FULL_ANSWER_BYTES,
    },
    context,
  )

  const isComplete = outcome.unprocessed.length === 0
  const rest = serialize({
    UnprocessedKeys: isComplete ? undefined : requestItemsOf(outcome.unprocessed),
    ...consumed.members(),
  })
  const others = [...members(rest)].map(([name, value]) => [name, [value]] as const)
  const output = new Pieces(objectPieces([['Responses', found.responses()], ...others]))
  if (isComplete) return output
  throw new BatchIncompleteError(outcome, output.whole)
}

/** The items that were found so far, as they stand in the answers. */
class FoundItems {
  /** Of each table: non-empty lists of items, without their brackets. */
  readonly #lists: ReadonlyMap<string, Json[]>
  /** The size of all lists. */
  bytes = 0

  constructor(tables: readonly string[]) {
    this.#lists = new Map(tables.map((table) => [table, []]))
  }

  /** Takes the items out of an answer. Returns its other members. */
  *add(answer: Json): Sliced<Map<string, Json>> {
    const others = new Map<string, Json>()
    const reader = new JsonReader(answer)
    reader.expect(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      const name = reader.nameText()
      if (name === 'Responses') yield* this.#addResponses(reader)
      else others.set(name, reader.take())
    }
    reader.end()
    return others
  }

  *#addResponses(reader: JsonReader): Sliced<void> {
    const tables = [...this.#lists.keys()]
    reader.expect(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      const table = asRequested(reader.nameText(), tables)
      reader.peek()
      const start = reader.position
      yield* skip(reader)
      this.bytes += reader.position - start
      const inner = reader.bytes.subarray(start + 1, reader.position - 1)
      if (inner.some((byte) => byte > 0x20)) this.#lists.get(table)?.push(inner)
    }
  }

  /** `{"T": [{…}, …], …}` */
  responses(): Json[] {
    return objectPieces([...this.#lists].map(([table, lists]) => [table, arrayPieces(lists)] as const))
  }
}
