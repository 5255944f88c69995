/**
 * Tags of documents: an object whose only name is a tag, such as `{"$binary":"AA=="}`, stands for a type that JSON lacks.
 * An object that has a second name is an ordinary map, so recognizing a tag needs a look ahead to its end.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  DOLLAR,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../json/character-codes.js'
import type { JsonReader } from '../json/reader.js'
import { checkItemSize } from './limits.js'

/**
 * The end of each value that was looked ahead over and may be the content of a tag, by its start. Tags within tags are
 * looked ahead over level by level; without this, that would take time in the square of the levels.
 */
const ends = new Map<number, number>()

/** To be called after each item, read or refused: its positions mean nothing in another one. */
export function forgetTags(): void {
  if (ends.size > 0) ends.clear()
}

/**
 * The tag that is the only name of the object that comes next; the reader is then in front of its content. Undefined,
 * with nothing read, if the object is an ordinary one.
 * @param tags by their names
 * @param depth the number of objects and arrays around the object
 */
export function readTag<Tag>(
  reader: JsonReader,
  tags: ReadonlyMap<string, Tag>,
  depth: number,
): Tag | undefined {
  const start = reader.position
  reader.position++
  if (reader.peek() === QUOTE && mayBeTag(reader, reader.position)) {
    reader.name()
    const tag = tags.get(reader.nameText())
    if (tag !== undefined) {
      const content = reader.position
      const end = ends.size === 0 ? undefined : ends.get(content)
      if (end === undefined) lookAhead(reader, depth)
      else reader.position = end
      if (reader.peek() === CLOSE_BRACE) {
        reader.position = content
        return tag
      }
    }
  }
  reader.position = start
  return undefined
}

/** Tells most ordinary objects by the first character of their first name: `$`, which may be written `\u0024`. */
function mayBeTag({ bytes }: JsonReader, name: number): boolean {
  const start = bytes[name + 1]
  return start === DOLLAR || start === BACKSLASH
}

/** Reads the next value like {@link JsonReader.value}, and remembers the ends of possible contents of tags in it. */
function lookAhead(reader: JsonReader, depth: number): void {
  checkItemSize(reader)
  const code = reader.peek()
  if (code === QUOTE) reader.string()
  else if (code === OPEN_BRACE) {
    reader.descend(depth)
    for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
      reader.name()
      const content = reader.position
      const isContent = first && mayBeTag(reader, reader.nameStart)
      lookAhead(reader, depth + 1)
      if (isContent) ends.set(content, reader.position)
    }
  } else if (code === OPEN_BRACKET) {
    reader.descend(depth)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) lookAhead(reader, depth + 1)
  } else reader.value(depth)
}
