/**
 * `text/csv` in (RFC 4180): records as items. The header line names the attributes. A cell is text, unless its column has
 * another type. An empty cell is no attribute; `""` in a column of text is an empty text.
 */
import { isUtf8 } from 'node:buffer'
import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  COMMA,
  OPEN_BRACE,
  QUOTE,
  SPACE,
} from '../json/character-codes.js'
import { decimalOf } from '../json/decimal.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { endOfNumber } from '../json/scalars.js'
import { JsonWriter } from '../json/writer.js'
import type { Type } from './attribute-value.js'
import { decodeAttribute, decodeTagged } from './document.js'
import type { Entry } from './entries.js'
import { MAX_NUMBER_CHARACTERS } from './limits.js'

/** The types of the columns that are not text, by the name of the column. */
export type ColumnTypes = ReadonlyMap<string, Type>

interface Column {
  readonly name: string
  /** The name as it is written in front of a value, such as `"id":`. */
  readonly written: Buffer
  readonly type: Type
}

/** Shared by all records: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()
/** A table of CSV, of which each record is read in its turn; the first one is the header line. */
export class CsvTable {
  readonly #types: ColumnTypes
  #columns: readonly Column[] | undefined

  constructor(types: ColumnTypes) {
    this.#types = types
  }

  /**
   * The item of a record; undefined for the header line.
   * @throws JsonError with the name of the column as the path
   */
  readonly read = (record: Buffer): Entry | undefined => {
    if (!isUtf8(record)) throw new JsonError('is not valid UTF-8', '')
    if (this.#columns === undefined) {
      this.#columns = columnsOf(record, this.#types)
      return undefined
    }
    return { isDelete: false, json: itemOf(record, this.#columns) }
  }
}

function columnsOf(header: Buffer, types: ColumnTypes): readonly Column[] {
  const names: string[] = []
  let quotes = 0
  eachCell(header, (start, end, isQuoted) => {
    names.push(header.toString('utf8', start, end))
    if (isQuoted) quotes++
  })
  for (const [index, name] of names.entries()) {
    if (name === '') refuse(`has no name for column ${index + 1} in the header line`)
    if (names.indexOf(name) !== index) refuse(`has the name ${JSON.stringify(name)} twice in the header line`)
  }
  const [only = ''] = names
  if (names.length === 1 && quotes === 0 && /[;\t|]/.test(only)) {
    refuse(`has no comma in the header line ${JSON.stringify(only)}. Separate the cells by commas`)
  }
  const unknown = [...types.keys()].find((name) => !names.includes(name))
  if (unknown !== undefined) {
    refuse(`has no ${JSON.stringify(unknown)} in the header line, which querystring/types has a type for`)
  }
  return names.map((name) => ({
    name,
    written: Buffer.from(`${JSON.stringify(name)}:`),
    type: types.get(name) ?? 'S',
  }))
}

function itemOf(record: Buffer, columns: readonly Column[]): Buffer {
  let count = 0
  let first = true
  writer.clear()
  writer.byte(OPEN_BRACE)
  eachCell(record, (start, end, isQuoted) => {
    const column = columns[count++]
    if (column === undefined) return
    const { name, written, type } = column
    if (start === end && !(isQuoted && type === 'S')) return
    if (!first) writer.byte(COMMA)
    first = false
    writer.copy(written)
    if (type === 'S') writeText(record, start, end)
    else writeTyped(name, type, record, start, end)
  })
  if (count !== columns.length) {
    refuse(`has ${count} ${count === 1 ? 'cell' : 'cells'}, but the header line has ${columns.length}`)
  }
  writer.byte(CLOSE_BRACE)
  return writer.take()
}

/**
 * Calls `read` with the place of each cell, without its quotes. A cell with doubled quotes is changed in place: it gets
 * shorter.
 */
function eachCell(record: Buffer, read: (start: number, end: number, isQuoted: boolean) => void): void {
  const end = record.at(-1) === CARRIAGE_RETURN ? record.length - 1 : record.length
  for (let at = 0; ; at++) {
    if (at < end && record[at] === QUOTE) {
      const start = ++at
      let to = start
      for (; ; at++) {
        if (at >= end) refuse('has a quote that is not closed')
        if (record[at] === QUOTE && record[++at] !== QUOTE) break
        record[to++] = record[at] ?? 0
      }
      if (at < end && record[at] !== COMMA) refuse('has text between a closing quote and the next comma')
      read(start, to, true)
    } else {
      const start = at
      for (; at < end && record[at] !== COMMA; at++) {
        if (record[at] === QUOTE) {
          refuse(
            'has a quote within a cell: put the cell in quotes, and double this one (RFC 4180, section 2)',
          )
        }
      }
      read(start, at, false)
    }
    if (at >= end) return
  }
}

/** A text as an S. Nearly all need no escapes. */
function writeText(record: Buffer, start: number, end: number): void {
  writer.ascii('{"S":')
  if (needsEscapes(record, start, end)) writer.text(JSON.stringify(record.toString('utf8', start, end)))
  else {
    writer.byte(QUOTE)
    writer.copy(record, start, end)
    writer.byte(QUOTE)
  }
  writer.byte(CLOSE_BRACE)
}

function needsEscapes(record: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = record[at] ?? SPACE
    if (code < SPACE || code === QUOTE || code === BACKSLASH) return true
  }
  return false
}

function writeTyped(name: string, type: Type, record: Buffer, start: number, end: number): void {
  const fail = (what: string) => refuse(`must be ${what}`, `/${name}`)
  switch (type) {
    case 'N':
      if (end - start > MAX_NUMBER_CHARACTERS) fail('a number of fewer characters')
      // Fast path: a number as in JSON.
      if (
        endOfNumber(record, start) !== end &&
        decimalOf(record.toString('utf8', start, end)) === undefined
      ) {
        fail('a number')
      }
      writer.ascii('{"N":"')
      writer.copy(record, start, end)
      writer.ascii('"}')
      return
    case 'BOOL': {
      const word = record.toString('utf8', start, end).toLowerCase()
      if (word !== 'true' && word !== 'false') fail('true or false')
      writer.ascii(`{"BOOL":${word}}`)
      return
    }
    case 'NULL':
      if (record.toString('utf8', start, end).toLowerCase() !== 'null') fail('null')
      writer.ascii('{"NULL":true}')
      return
    default:
      writeDocument(name, type, record.subarray(start, end))
  }
}

/** The tags in documents of the types that JSON lacks. */
const tags: Readonly<Partial<Record<Type, string>>> = {
  B: '$binary',
  SS: '$stringSet',
  NS: '$numberSet',
  BS: '$binarySet',
}

/** A cell of JSON: the document of its type, or only what is in its tag. Binary may be base64 alone. */
function writeDocument(name: string, type: Type, cell: Buffer): void {
  const isBase64 = type === 'B' && cell[0] !== OPEN_BRACE
  const reader = new JsonReader(isBase64 ? Buffer.from(JSON.stringify(cell.toString())) : cell, {
    wellFormed: true,
  })
  const start = writer.length
  try {
    const tag = reader.peek() === OPEN_BRACE ? undefined : tags[type]
    if (tag === undefined) decodeAttribute(reader, writer)
    else decodeTagged(tag, reader, writer)
    reader.end()
  } catch (error) {
    if (error instanceof JsonError) refuse(error.message, `/${name}`)
    throw error
  }
  if (!writer.startsAt(start, `{"${type}"`)) refuse(`must be ${type} as JSON`, `/${name}`)
}

function refuse(message: string, path = ''): never {
  throw new JsonError(message, path)
}
