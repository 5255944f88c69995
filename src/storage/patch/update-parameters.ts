/** A patch as the parameters of one UpdateItem. */
import type { Json } from '../../json/json.js'
import type { DynamoDBRequest } from '../request.js'
import { type Attributes, isPatch, mapIn, type Patch, patchedValue } from './patch.js'

/** The limits of DynamoDB's expressions (Developer Guide, "Quotas in Amazon DynamoDB"). */
const MAX_EXPRESSION = 4096
const MAX_OPERATORS = 300

const MAP = Buffer.from('{"S":"M"}')

/** The expressions of an update, and what the placeholders in them stand for. */
class Update {
  readonly #names = new Map<string, string>()
  readonly #values = new Map<string, Json>()
  readonly #sets: string[] = []
  readonly #removes: string[] = []
  readonly #conditions: string[] = []
  #updateLength = 'SET  REMOVE '.length
  #conditionLength = 0
  #operators = 0

  /** Whether DynamoDB takes expressions of this length. */
  get fits(): boolean {
    return (
      this.#updateLength <= MAX_EXPRESSION &&
      this.#conditionLength <= MAX_EXPRESSION &&
      this.#operators <= MAX_OPERATORS
    )
  }

  /** The path of an attribute in the map at `path`; of an attribute of the item if that is empty. */
  path(path: string, name: string): string {
    const placeholder = this.#names.get(name) ?? `#${this.#names.size.toString(36)}`
    this.#names.set(name, placeholder)
    return path === '' ? placeholder : `${path}.${placeholder}`
  }

  value(value: Json): string {
    const placeholder = `:${this.#values.size.toString(36)}`
    this.#values.set(placeholder, value)
    return placeholder
  }

  change(path: string, value: Json | undefined): void {
    const action = value === undefined ? path : `${path}=${this.value(value)}`
    ;(value === undefined ? this.#removes : this.#sets).push(action)
    this.#updateLength += action.length + 1
  }

  /** @param operators and functions in the condition, with the AND in front of it */
  require(condition: string, operators = 2): void {
    this.#conditions.push(condition)
    this.#operators += operators
    this.#conditionLength += condition.length + ' AND '.length
  }

  requireMap(path: string, not: '' | 'NOT '): void {
    this.#values.set(':map', MAP)
    this.require(`${not}attribute_type(${path},:map)`, not === '' ? 2 : 3)
  }

  get parameters(): DynamoDBRequest {
    const clauses = [
      ...(this.#sets.length > 0 ? [`SET ${this.#sets.join()}`] : []),
      ...(this.#removes.length > 0 ? [`REMOVE ${this.#removes.join()}`] : []),
    ]
    return {
      UpdateExpression: clauses.length === 0 ? undefined : clauses.join(' '),
      ConditionExpression: this.#conditions.join(' AND '),
      ExpressionAttributeNames: Object.fromEntries([...this.#names].map(([name, at]) => [at, name])),
      ExpressionAttributeValues: this.#values.size === 0 ? undefined : Object.fromEntries(this.#values),
    }
  }
}

/**
 * Changes only what the patch names, within the maps that exist. The condition is that exactly those maps exist that are
 * taken to, so other writes of the item do not matter.
 * @param current the item; empty if there is none, and undefined to suppose that it exists with all maps of the patch
 * @returns undefined if the expressions would be too long
 */
export function updateInPlace(
  patch: Patch,
  partitionKey: string,
  current: Attributes | undefined,
): DynamoDBRequest | undefined {
  const update = updateOf(partitionKey, current)
  addChanges(update, patch, '', current)
  return update.fits ? update.parameters : undefined
}

/** Returns whether there is now a condition that what is at `path` is a map. */
function addChanges(update: Update, patch: Patch, path: string, current: Attributes | undefined): boolean {
  const isNew = current?.size === 0 && path === ''
  let required = false
  for (const [name, change] of patch) {
    if (!update.fits) break
    const place = update.path(path, name)
    const value = current?.get(name)
    const map = value && mapIn(value)
    if (!isPatch(change)) update.change(place, change ?? undefined)
    else if (current === undefined || map !== undefined) {
      if (!addChanges(update, change, place, map)) update.requireMap(place, '')
      required = true
    } else {
      update.change(place, patchedValue(change))
      if (!isNew) update.requireMap(place, 'NOT ')
    }
  }
  return required
}

/**
 * Sets the attributes of the item that the patch names, each as a whole, on the condition that those with maps to merge are
 * unchanged.
 * @param current the item; empty if there is none
 * @returns undefined if the expressions would be too long
 */
export function updateWhole(
  patch: Patch,
  partitionKey: string,
  current: Attributes,
): DynamoDBRequest | undefined {
  const update = updateOf(partitionKey, current)
  for (const [name, change] of patch) {
    if (!update.fits) return undefined
    const place = update.path('', name)
    const before = current.get(name)
    update.change(place, patchedValue(change, before))
    if (isPatch(change) && current.size > 0) update.require(unchanged(update, place, before))
  }
  return update.fits ? update.parameters : undefined
}

function unchanged(update: Update, place: string, before: Json | undefined): string {
  return before === undefined ? `attribute_not_exists(${place})` : `${place}=${update.value(before)}`
}

/** Every item has its partition key, so that attribute represents the item. */
function updateOf(partitionKey: string, current: Attributes | undefined): Update {
  const update = new Update()
  const key = update.path('', partitionKey)
  update.require(current?.size === 0 ? `attribute_not_exists(${key})` : `attribute_exists(${key})`)
  return update
}

/** Whether one update can name all attributes of the item that the patch changes. */
export function fitsOneUpdate(patch: Patch, partitionKey: string): boolean {
  const names = new Map([...patch].map(([name, change]) => [name, isPatch(change) ? NO_CHANGES : change]))
  return updateWhole(names, partitionKey, ANY_ITEM) !== undefined
}

const NO_CHANGES: Patch = new Map()
const ANY_ITEM: Attributes = new Map([['', MAP]])
