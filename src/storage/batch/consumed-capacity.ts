import { LETTER_N, OPEN_BRACE } from '../../json/character-codes.js'
import { type Json, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import { type Parameter, textOf } from '../request.js'

/**
 * The capacity that a batch or several pages have consumed, summed over their requests: one element of `ConsumedCapacity`
 * for each table. Collects `ItemCollectionMetrics` as well.
 */
export class ConsumedCapacity {
  readonly #tables = new Map<string | undefined, Capacity>()
  readonly #collections = new Map<string, Json[]>()

  /**
   * Adds the capacity that one request has consumed.
   * @param answer its members
   * @throws JsonError if it is malformed
   */
  add(answer: ReadonlyMap<string, Json>): void {
    for (const json of elementsIn(answer.get('ConsumedCapacity'))) {
      const table = textOf(members(json).get('TableName'))
      const sum = this.#tables.get(table) ?? new Map<string, CapacityMember>()
      this.#tables.set(table, sum)
      addTo(sum, json)
    }
    const collections = answer.get('ItemCollectionMetrics')
    if (collections === undefined) return
    for (const [table, metrics] of members(collections)) {
      this.#collections.set(table, [...(this.#collections.get(table) ?? []), ...elements(metrics)])
    }
  }

  /** The capacity consumed in one table, where all requests are about the same; undefined if no answer had any. */
  ofOneTable(): Parameter {
    const [capacity] = this.#tables.values()
    return capacity && toParameter(capacity)
  }

  /** The members of the answer to the whole batch; undefined where no request had one. */
  members(): Readonly<Record<'ConsumedCapacity' | 'ItemCollectionMetrics', Parameter>> {
    const capacities = [...this.#tables.values()].map(toParameter)
    return {
      ConsumedCapacity: capacities.length === 0 ? undefined : capacities,
      ItemCollectionMetrics: this.#collections.size === 0 ? undefined : Object.fromEntries(this.#collections),
    }
  }
}

/**
 * `{"TableName": …, "CapacityUnits": 1, "Table": {"CapacityUnits": 1}, "GlobalSecondaryIndexes": {…}}`. A map, because
 * an index may be called `__proto__`.
 */
type Capacity = Map<string, CapacityMember>
type CapacityMember = Capacity | number | Json

function addTo(sum: Capacity, json: Json): void {
  for (const [name, part] of members(json)) {
    const before = sum.get(name)
    if (part[0] === OPEN_BRACE) {
      const inner = before instanceof Map ? before : new Map<string, CapacityMember>()
      sum.set(name, inner)
      addTo(inner, part)
    } else {
      const value = parse(part)
      if (typeof value !== 'number') sum.set(name, part)
      else sum.set(name, typeof before === 'number' ? before + value : value)
    }
  }
}

function toParameter(member: CapacityMember): Parameter {
  if (!(member instanceof Map)) return member
  return Object.fromEntries([...member].map(([name, inner]) => [name, toParameter(inner)] as const))
}

/** The elements of an array; an object by itself, as Query and Scan have it; none if it is missing or null. */
function elementsIn(json: Json | undefined): Json[] {
  if (json === undefined || json[0] === LETTER_N) return []
  return json[0] === OPEN_BRACE ? [json] : elements(json)
}
