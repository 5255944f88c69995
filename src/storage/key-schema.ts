/**
 * Which attributes are a table's key, and whether two keys are the same. Needed where a batch is larger than one
 * request of DynamoDB's: two writes to one key in different requests would race.
 */
import { elements, type JsonText, members, unquote } from '../json-text.js'
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
  async keysOf(table: string, writes: readonly JsonText[], limits: CallLimits): Promise<JsonText[]> {
    const keys = keysIn(writes, await this.#namesOf(table, limits))
    if (keys.length === writes.length) return keys
    // Perhaps it is another table by now.
    this.#known.delete(table)
    return keysIn(writes, await this.#namesOf(table, limits))
  }

  async #namesOf(table: string, limits: CallLimits): Promise<readonly string[]> {
    const known = this.#known.get(table)
    if (known !== undefined && performance.now() - known.since < KEPT_MS) return known.names
    const answer = await this.#send('DescribeTable', JSON.stringify({ TableName: table }), limits)
    const schema = members(members(answer).get('Table') ?? '{}').get('KeySchema') ?? '[]'
    const names = elements(schema).map((element) =>
      String(JSON.parse(members(element).get('AttributeName') ?? '""')),
    )
    // Without a key all writes would be about the same one.
    if (names.length === 0) throw new StorageError('MalformedAnswer', `no key schema of ${table}`)
    if (this.#known.size >= KEPT_TABLES) this.#known.clear()
    this.#known.set(table, { names, since: performance.now() })
    return names
  }
}

function keysIn(writes: readonly JsonText[], names: readonly string[]): JsonText[] {
  return writes.flatMap((write) => {
    const [request = '{}'] = members(write).values()
    const [attributes = '{}'] = members(request).values()
    const all = members(attributes)
    if (!names.every((name) => all.has(name))) return []
    return [`{${names.map((name) => `${JSON.stringify(name)}:${all.get(name) ?? ''}`).join(',')}}`]
  })
}

/**
 * @param keys maps of names to AttributeValues, their names in any order
 * @throws DuplicateKeyError if two of them are the same to DynamoDB
 */
export function refuseDuplicates(table: string, keys: readonly JsonText[]): void {
  const seen = new Set<string>()
  for (const key of keys) {
    const canonical = canonicalKey(key)
    if (seen.has(canonical)) {
      throw new DuplicateKeyError(
        `Provided list of item keys contains duplicates: table ${table}, key ${key}`,
      )
    }
    seen.add(canonical)
  }
}

/** One text for all the ways to write one key. */
function canonicalKey(key: JsonText): string {
  return [...members(key)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const [[type, content] = ['', '']] = members(value)
      if (type === 'N') return JSON.stringify([name, type, canonicalNumber(unquote(content))])
      // What is no S, N or B is no key, and DynamoDB will say so.
      return JSON.stringify([name, type, type === 'S' || type === 'B' ? unquote(content) : content])
    })
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
