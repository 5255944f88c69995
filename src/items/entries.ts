/**
 * Items as people have them, each a JSON text of its own: on a line, or as an element of an array. The names in it tell what
 * it is:
 *
 * | entry | meaning |
 * |---|---|
 * | `{"Item":{"id":{"S":"a"}}}` | a put, as in a full export of DynamoDB |
 * | `{"Keys":{…},"NewImage":{…}}` | a put, as in an incremental export |
 * | `{"Keys":{…}}`, also with `OldImage` | a delete, as in an incremental export |
 * | `{"PutRequest":{"Item":{…}}}`, `{"DeleteRequest":{"Key":{…}}}` | a put, a delete, as in a batch write |
 * | `{"id":{"S":"a"}}` | a put in DynamoDB's own types |
 * | any other object | a put of a document |
 *
 * None of them can be taken for another: an item has its key, which is a string, a number or binary, and in a document
 * none of these is an object with a type for a name.
 *
 * Sources: Developer Guide, "DynamoDB table export output format"; API Reference, "BatchWriteItem".
 */
import { isUtf8 } from 'node:buffer'
import {
  BACKSLASH,
  CAPITAL_I,
  CLOSE_BRACE,
  END,
  LETTER_F,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { eachMember } from '../json/parts.js'
import { JsonError, JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import { lastNameAsType, type Type } from './attribute-value.js'
import { document, type Representation, typed } from './representation.js'

/** What an entry does. */
export interface Entry {
  readonly isDelete: boolean
  /** The item of a put, or the key of a delete, in DynamoDB's JSON. */
  readonly json: Json
}

/** Shared by all entries: nothing waits between the first byte that is written and the last. */
const writer = new JsonWriter()

/**
 * Reads an entry. Undefined if there is only white space.
 * @throws JsonError if it is none; it names the shape that was found
 */
export function readEntry(text: Buffer): Entry | undefined {
  const reader = new JsonReader(text, { wellFormed: true })
  const code = reader.peek()
  if (code === END) return undefined
  if (!isUtf8(text)) throw new JsonError('is not valid UTF-8', '')
  if (code !== OPEN_BRACE) refuseShape(reader, code)
  const start = reader.position
  const shape = shapeAt(reader)
  reader.position = shape.content ?? start
  writer.clear()
  shape.representation.decode(reader, writer)
  // What is around it has been read; the check is for what stands behind the whole entry.
  if (shape.end !== undefined) reader.position = shape.end
  reader.end()
  return { isDelete: shape.isDelete, json: writer.take() }
}

interface EntryShape {
  readonly isDelete: boolean
  readonly representation: Representation
  /** The position of the item or the key; that of the entry if undefined. */
  readonly content?: number
  /** The position behind the entry, if something is around its content. */
  readonly end?: number
}

const aDocument: EntryShape = { isDelete: false, representation: document }
const aTypedItem: EntryShape = { isDelete: false, representation: typed }

/** The first letters of the names around items: `Item`, `Keys`, `Metadata`, `NewImage`, `OldImage`, `PutRequest`, `DeleteRequest`. */
const wrapperInitials = new Set([...Buffer.from('IKMNOPD'), BACKSLASH])

/** The shape of the object that comes next. The reader's position means nothing afterwards. */
function shapeAt(reader: JsonReader): EntryShape {
  const start = reader.position
  reader.position++
  // Fast path: nearly all documents begin with a value that is no object.
  if (reader.peek() !== QUOTE) return aDocument
  const initial = reader.bytes[reader.position + 1] ?? END
  reader.name()
  if (reader.peek() !== OPEN_BRACE) return aDocument
  if (initial === CAPITAL_I) {
    const exported = exportedAt(reader)
    if (exported !== undefined) return exported
  }
  reader.position = start
  if (wrapperInitials.has(initial)) {
    const wrapped = wrappedIn(reader)
    if (wrapped !== undefined) return wrapped
    reader.position = start
  }
  return hasTypes(reader) ? aTypedItem : aDocument
}

/** Fast path: the last member of an object was `Item`, with an object of objects that comes next, and nothing follows. */
function exportedAt(reader: JsonReader): EntryShape | undefined {
  const content = reader.position
  if (reader.nameEnd - reader.nameStart !== QUOTED_ITEM.length || reader.nameText() !== 'Item')
    return undefined
  reader.value()
  if (reader.next(CLOSE_BRACE, false)) return undefined
  const end = reader.position
  if (!holdsObjects(reader, content)) return undefined
  return { isDelete: false, representation: typed, content, end }
}

const QUOTED_ITEM = '"Item"'

/** What is in an object with the names of an export or of a batch write; undefined if it has others. */
function wrappedIn(reader: JsonReader): EntryShape | undefined {
  const found = objectsIn(reader)
  if (found === undefined) return undefined
  const end = reader.position
  const has = (...names: string[]) => [...found.keys()].every((name) => names.includes(name))
  const put = (content: number | undefined) =>
    content === undefined ? undefined : { isDelete: false, representation: typed, content, end }
  const item = found.get('Item')
  if (item !== undefined && has('Item')) return holdsObjects(reader, item) ? put(item) : undefined
  const keys = found.get('Keys')
  if (keys !== undefined && has('Keys', 'NewImage', 'OldImage', 'Metadata') && holdsObjects(reader, keys)) {
    const image = found.get('NewImage')
    return put(image) ?? { isDelete: true, representation: typed, content: keys, end }
  }
  const within = (name: string, inner: string) => {
    const request = found.get(name)
    if (request === undefined || !has(name)) return undefined
    reader.position = request
    const parts = objectsIn(reader)
    return parts?.size === 1 ? parts.get(inner) : undefined
  }
  const key = within('DeleteRequest', 'Key')
  return (
    put(within('PutRequest', 'Item')) ??
    (key === undefined ? undefined : { isDelete: true, representation: typed, content: key, end })
  )
}

/**
 * The positions of the values of an object by name; undefined if one of them is no object, or two have one name. `null` is as
 * if it were missing.
 */
function objectsIn(reader: JsonReader): ReadonlyMap<string, number> | undefined {
  const found = new Map<string, number>()
  let others = 0
  eachMember(reader, (name) => {
    const isObject = reader.peek() === OPEN_BRACE
    const { position } = reader
    const isNull = reader.take().equals(NULL)
    if (isObject && !found.has(name)) found.set(name, position)
    else if (!isNull) others++
  })
  return others === 0 ? found : undefined
}

const NULL = Buffer.from('null')

/** Whether the first value of the object at a position is an object, or there is none: `{"$binary":"AA=="}` is not such an object. */
function holdsObjects(reader: JsonReader, position: number): boolean {
  reader.position = position + 1
  if (!reader.next(CLOSE_BRACE, true)) return true
  reader.name()
  return reader.peek() === OPEN_BRACE
}

/** What the value of each type begins with. */
const beginnings: Readonly<Record<Type, readonly number[]>> = {
  S: [QUOTE],
  N: [QUOTE],
  B: [QUOTE],
  BOOL: [LETTER_T, LETTER_F],
  NULL: [LETTER_T],
  M: [OPEN_BRACE],
  L: [OPEN_BRACKET],
  SS: [OPEN_BRACKET],
  NS: [OPEN_BRACKET],
  BS: [OPEN_BRACKET],
}

/** Whether every value of the object that comes next is an AttributeValue. */
function hasTypes(reader: JsonReader): boolean {
  reader.position++
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    if (reader.peek() !== OPEN_BRACE) return false
    reader.position++
    if (!reader.next(CLOSE_BRACE, true)) return false
    reader.name()
    const type = lastNameAsType(reader)
    if (type === undefined || !beginnings[type].includes(reader.peek())) return false
    reader.value()
    if (reader.next(CLOSE_BRACE, false)) return false
  }
  return true
}

/** @throws JsonError that says what is found instead of an object, and what would do */
function refuseShape(reader: JsonReader, code: number): never {
  if (code === OPEN_BRACKET) {
    reader.fail(
      'must be an object: it is an array. Send an array of items with the Content-Type application/json',
    )
  }
  if (code === QUOTE) reader.fail('must be an object: it is a string')
  const { bytes, position } = reader
  const word = bytes.toString('utf8', position, position + 40).split(/[\s,;]/, 1)[0] ?? ''
  if (/^(?:-?\d|true$|false$|null$)/.test(word)) reader.fail('must be an object: it is a value alone')
  reader.fail(
    `must be an object: it begins with ${JSON.stringify(word)}, which is no JSON. CSV has the Content-Type text/csv`,
  )
}
