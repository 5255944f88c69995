/**
 * `text/csv` out (RFC 4180): a header line with the names of attributes, and a record for each item. Text is written as it
 * is, and numbers digit by digit. Sets, lists, maps and binary are their documents, as JSON. The cell of an attribute that
 * an item lacks is empty; an empty text is `""`.
 */
import { BACKSLASH, CLOSE_BRACE, COMMA, LETTER_T, OPEN_BRACE, QUOTE } from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { eachElement, eachMember } from '../json/parts.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { asAnswerError } from '../storage/errors.js'
import { readNumberString, readType, readUsualType } from './attribute-value.js'
import { encodeAttribute } from './document.js'
import { projectedNames } from './projection.js'
import type { Page, StreamFormat } from './stream-format.js'

/** An item has an attribute that is not in the header line, which has been sent. */
export class MissingColumnError extends Error {
  override readonly name = 'MissingColumnError'
}

export const csv: StreamFormat = {
  mediaType: 'text/csv',
  contentType: 'text/csv; charset=utf-8; header=present',
  // Not all readers skip empty lines.
  filler: '',
  open: async ({ request, keyNames, dropExtra }) => {
    const projected = projectedNames(request)
    const stream = new CsvStream(projected, projected === undefined ? await keyNames() : [], dropExtra)
    return (page) => {
      try {
        return stream.read(page)
      } catch (error) {
        throw asAnswerError(error)
      }
    }
  },
}

/** Shared by all pages: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()
/** Of one cell, before it gets quotes. */
const cellWriter = new JsonWriter()

/**
 * Texts that need quotes (RFC 4180, section 2), and names that would be read in another way without: a byte order mark would be
 * taken for that of the text, and a semicolon, a tab or a bar in the only name for what separates the cells.
 */
const needsQuotes = /[",\r\n\ufeff;\t|]/
const NOWHERE = -1

class CsvStream {
  readonly #keyNames: readonly string[]
  readonly #dropExtra: boolean
  /** Undefined until the header line is written. */
  #columns: ReadonlyMap<string, number> | undefined
  readonly #projected: readonly string[] | undefined
  /** The name at each place in the last item, with its quotes. */
  readonly #lastNames: { readonly written: Json; readonly column: number | undefined }[] = []
  /** Where the value of each column starts in the page that is read. */
  #starts: number[] = []

  constructor(projected: readonly string[] | undefined, keyNames: readonly string[], dropExtra: boolean) {
    this.#projected = projected
    this.#keyNames = keyNames
    this.#dropExtra = dropExtra
  }

  /** @throws MissingColumnError */
  read(json: Json): Page {
    const reader = new JsonReader(json)
    let lastEvaluatedKey: Json | undefined
    let count = 0
    writer.clear()
    if (this.#projected !== undefined && this.#columns === undefined) this.#writeHeader(this.#projected)
    eachMember(reader, (name) => {
      if (name === 'Items') {
        const columns = this.#columns ?? this.#columnsOfFirstItems(reader)
        eachElement(reader, () => {
          if (columns !== undefined) this.#writeRecord(reader, columns)
          count++
        })
      } else if (name === 'LastEvaluatedKey') lastEvaluatedKey = reader.take()
      else reader.value()
    })
    reader.end()
    if (lastEvaluatedKey === undefined && this.#columns === undefined) this.#writeHeader(this.#keyNames)
    return { bytes: writer.take(), count, lastEvaluatedKey }
  }

  /** Looks ahead over the items, if there are any, and writes the header line with their names. */
  #columnsOfFirstItems(reader: JsonReader): ReadonlyMap<string, number> | undefined {
    reader.peek()
    const start = reader.position
    const names = new Set<string>()
    eachElement(reader, () => {
      eachMember(reader, (name) => {
        names.add(name)
        reader.value()
      })
    })
    reader.position = start
    if (names.size === 0) return undefined
    return this.#writeHeader([...new Set([...this.#keyNames, ...[...names].sort()])])
  }

  #writeHeader(names: readonly string[]): ReadonlyMap<string, number> {
    for (const [number, name] of names.entries()) {
      if (number > 0) writer.byte(COMMA)
      writeText(name)
    }
    writer.ascii('\r\n')
    this.#starts = names.map(() => NOWHERE)
    return (this.#columns = new Map(names.map((name, number) => [name, number])))
  }

  /**
   * The column of the name that was just read; undefined if the attribute is left out.
   * @param member the number of the attribute in its item: nearly always it has the name that it had in the item before
   * @throws MissingColumnError
   */
  #columnOf(reader: JsonReader, member: number, columns: ReadonlyMap<string, number>): number | undefined {
    const { bytes, nameStart, nameEnd } = reader
    const last = this.#lastNames[member]
    if (last !== undefined && isSame(bytes, nameStart, nameEnd, last.written)) return last.column
    const name = reader.nameText()
    const column = columns.get(name)
    if (column === undefined && !this.#dropExtra) throw missingColumn(name)
    this.#lastNames[member] = { written: Buffer.from(bytes.subarray(nameStart, nameEnd)), column }
    return column
  }

  #writeRecord(reader: JsonReader, columns: ReadonlyMap<string, number>): void {
    const starts = this.#starts.fill(NOWHERE)
    reader.expect(OPEN_BRACE)
    for (let member = 0; reader.next(CLOSE_BRACE, member === 0); member++) {
      reader.name()
      const column = this.#columnOf(reader, member, columns)
      if (column !== undefined) {
        reader.peek()
        starts[column] = reader.position
      }
      reader.value()
    }
    const end = reader.position
    for (let column = 0; column < starts.length; column++) {
      if (column > 0) writer.byte(COMMA)
      const start = starts[column] ?? NOWHERE
      if (start === NOWHERE) continue
      reader.position = start
      writeCell(reader)
    }
    writer.ascii('\r\n')
    reader.position = end
  }
}

function isSame(bytes: Json, start: number, end: number, other: Json): boolean {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false
  return true
}

function missingColumn(name: string): MissingColumnError {
  return new MissingColumnError(
    `the attribute ${JSON.stringify(name)} has no column; name all columns in a projection, or leave out others with ?extra=drop`,
  )
}

/** Reads an AttributeValue and writes it as a cell. */
function writeCell(reader: JsonReader): void {
  const { bytes, position: start } = reader
  const type = readUsualType(reader) ?? readType(reader)
  const code = reader.peek()
  switch (type) {
    case 'S': {
      const from = reader.position
      reader.string()
      writeString(bytes, from + 1, reader.position - 1)
      return
    }
    case 'N':
      readNumberString(reader, writer)
      return
    case 'BOOL':
      writer.ascii(code === LETTER_T ? 'true' : 'false')
      return
    case 'NULL':
      writer.ascii('null')
      return
    default: {
      reader.position = start
      cellWriter.clear()
      encodeAttribute(reader, cellWriter)
      writeQuoted(cellWriter.take())
    }
  }
}

/** A JSON string, given without its quotes. Nearly all need neither quotes nor the replacement of an escape. */
function writeString(bytes: Json, start: number, end: number): void {
  if (start === end) {
    writer.ascii('""')
    return
  }
  let quoted = false
  for (let at = start; at < end; at++) {
    const code = bytes[at]
    if (code === BACKSLASH) {
      writeText(String(JSON.parse(bytes.toString('utf8', start - 1, end + 1))))
      return
    }
    if (code === COMMA) quoted = true
  }
  // Without a backslash there is neither a quote nor the end of a line in it.
  if (quoted) writer.byte(QUOTE)
  writer.copy(bytes, start, end)
  if (quoted) writer.byte(QUOTE)
}

function writeText(text: string): void {
  if (text === '' || needsQuotes.test(text)) writer.text(`"${text.replaceAll('"', '""')}"`)
  else writer.text(text)
}

/** JSON, in quotes and with its own ones doubled. */
function writeQuoted(json: Json): void {
  writer.byte(QUOTE)
  let from = 0
  for (let at = 0; at < json.length; at++) {
    if (json[at] !== QUOTE) continue
    writer.copy(json, from, at + 1)
    // The next part begins with this quote again.
    from = at
  }
  writer.copy(json, from)
  writer.byte(QUOTE)
}
