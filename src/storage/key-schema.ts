/**
 * Which attributes are a table's key, and whether two keys are the same. Needed where a batch is larger than one
 * request of DynamoDB's: two writes to one key in different requests would race.
 */
import {
  CLOSE_BRACE,
  elements,
  EMPTY_ARRAY,
  EMPTY_OBJECT,
  type Json,
  JsonReader,
  members,
  OPEN_BRACE,
  parse,
} from '../json.js'
import { objectOf } from '../json-writer.js'
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
   * The keys that the writes of a table are about, each a map of the key's attributes. A write that lacks one is
   * left out, for DynamoDB to refuse.
   * @throws StorageError if the table cannot be described
   */
  async keysOf(table: string, writes: readonly Json[], limits: CallLimits): Promise<Json[]> {
    const keys = keysIn(writes, await this.#namesOf(table, limits))
    if (keys.length === writes.length) return keys
    // Perhaps it is another table by now.
    this.#known.delete(table)
    return keysIn(writes, await this.#namesOf(table, limits))
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

function keysIn(writes: readonly Json[], names: readonly string[]): Json[] {
  return writes.flatMap((write) => keyIn(write, names) ?? [])
}

/** The attributes with these names of `{"PutRequest": {"Item": {…}}}` or `{"DeleteRequest": {"Key": {…}}}`, if it has them all. */
function keyIn(write: Json, names: readonly string[]): Json | undefined {
  const reader = new JsonReader(write)
  if (!enter(reader) || !enter(reader)) return undefined
  const found: [name: string, value: Json][] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.nameText()
    if (!names.includes(name)) reader.value()
    else if (found.push([name, reader.take()]) === names.length) return objectOf(found)
  }
  return undefined
}

/** Moves to the value of the first member of an object; false if it has none. */
function enter(reader: JsonReader): boolean {
  reader.expect(OPEN_BRACE)
  if (!reader.next(CLOSE_BRACE, true)) return false
  reader.name()
  return true
}

/**
 * @param keys maps of names to AttributeValues, their names in any order
 * @throws DuplicateKeyError if two of them are the same to DynamoDB
 */
export function refuseDuplicates(table: string, keys: readonly Json[]): void {
  const seen = new Set<string>()
  for (const key of keys) {
    const canonical = canonicalKey(key)
    if (seen.has(canonical)) {
      throw new DuplicateKeyError(
        `Provided list of item keys contains duplicates: table ${table}, key ${key.toString()}`,
      )
    }
    seen.add(canonical)
  }
}

/** One text for all the ways to write one key. */
function canonicalKey(key: Json): string {
  return [...members(key)]
    .map(([name, value]): [string, string, unknown] => {
      const [[type, content] = ['', EMPTY_OBJECT]] = members(value)
      const said = parse(content)
      return [name, type, type === 'N' && typeof said === 'string' ? canonicalNumber(said) : said]
    })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((attribute) => JSON.stringify(attribute))
    .join()
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
