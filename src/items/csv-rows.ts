/**
 * `text/csv` in (RFC 4180): records as items. The header line names the attributes. A cell is text, unless its column has
 * another type. An empty cell is no attribute; `""` in a column of text is an empty text.
 */
import { isUtf8 } from 'node:buffer'
import { BACKSLASH, CARRIAGE_RETURN, COMMA, OPEN_BRACE, QUOTE, SPACE } from '../json/character-codes.js'
import { decimalOf } from '../json/decimal.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import type { Type } from './attribute-value.js'
import { decodeAttribute } from './document.js'
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
/** The document in a cell. */
const cellWriter = new JsonWriter()

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
  eachCell(header, (cell) => {
    names.push(cell.toString())
  })
  for (const [index, name] of names.entries()) {
    if (name === '') refuse(`has no name for column ${index + 1} in the header line`)
    if (names.indexOf(name) !== index) refuse(`has the name ${JSON.stringify(name)} twice in the header line`)
  }
  const [only = ''] = names
  if (names.length === 1 && /[;\t|]/.test(only)) {
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
  writer.ascii('{')
  eachCell(record, (cell, isQuoted) => {
    const column = columns[count++]
    if (column === undefined) return
    const { name, written, type } = column
    if (cell.length === 0 && !(isQuoted && type === 'S')) return
    if (!first) writer.byte(COMMA)
    first = false
    writer.copy(written)
    if (type === 'S') writeText(cell)
    else writeTyped(name, type, cell)
  })
  if (count !== columns.length) {
    refuse(`has ${count} ${count === 1 ? 'cell' : 'cells'}, but the header line has ${columns.length}`)
  }
  writer.ascii('}')
  return writer.take()
}

/** Calls `read` with each cell, without its quotes. */
function eachCell(record: Buffer, read: (cell: Buffer, isQuoted: boolean) => void): void {
  const end = record.at(-1) === CARRIAGE_RETURN ? record.length - 1 : record.length
  for (let at = 0; ; at++) {
    if (record[at] === QUOTE && at < end) {
      let close = record.indexOf(QUOTE, at + 1)
      let isDoubled = false
      while (close !== -1 && record[close + 1] === QUOTE) {
        isDoubled = true
        close = record.indexOf(QUOTE, close + 2)
      }
      if (close === -1) refuse('has a quote that is not closed')
      const cell = record.subarray(at + 1, close)
      at = close + 1
      if (at < end && record[at] !== COMMA) {
        refuse('has text between a closing quote and the next comma')
      }
      read(isDoubled ? Buffer.from(cell.toString().replaceAll('""', '"')) : cell, true)
    } else {
      const start = at
      for (; at < end && record[at] !== COMMA; at++) {
        if (record[at] === QUOTE) {
          refuse(
            'has a quote within a cell: put the cell in quotes, and double this one (RFC 4180, section 2)',
          )
        }
      }
      read(record.subarray(start, at), false)
    }
    if (at >= end) return
  }
}

/** A text as an S. Nearly all need no escapes. */
function writeText(cell: Buffer): void {
  writer.ascii('{"S":')
  if (needsEscapes(cell)) writer.text(JSON.stringify(cell.toString()))
  else {
    writer.byte(QUOTE)
    writer.copy(cell)
    writer.byte(QUOTE)
  }
  writer.ascii('}')
}

function needsEscapes(cell: Buffer): boolean {
  for (const code of cell) if (code < SPACE || code === QUOTE || code === BACKSLASH) return true
  return false
}

function writeTyped(name: string, type: Type, cell: Buffer): void {
  const fail = (what: string) => refuse(`must be ${what}`, `/${name}`)
  switch (type) {
    case 'N':
      if (cell.length > MAX_NUMBER_CHARACTERS || decimalOf(cell.toString()) === undefined) fail('a number')
      writer.ascii('{"N":"')
      writer.copy(cell)
      writer.ascii('"}')
      return
    case 'BOOL': {
      const word = cell.toString().toLowerCase()
      if (word !== 'true' && word !== 'false') fail('true or false')
      writer.ascii(`{"BOOL":${word}}`)
      return
    }
    case 'NULL':
      if (cell.toString().toLowerCase() !== 'null') fail('null')
      writer.ascii('{"NULL":true}')
      return
    default:
      writeDocument(name, type, cell)
  }
}

/** What is around a cell of a type, if the cell is not the whole document: binary is base64, and a set is an array. */
const documents: Readonly<Partial<Record<Type, readonly [before: string, after: string]>>> = {
  B: ['{"$binary":"', '"}'],
  SS: ['{"$stringSet":', '}'],
  NS: ['{"$numberSet":', '}'],
  BS: ['{"$binarySet":', '}'],
}

/** A cell of JSON: the document of its type. */
function writeDocument(name: string, type: Type, cell: Buffer): void {
  const [before, after] = (cell[0] === OPEN_BRACE ? undefined : documents[type]) ?? ['', '']
  const json = Buffer.concat([Buffer.from(before), cell, Buffer.from(after)])
  const reader = new JsonReader(json, { wellFormed: true })
  cellWriter.clear()
  try {
    decodeAttribute(reader, cellWriter)
    reader.end()
  } catch (error) {
    if (error instanceof JsonError) refuse(error.message, `/${name}`)
    throw error
  }
  const value = cellWriter.take()
  if (!value.toString('latin1', 0, 6).startsWith(`{"${type}"`)) refuse(`must be ${type} as JSON`, `/${name}`)
  writer.copy(value)
}

function refuse(message: string, path = ''): never {
  throw new JsonError(message, path)
}
