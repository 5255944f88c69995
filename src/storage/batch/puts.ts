/** The puts of an import, and the requests that they are sent in. */
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { Parameter } from '../request.js'
import { asRequested } from '../tables/table-names.js'
import { WRITES_IN_A_REQUEST } from './batch-write.js'

/** A request whose items have this size together is sent, even if there is room for more of them. */
const FULL_REQUEST_BYTES = 1024 * 1024

/** An item to put, and its number in the source; later items have greater numbers. */
export interface NumberedItem {
  readonly number: number
  readonly json: Json
}

export interface Put extends NumberedItem {
  /** Undefined if the item lacks an attribute of the table's key; DynamoDB refuses it then. */
  readonly key: string | undefined
}

/** The key of an item; undefined if it lacks an attribute of the table's key. */
export type KeyOf = (item: Json) => string | undefined

/** The puts of one request. */
export class PutBatch {
  readonly puts: Put[] = []
  readonly keys = new Set<string>()
  bytes = 0
  /** Fulfilled when the batch has been sent, whatever its outcome. */
  sent: Promise<void> = Promise.resolve()

  add(put: Put): void {
    this.puts.push(put)
    if (put.key !== undefined) this.keys.add(put.key)
    this.bytes += put.json.length
  }

  get isFull(): boolean {
    return this.puts.length === WRITES_IN_A_REQUEST || this.bytes >= FULL_REQUEST_BYTES
  }
}

/** The puts that DynamoDB left unprocessed, by their keys. */
export function unprocessedOf(
  puts: readonly Put[],
  unprocessedItems: Json,
  table: string,
  keyOf: KeyOf,
): readonly Put[] {
  const keys = new Set<string | undefined>()
  for (const [answered, writes] of members(unprocessedItems)) {
    if (asRequested(answered, [table]) !== table) return puts
    for (const write of elements(writes)) {
      const item = members(members(write).get('PutRequest') ?? EMPTY_OBJECT).get('Item')
      keys.add(item && keyOf(item))
    }
  }
  const left = puts.filter(({ key }) => key !== undefined && keys.has(key))
  // If some cannot be told apart, all are sent again: to put an item twice is the same as to put it once.
  return left.length === keys.size ? left : puts
}

/** `{ "T": [{ "PutRequest": { "Item": {…} } }, …] }` */
export function requestItemsOf(table: string, puts: readonly Put[]): Parameter {
  return { [table]: puts.map(({ json }) => ({ PutRequest: { Item: json } })) }
}
