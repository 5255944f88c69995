/**
 * Which attributes are a table's key, and whether two keys are the same. Needed where a key comes without its names and
 * types, and where a batch is larger than one request of DynamoDB's: two writes to one key in different requests would
 * race.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  elements,
  EMPTY_ARRAY,
  EMPTY_OBJECT,
  type Json,
  JsonReader,
  members,
  OPEN_BRACE,
  parse,
  QUOTE,
} from '../../json/reader.js'
import { DuplicateKeyError, KeyMismatchError, StorageError } from '../errors.js'
import type { CallLimits, Send } from '../operations.js'
import { SharedCall } from '../call/shared-call.js'

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
  async keysOf(table: string, writes: readonly Json[], limits: CallLimits): Promise<string[]> {
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
    return (item) => readKey(new JsonReader(item), names)
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
    if (asked?.givenUp === false) return asked.join(limits)
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
    const request = Buffer.from(JSON.stringify({ TableName: table }))
    const answer = await this.#send('DescribeTable', request, limits)
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
    if (schema.length === 0) throw new StorageError('MalformedAnswer', `no key schema of ${table}`)
    return schema
  }
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

function keysIn(writes: readonly Json[], schema: KeySchema): string[] {
  const names = namesIn(schema)
  return writes.flatMap((write) => {
    const reader = new JsonReader(write)
    // {"PutRequest": {"Item": {…}}} or {"DeleteRequest": {"Key": {…}}}
    return enter(reader) && enter(reader) ? (readKey(reader, names) ?? []) : []
  })
}

/** Moves to the value of the first member of an object; false if it has none. */
function enter(reader: JsonReader): boolean {
  reader.expect(OPEN_BRACE)
  if (!reader.next(CLOSE_BRACE, true)) return false
  reader.name()
  return true
}

/** The key that a map of names to AttributeValues is. */
export function keyOf(attributes: Json): string {
  return readKey(new JsonReader(attributes)) ?? ''
}

/**
 * Reads a key: one text for all the ways to write it, itself a map of names to AttributeValues.
 * @param names of the key's attributes; the others are passed over. Without them, all are the key's.
 * @returns undefined if one is missing
 */
function readKey(reader: JsonReader, names?: readonly string[]): string | undefined {
  const found: string[] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.nameText()
    if (names === undefined || names.includes(name))
      found.push(`${JSON.stringify(name)}:${readValue(reader)}`)
    else reader.value()
    // The key often comes first; what is behind it need not be looked at.
    if (found.length === names?.length) break
  }
  if (names !== undefined && found.length !== names.length) return undefined
  return `{${found.sort().join(',')}}`
}

/** Whether two AttributeValues are the same: `{"N":"1.50"}` and `{ "N" : "15e-1" }` are. */
export function isSameValue(a: Json, b: Json): boolean {
  return a.equals(b) || readValue(new JsonReader(a)) === readValue(new JsonReader(b))
}

function readValue(reader: JsonReader): string {
  const json = reader.take()
  // Most keys are strings that are written in the one way in which they are written below.
  if (json.toString('latin1', 0, 6) === '{"S":"' && json.at(-2) === QUOTE && !json.includes(BACKSLASH)) {
    return json.toString()
  }
  const [[type, content] = ['', EMPTY_OBJECT]] = members(json)
  const value = parse(content)
  return JSON.stringify({
    [type]: type === 'N' && typeof value === 'string' ? canonicalNumber(value) : value,
  })
}

/**
 * @param keys as {@link keyOf} gives them
 * @throws DuplicateKeyError if one stands there twice
 */
export function refuseDuplicates(table: string, keys: readonly string[]): void {
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) {
      throw new DuplicateKeyError(
        `Provided list of item keys contains duplicates: table ${table}, key ${key}`,
      )
    }
    seen.add(key)
  }
}

/** The significant digits and the exponent: `1.50`, `15e-1` and `+1.5` are one number. */
export function canonicalNumber(digits: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(digits) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  const significant = all.replace(/0+$/, '')
  if (significant === '') return '0'
  const scale = Number(exponent) - fraction.length + (all.length - significant.length)
  return `${sign === '-' ? '-' : ''}${significant}e${scale}`
}
