/** One input for the module and for the reference: the same bytes, the same position and the same refusal. */
import { batchGet, batchWrite } from '../../schemas/batch.js'
import { put, query } from '../../schemas/items.js'
import { transactGet, transactWrite } from '../../schemas/transactions.js'
import { CLOSE_BRACKET, COMMA } from '../../src/json/character-codes.js'
import type { JsonReader } from '../../src/json/reader.js'
import { type Shape, shapeOf } from '../../src/items/shape.js'
import { ListForm, type Translator } from '../../src/translator/translator.js'
import { limits } from '../helpers/request-bodies.js'
import { ALONE, type Alone, type Input, type ShapeName } from './input.js'
import type { Translation } from './reference.js'
import * as service from './translation.js'

const schemas = { query, put, batchGet, batchWrite, transactGet, transactWrite }
const names = Object.keys(schemas) as ShapeName[]
const shapes = {
  answer: new Map(names.map((name) => [name, shapeOf(schemas[name].response[200])])),
  body: new Map(names.map((name) => [name, shapeOf(schemas[name].body)])),
}

/** What became of an input. */
export interface Result {
  /** What the reference has made of it and what the module has, or the service with it, if these differ. */
  readonly difference?: readonly [reference: string, module: string]
  /** Whether the module has taken it. It takes parts only of answers and bodies. */
  readonly isTaken: boolean
}

export function compare(input: Input, translator: Translator, reference: Translation): Result {
  const { operation } = input
  if (!isAlone(operation)) {
    const expected = textOf(() => whole(input, reference))
    const found = textOf(() => whole(input, service))
    return { isTaken: false, ...(expected !== found && { difference: [expected, found] }) }
  }
  let count = 0
  const found = textOf(() => {
    const done = byModule(operation, input, translator)
    count = done.count
    return done
  })
  const expected = textOf(() => byReference(operation, input, reference, count))
  return { isTaken: count > 0, ...(expected !== found && { difference: [expected, found] }) }
}

function isAlone(operation: Input['operation']): operation is Alone {
  return ALONE.some((name) => name === operation)
}

/** What was done with an input. */
interface Done {
  /** How many items were read. */
  readonly count: number
  readonly written: Buffer
  /** Behind what was read. */
  readonly position: number
  readonly lastItem?: number
}

const writer = new service.JsonWriter()

function byModule(operation: Alone, input: Input, translator: Translator): Done {
  const { before, json, behind, wellFormed, form, isFirst, most, pauseAfter } = input
  const bytes = inMemory(input, Buffer.concat([before, json, behind]), translator)
  const reader = new service.JsonReader(bytes, { wellFormed })
  reader.position = before.length
  writer.clear()
  if (operation === 'list') {
    const count = translator.list(reader, writer, form, isFirst, most, reader.position + pauseAfter)
    return {
      count,
      written: writer.take(),
      position: reader.position,
      ...(count > 0 && { lastItem: translator.lastItem }),
    }
  }
  const isTaken = translator[operation](reader, writer)
  return { count: isTaken ? 1 : 0, written: writer.take(), position: reader.position }
}

/** @param count what the module has read, which the reference must be able to read, too */
function byReference(operation: Alone, input: Input, reference: Translation, count: number): Done {
  const { before, json, behind, wellFormed } = input
  const reader = new reference.JsonReader(Buffer.concat([before, json, behind]), { wellFormed })
  reader.position = before.length
  writer.clear()
  if (operation === 'list') {
    const lastItem = listByReference(input, reader, reference, count)
    return { count, written: writer.take(), position: reader.position, ...(count > 0 && { lastItem }) }
  }
  if (count > 0) byReferenceOf[operation](reference, reader)
  return { count, written: writer.take(), position: reader.position }
}

const byReferenceOf: Readonly<
  Record<Exclude<Alone, 'list'>, (reference: Translation, reader: JsonReader) => void>
> = {
  encode: (reference, reader) => {
    reference.encodeItem(reader, writer)
  },
  decode: (reference, reader) => {
    reference.decodeItem(reader, writer)
  },
  check: (reference, reader) => {
    reference.checkItem(reader, writer)
    // It has copied the item; the module leaves that to its caller.
    writer.clear()
  },
  skip: (_, reader) => {
    reader.value()
  },
}

/** Reads so many items of a list. Returns the position of the last one. */
function listByReference(
  { form, isFirst, most, pauseAfter }: Input,
  reader: JsonReader,
  reference: Translation,
  count: number,
): number {
  if (count > most) throw new Error('more items than wanted')
  const stop = reader.position + pauseAfter
  const areDocuments = form === ListForm.documents || form === ListForm.documentLines
  const { line, encode } = areDocuments ? reference.document : reference.typed
  const areLines = form === ListForm.documentLines || form === ListForm.valueLines
  let last = reader.position
  for (let n = 0; n < count; n++) {
    if (reader.position >= stop) throw new Error('read beyond the pause')
    const first = isFirst && n === 0
    if (!reader.next(CLOSE_BRACKET, first)) throw new Error('read beyond the end')
    reader.peek()
    last = reader.position
    if (areLines) writer.ascii(line[0])
    else if (!first) writer.byte(COMMA)
    encode(reader, writer)
    if (areLines) writer.ascii(line[1])
  }
  return last
}

/** The bytes of an input as they are, or in the module's memory. */
function inMemory({ pieces: size }: Input, bytes: Buffer, translator: Translator): Buffer {
  return size === 0 ? bytes : (translator.hold(piecesOf(bytes, size), bytes.length) ?? bytes)
}

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
}

/** An answer or a body as a whole, which the module may do in parts. */
function whole(input: Input, by: Translation): object {
  const { json, pieces: size, shape, isTyped, most: limit, leaveOut } = input
  const representation = isTyped ? by.typed : by.document
  const pieces = new by.Pieces(piecesOf(json, size || MAX_PIECE))
  switch (input.operation) {
    case 'answer': {
      const answer = size === 0 ? json : pieces
      return by.atOnce(by.translateAnswer(answer, shapeIn(shapes.answer, shape), representation))
    }
    case 'item':
      return [by.itemIn(pieces, 'Attributes', representation)]
    case 'page':
      return by.readItemPage(pieces, { representation, limit, leaveOut })
    case 'lines':
      // It may change the bytes that it reads.
      return by.readPage(Buffer.from(json), representation)
    default:
      return by.atOnce(by.readBody(json, shapeIn(shapes.body, shape), representation, limits))
  }
}

const MAX_PIECE = 64 * 1024

function shapeIn(of: ReadonlyMap<ShapeName, Shape>, name: ShapeName): Shape {
  return of.get(name) ?? { kind: 'plain' }
}

/** The outcome of work as a text: what it returns, or what it throws. Bytes are written as characters of as many bits. */
function textOf(work: () => unknown): string {
  try {
    return written(work())
  } catch (error) {
    return `thrown: ${thrown(error)}`
  }
}

function written(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${written(part)}\n`)
    .join('')
}

function thrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message } = error
  const path = 'path' in error ? String(error.path) : ''
  const errors: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : [error.cause]
  const causes = errors.filter((cause) => cause !== undefined).map((cause) => `\n  ${thrown(cause)}`)
  return `${name} ${path} ${message}${causes.join('')}`
}
