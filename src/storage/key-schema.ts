/**
 * Which attributes are a table's key, and whether two keys are the same. Needed where a batch is larger than one
 * request of DynamoDB's: two writes to one key in different requests would race.
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
} from '../json.js'
import { DuplicateKeyError, StorageError } from './errors.js'
import type { CallLimits, Send } from './operation.js'

/** A key schema never changes, but a table may be deleted and another one created under its name; in ms. */
const KEPT_MS = 60_000
const KEPT_TABLES = 1000

export class KeySchemas {
  readonly #send: Send
  readonly #known = new Map<string, { readonly names: readonly string[]; readonly since: number }>()

  constructor(send: Send) {
    this.#send = send
  }

  /**
   * The keys that the writes of a table are about, as {@link keyOf} gives them. A write that lacks an attribute of
   * its key is left out, for DynamoDB to refuse.
   * @throws StorageError if the table cannot be described
   */
  async keysOf(table: string, writes: readonly Json[], limits: CallLimits): Promise<string[]> {
    const keys = keysIn(writes, await this.#namesOf(table, limits))
    if (keys.length === writes.length) return keys
    // Perhaps it is another table by now.
    this.#known.delete(table)
    return keysIn(writes, await this.#namesOf(table, limits))
  }

  /**
   * What tells the key of an item of a table, as {@link keyOf} gives it; undefined if it lacks an attribute of its key.
   * @throws StorageError if the table cannot be described
   */
  async ofItems(table: string, limits: CallLimits): Promise<(item: Json) => string | undefined> {
    const names = await this.#namesOf(table, limits)
    return (item) => readKey(new JsonReader(item), names)
  }

  async #namesOf(table: string, limits: CallLimits): Promise<readonly string[]> {
    const known = this.#known.get(table)
    if (known !== undefined && performance.now() - known.since < KEPT_MS) return known.names
    const answer = await this.#send(
      'DescribeTable',
      Buffer.from(JSON.stringify({ TableName: table })),
      limits,
    )
    const schema = members(members(answer).get('Table') ?? EMPTY_OBJECT).get('KeySchema') ?? EMPTY_ARRAY
    const names = elements(schema).map((element) =>
      String(parse(members(element).get('AttributeName') ?? EMPTY_OBJECT)),
    )
    // Without a key all writes would be about the same one.
    if (names.length === 0) throw new StorageError('MalformedAnswer', `no key schema of ${table}`)
    if (this.#known.size >= KEPT_TABLES) this.#known.clear()
    this.#known.set(table, { names, since: performance.now() })
    return names
  }
}

function keysIn(writes: readonly Json[], names: readonly string[]): string[] {
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

/** `{"N":"1.50"}` and `{ "N" : "15e-1" }` are one value. */
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
