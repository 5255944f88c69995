import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET } from '../../json/character-codes.js'
import { SHORT_BYTES, SLICE_BYTES, NEVER, type Sliced } from '../../json/in-slices.js'
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { members } from '../../json/parts.js'
import { JsonReader } from '../../json/reader.js'
import { AnswerError } from '../errors.js'
import { elementsOf, jsonOf } from '../request.js'
import { keyOf, keyOfItem } from '../tables/keys.js'
import { asRequested } from '../tables/table-names.js'
import type { SharedRead } from './shared-read.js'

/** What BatchGetItem has answered for each key, in canonical form. A key in neither of the two has no item. */
export interface SharedAnswer {
  readonly items: ReadonlyMap<string, Json>
  readonly unprocessed: ReadonlySet<string>
  readonly consumedCapacity: Json | undefined
}

/**
 * Reads the answer to a {@link SharedRead}. Items come in any order, and nothing but their keys tells which is which. So an item
 * is taken to be missing only if everything in the answer belongs to a key that was asked for.
 * @throws AnswerError if something does not, or comes twice
 * @throws JsonError if the answer is malformed
 */
export function* readSharedAnswer(answer: Json, call: SharedRead): Sliced<SharedAnswer> {
  const { table, names, entries } = call
  const items = new Map<string, Json>()
  const unprocessed = new Set<string>()
  const others = new Map<string, Json>()
  const reader = new JsonReader(answer)
  let pauseAt = answer.length > SHORT_BYTES ? SLICE_BYTES : NEVER
  let listed = false

  const known = (key: string | undefined): string => {
    if (key === undefined || !entries.has(key) || items.has(key) || unprocessed.has(key)) {
      throw new AnswerError('DynamoDB returned other items than those that were asked for')
    }
    return key
  }
  const checkTable = (name: string): void => {
    if (asRequested(name, [table]) !== table)
      throw new AnswerError('DynamoDB returned items of another table')
  }

  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.nameText()
    if (name !== 'Responses') {
      others.set(name, reader.take())
      continue
    }
    reader.expect(OPEN_BRACE)
    for (let firstTable = true; reader.next(CLOSE_BRACE, firstTable); firstTable = false) {
      reader.name()
      checkTable(reader.nameText())
      listed = true
      reader.expect(OPEN_BRACKET)
      for (let firstItem = true; reader.next(CLOSE_BRACKET, firstItem); firstItem = false) {
        const item = reader.take()
        items.set(known(keyOfItem(item, names)), item)
        if (reader.position >= pauseAt) {
          pauseAt = reader.position + SLICE_BYTES
          yield
        }
      }
    }
  }
  reader.end()
  for (const [name, left] of members(others.get('UnprocessedKeys') ?? EMPTY_OBJECT)) {
    checkTable(name)
    for (const key of elementsOf(members(left).get('Keys'))) unprocessed.add(known(keyOf(jsonOf(key))))
  }
  if (!listed && unprocessed.size < entries.size) {
    throw new AnswerError('DynamoDB returned no items of the table')
  }
  return { items, unprocessed, consumedCapacity: others.get('ConsumedCapacity') }
}
