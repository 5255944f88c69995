/** The writes of an import, and the requests that they are sent in. */
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { Parameter } from '../request.js'
import { asRequested } from '../tables/table-names.js'
import { WRITES_IN_A_REQUEST } from './batch-write.js'

/** A request whose items have this size together is sent, even if there is room for more of them. */
const FULL_REQUEST_BYTES = 1024 * 1024

/** An item to put, or the key of one to delete, and its number in the source; later ones have greater numbers. */
export interface NumberedEntry {
  readonly number: number
  readonly isDelete: boolean
  readonly json: Json
}

export interface Write extends NumberedEntry {
  /** Undefined if it lacks an attribute of the table's key; DynamoDB refuses it then. */
  readonly key: string | undefined
}

/** The key of an item or of a key; undefined if it lacks an attribute of the table's key. */
export type KeyOf = (item: Json) => string | undefined

/** The writes of one request. */
export class WriteBatch {
  readonly writes: Write[] = []
  readonly keys = new Set<string>()
  bytes = 0
  /** Fulfilled when the batch has been sent, whatever its outcome. */
  sent: Promise<void> = Promise.resolve()

  add(write: Write): void {
    this.writes.push(write)
    if (write.key !== undefined) this.keys.add(write.key)
    this.bytes += write.json.length
  }

  get isFull(): boolean {
    return this.writes.length === WRITES_IN_A_REQUEST || this.bytes >= FULL_REQUEST_BYTES
  }
}

/** The writes that DynamoDB left unprocessed, by their keys. */
export function unprocessedOf(
  writes: readonly Write[],
  unprocessedItems: Json,
  table: string,
  keyOf: KeyOf,
): readonly Write[] {
  const keys = new Set<string | undefined>()
  for (const [answered, requests] of members(unprocessedItems)) {
    if (asRequested(answered, [table]) !== table) return writes
    for (const request of elements(requests)) keys.add(keyOfRequest(request, keyOf))
  }
  const left = writes.filter(({ key }) => key !== undefined && keys.has(key))
  // If some cannot be told apart, all are sent again: to do a put or a delete twice is the same as to do it once.
  return left.length === keys.size ? left : writes
}

/** The key in `{ "PutRequest": { "Item": {…} } }` or `{ "DeleteRequest": { "Key": {…} } }`. */
function keyOfRequest(request: Json, keyOf: KeyOf): string | undefined {
  const parts = members(request)
  const attributes =
    members(parts.get('PutRequest') ?? EMPTY_OBJECT).get('Item') ??
    members(parts.get('DeleteRequest') ?? EMPTY_OBJECT).get('Key')
  return attributes && keyOf(attributes)
}

/** `{ "T": [{ "PutRequest": { "Item": {…} } }, { "DeleteRequest": { "Key": {…} } }, …] }` */
export function requestItemsOf(table: string, writes: readonly Write[]): Parameter {
  return {
    [table]: writes.map(({ isDelete, json }) =>
      isDelete ? { DeleteRequest: { Key: json } } : { PutRequest: { Item: json } },
    ),
  }
}
