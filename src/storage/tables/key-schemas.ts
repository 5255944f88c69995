/**
 * Which attributes are a table's key, and whether two keys are the same. Needed where a key comes without its names and
 * types, and where a batch is larger than one request of DynamoDB's: two writes to one key in different requests would
 * race.
 */
import { elements, EMPTY_ARRAY, EMPTY_OBJECT, type Json, members, parse } from '../../json/reader.js'
import type { CallLimits, Send } from '../call/limits.js'
import { SharedCall } from '../call/shared-call.js'
import { KeyMismatchError, StorageError } from '../errors.js'
import type { Parameter } from '../request.js'
import { keyOfItem, keyOfWrite } from './keys.js'

/** An attribute of a table's key. */
export interface KeyAttribute {
  readonly name: string
  /** `S`, `N` or `B`. Undefined if DynamoDB does not say. */
  readonly type: string | undefined
}

/** The partition key and, where the table has one, the sort key. */
export type KeySchema = readonly KeyAttribute[]

/**
 * A key schema never changes, but a table may be deleted and another one created under its name; in ms. DynamoDB takes
 * about as long for that, so what is known is hardly ever wrong, and hardly anything is spent to know it.
 */
const KEPT_MS = 10_000
const KEPT_TABLES = 1000

/** What is known of a table. */
interface Known {
  readonly schema: KeySchema
  /** When it was asked for. */
  readonly since: number
}

export class KeySchemas {
  readonly #send: Send
  readonly #known = new Map<string, Known>()
  /** What is being asked for. */
  readonly #asked = new Map<string, SharedCall<KeySchema>>()

  constructor(send: Send) {
    this.#send = send
  }

  /** See {@link Storage.withKeySchema}. */
  async use<Result>(
    table: string,
    limits: CallLimits,
    call: (schema: KeySchema) => Promise<Result>,
  ): Promise<Result> {
    const began = performance.now()
    const schema = await this.#of(table, limits)
    try {
      return await call(schema)
    } catch (error) {
      if (!mayBeAboutAnotherTable(error)) throw error
      const anew = await this.#again(table, began, limits).catch((failure: unknown) => {
        // What was wrong before is what the caller can do something about.
        throw isNoTable(failure) ? failure : error
      })
      if (JSON.stringify(anew) === JSON.stringify(schema)) throw error
      return call(anew)
    }
  }

  /**
   * The keys that the writes of a table are about, as {@link keyOf} gives them. A write that lacks an attribute of
   * its key is left out, for DynamoDB to refuse.
   * @throws StorageError if the table cannot be described
   */
  async keysOf(table: string, writes: readonly Parameter[], limits: CallLimits): Promise<string[]> {
    const began = performance.now()
    const keys = keysIn(writes, await this.#of(table, limits))
    if (keys.length === writes.length) return keys
    return keysIn(writes, await this.#again(table, began, limits))
  }

  /**
   * What tells the key of an item of a table, as {@link keyOf} gives it; undefined if it lacks an attribute of its key.
   * @param since what was known before is not enough, on the clock of `performance.now()`
   * @throws StorageError if the table cannot be described
   */
  async ofItems(
    table: string,
    limits: CallLimits,
    since = -Infinity,
  ): Promise<(item: Json) => string | undefined> {
    const names = namesIn(await this.#again(table, since, limits))
    return (item) => keyOfItem(item, names)
  }

  /** Forgets all tables: one of them is gone. */
  forget(): void {
    this.#known.clear()
    this.#asked.clear()
  }

  /** Asks anew, unless that was done since the call began that found something wrong. */
  async #again(table: string, began: number, limits: CallLimits): Promise<KeySchema> {
    return (this.#known.get(table)?.since ?? -Infinity) < began
      ? this.#ask(table, limits)
      : this.#of(table, limits)
  }

  /** What is known of a table, at once; what is not is asked for. */
  #of(table: string, limits: CallLimits): Promise<KeySchema> | KeySchema {
    const known = this.#known.get(table)
    if (known !== undefined && performance.now() - known.since < KEPT_MS) return known.schema
    return this.#ask(table, limits)
  }

  /** Asks once for all who want to know. What is known stays until there is something newer. */
  #ask(table: string, limits: CallLimits): Promise<KeySchema> {
    const asked = this.#asked.get(table)
    if (asked?.cancelled === false) return asked.join(limits)
    const since = performance.now()
    const call = new SharedCall<KeySchema>(async (shared) => {
      const isLast = () => this.#asked.get(table) === call
      try {
        const schema = await this.#describe(table, shared)
        if (this.#known.size >= KEPT_TABLES) this.#known.clear()
        if (isLast()) this.#known.set(table, { schema, since })
        return schema
      } catch (error) {
        if (isLast() && isNoTable(error)) this.#known.delete(table)
        throw error
      } finally {
        if (isLast()) this.#asked.delete(table)
      }
    })
    this.#asked.set(table, call)
    return call.join(limits)
  }

  async #describe(table: string, limits: CallLimits): Promise<KeySchema> {
    const answer = await this.#send('DescribeTable', { TableName: table }, limits)
    const description = members(members(answer).get('Table') ?? EMPTY_OBJECT)
    const types = new Map(
      elements(description.get('AttributeDefinitions') ?? EMPTY_ARRAY).map((definition) => [
        memberOf(definition, 'AttributeName'),
        memberOf(definition, 'AttributeType'),
      ]),
    )
    // The partition key stands first (API Reference, KeySchemaElement).
    const schema = elements(description.get('KeySchema') ?? EMPTY_ARRAY)
      .map((element) => memberOf(element, 'AttributeName'))
      .filter((name) => name !== undefined)
      .map((name) => ({ name, type: types.get(name) }))
    // Without a key all writes would be about the same one.
    if (schema.length === 0) throw noKeySchema(table)
    return schema
  }
}

function noKeySchema(table: string): StorageError {
  const message = `DynamoDB returned no key schema of ${table}`
  return new StorageError(
    { kind: 'malformed', name: 'MalformedAnswer', message, maybeApplied: false },
    { operation: 'DescribeTable', attempts: 1, earlierMaybeApplied: false, repeatable: true },
  )
}

function isNoTable(error: unknown): boolean {
  return error instanceof StorageError && error.name === 'ResourceNotFoundException'
}

/** Whether a call may have met an error because its table is another one by now. */
function mayBeAboutAnotherTable(error: unknown): boolean {
  if (error instanceof KeyMismatchError) return true
  // What may have been applied must be told, whatever would come of another attempt.
  if (!(error instanceof StorageError) || error.earlierMaybeApplied) return false
  // "The provided key element does not match the schema", "Missing the key id in the item", and the like.
  return isNoTable(error) || (error.name === 'ValidationException' && /key/i.test(error.message))
}

/** A string that stands in a description. */
function memberOf(json: Json, name: string): string | undefined {
  const value = members(json).get(name)
  return value && String(parse(value))
}

function namesIn(schema: KeySchema): string[] {
  return schema.map(({ name }) => name)
}

function keysIn(writes: readonly Parameter[], schema: KeySchema): string[] {
  const names = namesIn(schema)
  return writes.map((write) => keyOfWrite(write, names)).filter((key) => key !== undefined)
}
