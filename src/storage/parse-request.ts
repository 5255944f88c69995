/**
 * A request as a caller wrote it, in DynamoDB's own JSON. It is sent as it is; it is parsed only to know which operation it is
 * and what it touches. Both must read it in the same way, so everything is refused that two JSON parsers may read differently.
 */
import { CLOSE_BRACE, LETTER_N, OPEN_BRACE, OPEN_BRACKET, QUOTE } from '../json/character-codes.js'
import { NEVER, SHORT_BYTES, SLICE_BYTES, type Sliced } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import { JsonReader } from '../json/reader.js'
import type { DynamoDBRequest, Parameter } from './request.js'

/** The parameters with the entries of batches and transactions. DynamoDB takes at most 100 entries. */
const ENTRY_LISTS: ReadonlySet<string> = new Set([
  'RequestItems',
  'TransactItems',
  'Statements',
  'TransactStatements',
])
/** An entry has its parameters at most this many levels below. */
const ENTRY_LEVELS = 4
/** The most values in the upper levels of these: far more than DynamoDB takes, and few enough to authorize in some ms. */
const MAX_ENTRY_VALUES = 10_000

/**
 * The parameters of a request. Strings are texts, everything else stays bytes; parameters that are `null` are left out, as
 * DynamoDB treats them.
 * @param body in UTF-8
 * @throws JsonError if it is not an object, or not valid JSON, or if an object in it has a name twice; if it has half a
 *   surrogate pair, or many times more entries than DynamoDB takes
 */
export function* parseRequest(body: Json): Sliced<DynamoDBRequest> {
  const reader = new JsonReader(body, { wellFormed: true })
  const parameters: [name: string, value: Parameter][] = []
  const names = new Names(reader)
  const slices = { pauseAt: body.length > SHORT_BYTES ? SLICE_BYTES : NEVER }
  if (reader.peek() !== OPEN_BRACE) reader.mustBe('an object')
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    names.add()
    const name = reader.nameText()
    const code = reader.peek()
    const start = reader.position
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      yield* uniqueNames(reader, slices, ENTRY_LISTS.has(name) ? MAX_ENTRY_VALUES : NEVER)
    } else reader.value()
    if (code === QUOTE) parameters.push([name, reader.stringAt(start, reader.position)])
    else if (code !== LETTER_N) parameters.push([name, body.subarray(start, reader.position)])
  }
  reader.end()
  return Object.fromEntries(parameters)
}

/**
 * Reads an object or an array in which every object has each of its names once.
 * @param most of the values in the upper levels
 */
function* uniqueNames(reader: JsonReader, slices: { pauseAt: number }, most: number): Sliced<void> {
  /** The closing brackets that are missing, and the names of their objects; innermost last. */
  const open: { readonly close: number; readonly names: Names | undefined }[] = []
  let values = 0
  do {
    const code = reader.peek()
    let first = code === OPEN_BRACE || code === OPEN_BRACKET
    if (open.length <= ENTRY_LEVELS && ++values > most) reader.fail('has too many entries')
    if (first) {
      reader.descend(open.length + 1)
      // In ASCII, a closing bracket comes two behind its opening one.
      open.push({ close: code + 2, names: code === OPEN_BRACE ? new Names(reader) : undefined })
    } else reader.value()
    let inner = open.at(-1)
    while (inner !== undefined && !reader.next(inner.close, first)) {
      open.pop()
      inner = open.at(-1)
      first = false
    }
    if (inner?.names !== undefined) {
      reader.name()
      inner.names.add()
    }
    if (reader.position >= slices.pauseAt) {
      slices.pauseAt = reader.position + SLICE_BYTES
      yield
    }
  } while (open.length > 0)
}

/** The names in one object. Most objects have one, which is not even decoded: `{"S": "text"}`. */
class Names {
  readonly #reader: JsonReader
  #first: { readonly start: number; readonly end: number } | undefined
  #all: Set<string> | undefined

  constructor(reader: JsonReader) {
    this.#reader = reader
  }

  /**
   * Adds the name that was read last.
   * @throws JsonError if the object has it already
   */
  add(): void {
    const { nameStart: start, nameEnd: end } = this.#reader
    if (this.#first === undefined) {
      this.#first = { start, end }
      return
    }
    this.#all ??= new Set([this.#reader.stringAt(this.#first.start, this.#first.end)])
    const name = this.#reader.nameText()
    if (this.#all.has(name)) this.#reader.fail(`has the name ${JSON.stringify(name)} twice`, start)
    this.#all.add(name)
  }
}
