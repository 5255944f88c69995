/**
 * The key schemas of tables, requested by DescribeTable and cached. They are needed for keys without names and types, as
 * in the path of a URL, and for batches that are larger than one request: two writes to one key in different requests
 * would race.
 */
import { inSlices } from '../../json/in-slices.js'
import { EMPTY_ARRAY, EMPTY_OBJECT, type Json, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import type { CallLimits, Send } from '../call/limits.js'
import { SharedCall } from '../call/shared-call.js'
import { asAnswerError, KeyMismatchError, StorageError } from '../errors.js'
import type { Parameter } from '../request.js'
import { keyOfItem, keyOfWrite, keysOf } from './keys.js'

/** An attribute of a table's key. */
export interface KeyAttribute {
  readonly name: string
  /** `S`, `N` or `B`; undefined if DynamoDB does not return it. */
  readonly type: string | undefined
}

/** The partition key and, where the table has one, the sort key. */
export type KeySchema = readonly KeyAttribute[]

/** The keys of a table and of its indexes, and the ARN of the table. */
export interface TableKeys {
  readonly key: KeySchema
  /** By name; global and local ones. */
  readonly indexes: ReadonlyMap<string, KeySchema>
  /** Undefined if DynamoDB does not return it. */
  readonly arn: string | undefined
}

/**
 * How long a key schema is cached, in ms. A key schema never changes, but a table may be deleted and created again with
 * another one. DynamoDB itself takes about this long for that, so a cached schema is hardly ever outdated.
 */
const CACHED_MS = 10_000
/** The most tables in the cache. */
const CACHED_TABLES = 1000

interface CachedKeys {
  readonly keys: TableKeys
  /** The time of its request, on the clock of `performance.now()`. */
  readonly since: number
}

export class KeySchemas {
  readonly #send: Send
  readonly #cache = new Map<string, CachedKeys>()
  /** The requests in flight, by table. */
  readonly #requests = new Map<string, SharedCall<TableKeys>>()

  constructor(send: Send) {
    this.#send = send
  }

  /** See {@link Storage.withKeySchema}. */
  async use<Result>(
    table: string,
    limits: CallLimits,
    call: (schema: KeySchema) => Promise<Result>,
    index?: string,
  ): Promise<Result> {
    const startedAt = performance.now()
    const schema = schemaOf(await this.#withIndex(table, index, limits), index)
    try {
      if (schema === undefined) throw noIndex(table, index)
      return await call(schema)
    } catch (error) {
      if (!mayBeAboutAnotherTable(error)) throw error
      const keys = await this.#again(table, startedAt, limits).catch((failure: unknown) => {
        // The error of the call is the one that the caller can act on.
        throw isNoTable(failure) ? failure : error
      })
      const current = schemaOf(keys, index)
      if (current === undefined || JSON.stringify(current) === JSON.stringify(schema)) throw error
      return call(current)
    }
  }

  /**
   * The names of the attributes that a position in a table or an index consists of, as `LastEvaluatedKey` has them: the
   * key of the table and that of the index.
   * @throws StorageError if the table cannot be described
   */
  async positionNames(
    table: string,
    index: string | undefined,
    limits: CallLimits,
  ): Promise<readonly string[]> {
    const keys = await this.#withIndex(table, index, limits)
    return [...new Set(namesIn([...keys.key, ...(schemaOf(keys, index) ?? [])]))]
  }

  /** The keys of a table, requested again if they are older than the index. */
  #withIndex(table: string, index: string | undefined, limits: CallLimits): Promise<TableKeys> | TableKeys {
    const startedAt = performance.now()
    const keys = this.of(table, limits)
    if (index === undefined) return keys
    const withIndex = (keys: TableKeys) =>
      keys.indexes.has(index) ? keys : this.#again(table, startedAt, limits)
    return keys instanceof Promise ? keys.then(withIndex) : withIndex(keys)
  }

  /**
   * The keys of the writes to a table, as {@link keyOf} returns them. A write that lacks an attribute of its key is left
   * out: DynamoDB refuses it.
   * @throws StorageError if the table cannot be described
   */
  async keysOf(table: string, writes: readonly Parameter[], limits: CallLimits): Promise<string[]> {
    const startedAt = performance.now()
    const keys = await keysIn(writes, (await this.of(table, limits)).key)
    if (keys.length === writes.length) return keys
    return keysIn(writes, (await this.#again(table, startedAt, limits)).key)
  }

  /**
   * A function that returns the key of an item, as {@link keyOf} does; undefined if it lacks an attribute of its key.
   * @param since the key schema must not be older than this, on the clock of `performance.now()`
   * @throws StorageError if the table cannot be described
   */
  async ofItems(
    table: string,
    limits: CallLimits,
    since: number,
  ): Promise<(item: Json) => string | undefined> {
    const names = namesIn((await this.#again(table, since, limits)).key)
    return (item) => keyOfItem(item, names)
  }

  /** Drops all cached key schemas, because a table was deleted. */
  forget(): void {
    this.#cache.clear()
    this.#requests.clear()
  }

  /** The key schema, requested again unless another call has done so since the given time. */
  async #again(table: string, startedAt: number, limits: CallLimits): Promise<TableKeys> {
    return (this.#cache.get(table)?.since ?? -Infinity) < startedAt
      ? this.#request(table, limits)
      : this.of(table, limits)
  }

  /**
   * The keys of a table: at once if they are in the cache; otherwise they are requested.
   * @throws StorageError if the table cannot be described
   */
  of(table: string, limits: CallLimits): Promise<TableKeys> | TableKeys {
    const cached = this.#cache.get(table)
    if (cached !== undefined && performance.now() - cached.since < CACHED_MS) return cached.keys
    return this.#request(table, limits)
  }

  /** Requests the key schema once for all callers. The cached one stays until the new one is there. */
  #request(table: string, limits: CallLimits): Promise<TableKeys> {
    const request = this.#requests.get(table)
    if (request?.canceled === false) return request.join(limits)
    const since = performance.now()
    const call = new SharedCall<TableKeys>(async (shared) => {
      const isLast = () => this.#requests.get(table) === call
      try {
        const keys = await this.#describe(table, shared)
        if (this.#cache.size >= CACHED_TABLES) this.#cache.clear()
        if (isLast()) this.#cache.set(table, { keys, since })
        return keys
      } catch (error) {
        if (isLast() && isNoTable(error)) this.#cache.delete(table)
        throw error
      } finally {
        if (isLast()) this.#requests.delete(table)
      }
    })
    this.#requests.set(table, call)
    return call.join(limits)
  }

  async #describe(table: string, limits: CallLimits): Promise<TableKeys> {
    const answer = await this.#send('DescribeTable', { TableName: table }, limits)
    try {
      return tableKeysIn(answer, table)
    } catch (error) {
      throw asAnswerError(error)
    }
  }
}

/**
 * @param answer to DescribeTable
 * @throws JsonError if it is malformed
 */
function tableKeysIn(answer: Json, table: string): TableKeys {
  const description = members(members(answer).get('Table') ?? EMPTY_OBJECT)
  const types = new Map(
    elements(description.get('AttributeDefinitions') ?? EMPTY_ARRAY).map((definition) => [
      memberOf(definition, 'AttributeName'),
      memberOf(definition, 'AttributeType'),
    ]),
  )
  const key = keySchemaIn(description, types)
  // With an empty key schema, all writes would have the same key.
  if (key.length === 0) throw noKeySchema(table)
  const indexes = ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']
    .flatMap((kind) => elements(description.get(kind) ?? EMPTY_ARRAY))
    .map((index) => [memberOf(index, 'IndexName') ?? '', keySchemaIn(members(index), types)] as const)
  return { key, indexes: new Map(indexes), arn: textIn(description, 'TableArn') }
}

/** The partition key comes first (API Reference, KeySchemaElement). */
function keySchemaIn(
  description: ReadonlyMap<string, Json>,
  types: ReadonlyMap<string | undefined, string | undefined>,
): KeySchema {
  return elements(description.get('KeySchema') ?? EMPTY_ARRAY)
    .map((element) => memberOf(element, 'AttributeName'))
    .filter((name) => name !== undefined)
    .map((name) => ({ name, type: types.get(name) }))
}

function schemaOf({ key, indexes }: TableKeys, index: string | undefined): KeySchema | undefined {
  return index === undefined ? key : indexes.get(index)
}

function noIndex(table: string, index = ''): StorageError {
  const message = `The table ${table} has no index ${index}`
  return new StorageError(
    { kind: 'refused', name: 'ResourceNotFoundException', message, maybeApplied: false },
    { operation: 'DescribeTable', attempts: 1, earlierMaybeApplied: false, repeatable: true },
  )
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

/** Whether the error of a call may be due to a table that was deleted and created again with another key. */
function mayBeAboutAnotherTable(error: unknown): boolean {
  if (error instanceof KeyMismatchError) return true
  // The caller must learn that an attempt may have been applied. Repeating the call would hide it.
  if (!(error instanceof StorageError) || error.earlierMaybeApplied) return false
  // "The provided key element does not match the schema", "Missing the key id in the item", and the like.
  return isNoTable(error) || (error.name === 'ValidationException' && /key/i.test(error.message))
}

/** A string in a table description; undefined if there is none. */
function memberOf(json: Json, name: string): string | undefined {
  return textIn(members(json), name)
}

function textIn(description: ReadonlyMap<string, Json>, name: string): string | undefined {
  const value = description.get(name)
  return value && String(parse(value))
}

function namesIn(schema: KeySchema): string[] {
  return schema.map(({ name }) => name)
}

function keysIn(writes: readonly Parameter[], schema: KeySchema): Promise<string[]> | string[] {
  const names = namesIn(schema)
  return inSlices(keysOf(writes, (write) => keyOfWrite(write, names)))
}
