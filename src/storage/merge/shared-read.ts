import { Cancellation } from '../call/cancellation.js'
import type { Json } from '../../json/json.js'
import type { DynamoDBRequest } from '../request.js'
import type { TableKey } from '../tables/keys.js'
import type { Occupied, Place } from './place.js'

/** With less time left than this, in ms, a get has expired: timers may fire a little early. */
const EARLY_MS = 1

/** The gets of one key, written with the same bytes. */
interface Entry {
  readonly key: Json
  readonly places: Place[]
}

/** Gets of one table that go out as one BatchGetItem: all with the same consistency, and keys of one shape. */
export class SharedRead implements Occupied {
  readonly table: string
  readonly #consistentRead: boolean
  /** The attributes of the keys. */
  readonly names: readonly string[]
  /** By the key in canonical form. */
  readonly entries = new Map<string, Entry>()
  /** Aborted when nobody waits any more. */
  readonly cancellation = new Cancellation()
  startedAt = NaN
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(table: string, consistentRead: boolean, names: readonly string[]) {
    this.table = table
    this.#consistentRead = consistentRead
    this.names = names
  }

  /** How many gets wait for it. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Gives a get a place in the call, before it begins. Gets of one key share an entry.
   * @returns false if there is none: the key is here already, written in another way, and DynamoDB refuses it twice
   */
  add(place: Place, { text }: TableKey): boolean {
    const entry = this.entries.get(text)
    if (entry === undefined) this.entries.set(text, { key: place.key, places: [place] })
    // DynamoDB itself judges each way to write a key.
    else if (entry.key.equals(place.key)) entry.places.push(place)
    else return false
    this.#waiting++
    return true
  }

  /** BatchGetItem's. */
  request(reportsCapacity: boolean): DynamoDBRequest {
    const Keys = Array.from(this.entries.values(), ({ key }) => key)
    const ConsistentRead = this.#consistentRead ? true : undefined
    return {
      RequestItems: { [this.table]: { Keys, ConsistentRead } },
      ReturnConsumedCapacity: reportsCapacity ? 'TOTAL' : undefined,
    }
  }

  begin(): void {
    this.startedAt = performance.now()
    for (const place of this.places()) place.enter(this)
    this.#expire()
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  readonly left = (): void => {
    if (--this.#waiting === 0) this.cancellation.abort()
  };

  /** The gets that still wait. */
  *places(): Generator<Place, void> {
    for (const { places } of this.entries.values()) {
      for (const place of places) if (!place.settled) yield place
    }
  }

  /** One timer serves all gets: their deadlines are close together. */
  readonly #expire = (): void => {
    const now = performance.now()
    let next = Infinity
    for (const place of this.places()) {
      if (place.deadline <= now + EARLY_MS) place.expire()
      else next = Math.min(next, place.deadline)
    }
    if (next < Infinity) this.#timer = setTimeout(this.#expire, next - now)
  }
}
