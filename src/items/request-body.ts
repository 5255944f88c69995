/**
 * Request bodies. A body is read into an object whose items are already DynamoDB's JSON. The schema validates that
 * object, and it becomes DynamoDB's request.
 */
import { didYouMean } from '../config/nearest-name.js'
import { CLOSE_BRACE, CLOSE_BRACKET, LETTER_N, OPEN_BRACE, OPEN_BRACKET } from '../json/character-codes.js'
import { NEVER, SHORT_BYTES, skip, SLICE_BYTES, type Sliced } from '../json/in-slices.js'
import { EMPTY_OBJECT, type Json, parse } from '../json/json.js'
import { Names } from '../json/names.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { setProperty } from '../json/set-property.js'
import { JsonWriter } from '../json/writer.js'
import type { Representation } from './representation.js'
import type { MaxEntries, Shape } from './shape.js'

/** Shared by all bodies: nothing waits between the first byte of an item and the last. */
const writer = new JsonWriter()

/** After more errors than this, a body is not read on: one message has to hold them. */
const MAX_ERRORS = 10

export interface RequestBody {
  /** The body with its items as DynamoDB's {@link Json} and everything else as plain values. */
  readonly value: unknown
  /** What is wrong with fields that could be read over: unknown ones, and items that are not items. */
  readonly errors: readonly JsonError[]
}

/** A body that cannot be read to its end. Its own error comes last in `errors`. */
export class RequestBodyError extends Error {
  override readonly name = 'RequestBodyError'
  readonly errors: readonly JsonError[]

  constructor(errors: readonly JsonError[]) {
    super('the request body cannot be read')
    this.errors = errors
  }
}

/** What a body may take in memory. */
export interface BodyLimits {
  /** The most entries of a batch: the elements of all lists for which the schema has no limit. */
  readonly maxEntries: number
  /**
   * Called before each pause with the size of all items that were read so far, in bytes. An error that it throws ends the
   * reading.
   */
  readonly hold: (bytes: number) => void
}

/**
 * Reads a request body. What is wrong with a field is collected, so that all can be reported at once: such a field is
 * skipped, and no value is built of it. A field that is `null` is left out of the value; inside an item, null is a value.
 * @throws RequestBodyError if the bytes are not JSON, if a name occurs twice in one object, or if there is too much of
 *   something
 */
export function* readBody(
  json: Json,
  shape: Shape,
  representation: Representation,
  limits: BodyLimits,
): Sliced<RequestBody> {
  const body = new BodyReader(json, representation, limits)
  // Long work waits for its turn before it begins.
  if (json.length > SHORT_BYTES) yield
  try {
    return { value: yield* body.read(shape), errors: body.errors }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new RequestBodyError([...body.errors, error])
  }
}

/** In the place of a value that has to be read in slices: a container, or an item that was refused. */
const NOT_READ = Symbol('not read')
/** In a path, the end of a name that is none but an index. */
const INDEX = -1
/** The origin of the reader while it reads no item: behind the end of any body. */
const NO_ITEM = 0x3fff_ffff

class BodyReader {
  readonly errors: JsonError[] = []
  readonly #reader: JsonReader
  readonly #representation: Representation
  readonly #limits: BodyLimits
  /**
   * The place of the next value, two numbers a level: the start and the end of a name, or an index and -1. Finding the
   * place in the bytes afterwards would mean walking the whole body for each error.
   */
  readonly #path: number[] = []
  /** Why the next item was refused. */
  #refusal: JsonError | undefined
  #entries = 0
  #itemBytes = 0
  #pauseAt: number

  constructor(json: Json, representation: Representation, limits: BodyLimits) {
    this.#reader = new JsonReader(json, { wellFormed: true })
    this.#reader.origin = NO_ITEM
    this.#representation = representation
    this.#limits = limits
    this.#pauseAt = json.length > SHORT_BYTES ? SLICE_BYTES : NEVER
  }

  *read(shape: Shape): Sliced<unknown> {
    try {
      const value = this.#readAtOnce(shape)
      const body = value === NOT_READ ? yield* this.#readInSlices(shape) : value
      this.#reader.end()
      return body
    } catch (error) {
      throw error instanceof JsonError ? this.#inPlace(error) : error
    }
  }

  /** Reads the next value, if that is an item or a scalar. */
  #readAtOnce(shape: Shape): unknown {
    const code = this.#reader.peek()
    if (shape.kind === 'item') return this.#item(this.#representation.decode)
    if (shape.kind === 'value') return this.#item(this.#representation.decodeValue)
    return code === OPEN_BRACE || code === OPEN_BRACKET ? NOT_READ : parse(this.#reader.take())
  }

  #item(decode: Representation['decode']): Json | typeof NOT_READ {
    const reader = this.#reader
    const start = reader.position
    reader.origin = start
    writer.clear()
    try {
      decode(reader, writer)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      this.#refusal = error
      reader.position = start
      return NOT_READ
    } finally {
      reader.origin = NO_ITEM
    }
    this.#itemBytes += writer.length
    return writer.take()
  }

  /** Reads the next value, which {@link #readAtOnce} has not read. */
  *#readInSlices(shape: Shape): Sliced<unknown> {
    const isObject = this.#reader.peek() === OPEN_BRACE
    if (isObject && (shape.kind === 'struct' || shape.kind === 'map')) return yield* this.#object(shape)
    if (!isObject && shape.kind === 'list') return yield* this.#list(shape)
    if (shape.kind === 'item' || shape.kind === 'value') return yield* this.#refusedItem()
    // The schema refuses a value of another type, whatever is in it, and says what is right.
    yield* skip(this.#reader)
    return isObject ? {} : []
  }

  *#refusedItem(): Sliced<Json> {
    const refusal = this.#refusal ?? new JsonError('must be an item', '')
    try {
      yield* skip(this.#reader)
    } catch {
      throw refusal
    }
    this.#addError(refusal)
    return EMPTY_OBJECT
  }

  *#list({ elements, maxEntries }: Extract<Shape, { kind: 'list' }>): Sliced<unknown[]> {
    const reader = this.#reader
    const list: unknown[] = []
    const level = this.#path.push(0, INDEX) - 2
    reader.expect(OPEN_BRACKET)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      this.#path[level] = list.length
      this.#count(list.length, maxEntries)
      const value = this.#readAtOnce(elements)
      list.push(value === NOT_READ ? yield* this.#readInSlices(elements) : value)
      if (this.#isSliceOver()) yield
    }
    this.#path.length = level
    return list
  }

  *#object(shape: Extract<Shape, { kind: 'struct' | 'map' }>): Sliced<object> {
    const reader = this.#reader
    const names = new Names(reader)
    const object: Record<string, unknown> = {}
    const level = this.#path.push(0, 0) - 2
    let count = 0
    reader.expect(OPEN_BRACE)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      this.#path[level] = reader.nameStart
      this.#path[level + 1] = reader.nameEnd
      names.add()
      const name = reader.nameText()
      if (shape.kind === 'map') {
        this.#count(count++, shape.maxEntries)
        const value = this.#readAtOnce(shape.values)
        setProperty(object, name, value === NOT_READ ? yield* this.#readInSlices(shape.values) : value)
        if (this.#isSliceOver()) yield
        continue
      }
      const field = shape.fields.get(name)
      if (field === undefined) {
        yield* skip(reader)
        this.#addError(new JsonError(unknownField(name, shape.fields.keys()), ''), level)
      } else if (reader.peek() === LETTER_N) {
        // As in DynamoDB, a parameter that is null is absent. Serializers of many languages send it.
        reader.literal('null')
      } else {
        const value = this.#readAtOnce(field.shape)
        object[field.name] = value === NOT_READ ? yield* this.#readInSlices(field.shape) : value
      }
    }
    this.#path.length = level
    return object
  }

  /** Counts an entry of the container that is being read, which has `before` already. */
  #count(before: number, maxEntries: MaxEntries): void {
    if (maxEntries === undefined) {
      if (++this.#entries <= this.#limits.maxEntries) return
      const most = `${this.#limits.maxEntries} entries (MAX_BATCH_ENTRIES)`
      this.#path.length = 2
      throw new JsonError(`has more than ${most}. Split it into several requests`, '')
    }
    if (before < maxEntries) return
    this.#path.length -= 2
    throw new JsonError(`must have at most ${maxEntries} entries`, '')
  }

  #isSliceOver(): boolean {
    const { position } = this.#reader
    if (position < this.#pauseAt) return false
    this.#pauseAt = position + SLICE_BYTES
    this.#limits.hold(this.#itemBytes)
    return true
  }

  #addError(error: JsonError, levels?: number): void {
    const placed = this.#inPlace(error, levels)
    if (this.errors.length === MAX_ERRORS) {
      this.#path.length = 0
      throw placed
    }
    this.errors.push(placed)
  }

  /** An error of the next value, or of one around it: at so many numbers of the path. */
  #inPlace({ message, path }: JsonError, levels = this.#path.length): JsonError {
    let place = ''
    for (let level = 0; level < levels; level += 2) {
      const [start = 0, end = 0] = this.#path.slice(level, level + 2)
      if (end === INDEX) place += `/${start}`
      else if (end > 0) place += `/${this.#reader.bytes.toString('utf8', start + 1, end - 1)}`
    }
    return new JsonError(message, place + path)
  }
}

function unknownField(name: string, names: Iterable<string>): string {
  return `has an unknown field ${JSON.stringify(name)}${didYouMean(name, names)}`
}
