/**
 * Items in one order. DynamoDB promises none: the same content, written in another order, may come back in another
 * order, and only where equal items are equal bytes can a tag made from the bytes tell whether anything has changed.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  type JsonReader,
  OPEN_BRACE,
  OPEN_BRACKET,
} from '../json.js'
import type { JsonWriter } from '../json-writer.js'
import { readType, readUsualType } from './attribute-value.js'

interface Attribute {
  /** With its quotes, each byte as a character. */
  readonly name: string
  /** Where its value stands. */
  readonly start: number
  readonly end: number
}

/** Reads a map of names to AttributeValues, and writes it with names and the elements of sets in the order of their bytes. */
export function sortItem(reader: JsonReader, writer: JsonWriter): void {
  const attributes: Attribute[] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    const name = reader.bytes.toString('latin1', reader.nameStart, reader.nameEnd)
    const start = reader.position
    reader.value()
    attributes.push({ name, start, end: reader.position })
  }
  const end = reader.position
  writer.byte(OPEN_BRACE)
  for (const [index, { name, start, end }] of attributes.sort(byName).entries()) {
    if (index > 0) writer.byte(COMMA)
    writer.ascii(name)
    writer.byte(COLON)
    reader.position = start
    sortValue(reader, writer, end)
  }
  writer.byte(CLOSE_BRACE)
  reader.position = end
}

/** The same for an AttributeValue, which ends at a known place. */
function sortValue(reader: JsonReader, writer: JsonWriter, end: number): void {
  const { bytes } = reader
  reader.peek()
  const start = reader.position
  const type = readUsualType(reader) ?? readType(reader)
  switch (type) {
    case 'M':
      writer.copy(bytes, start, reader.position)
      sortItem(reader, writer)
      writer.copy(bytes, reader.position, end)
      break
    case 'L':
      reader.expect(OPEN_BRACKET)
      writer.copy(bytes, start, reader.position)
      for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
        if (!first) writer.byte(COMMA)
        const element = reader.position
        reader.value()
        const elementEnd = reader.position
        reader.position = element
        sortValue(reader, writer, elementEnd)
      }
      writer.byte(CLOSE_BRACKET)
      writer.copy(bytes, reader.position, end)
      break
    case 'SS':
    case 'NS':
    case 'BS': {
      const elements: string[] = []
      reader.expect(OPEN_BRACKET)
      writer.copy(bytes, start, reader.position)
      for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
        reader.peek()
        const element = reader.position
        reader.string()
        elements.push(bytes.toString('latin1', element, reader.position))
      }
      writer.ascii(elements.sort().join(','))
      writer.byte(CLOSE_BRACKET)
      writer.copy(bytes, reader.position, end)
      break
    }
    default:
      writer.copy(bytes, start, end)
  }
  reader.position = end
}

function byName(a: Attribute, b: Attribute): number {
  return a.name < b.name ? -1 : 1
}
