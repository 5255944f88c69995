/**
 * The limits of items, a little above DynamoDB's own (Developer Guide, "Quotas in Amazon DynamoDB"): they bound the work on
 * what DynamoDB refuses anyway, and leave the exact message to it.
 */
import type { JsonReader } from '../json/reader.js'

/**
 * An item of DynamoDB's 400 KB never has more bytes than this as JSON: the largest are lists of empty strings, with 9 bytes
 * of JSON for each byte. A body could otherwise grow to many times its size: `[1,1,…` becomes `{"L":[{"N":"1"},{"N":"1"},…`.
 */
const MAX_ITEM_BYTES = 4 * 1024 * 1024

/** DynamoDB takes 32 levels of maps and lists, the item itself included. */
export const MAX_ITEM_LEVELS = 40

/** DynamoDB takes 38 significant digits, but any number of zeros around them. */
export const MAX_NUMBER_CHARACTERS = 1000
const TOO_LONG_NUMBER = `is a number of more than ${MAX_NUMBER_CHARACTERS} characters`

/**
 * Checks the size of an item, of which a part has been read and written. The reader's origin is the start of the item.
 * @throws JsonError if no item is as large
 */
export function checkItemSize(reader: JsonReader, written = 0): void {
  if (written > MAX_ITEM_BYTES || reader.position - reader.origin > MAX_ITEM_BYTES) {
    reader.fail('is larger than any item can be')
  }
}

/** The translator reads at most 1 MiB and writes at most 2 MiB at once: it cannot reach the limit from so far. */
const FAR_BYTES = MAX_ITEM_BYTES / 4

/** Whether an item, of which a part has been read and written, is so small that its size need not be checked any more. */
export function isFarFromLimits(reader: JsonReader, written = 0): boolean {
  return written <= FAR_BYTES && reader.position - reader.origin <= FAR_BYTES
}

/**
 * Reads the opening bracket of a map or a list.
 * @param depth the number of brackets around it
 * @param limit of `depth`
 * @throws JsonError if no item is nested as deep
 */
export function enterLevel(reader: JsonReader, depth: number, limit = MAX_ITEM_LEVELS): void {
  if (depth >= limit) reader.fail('is nested deeper than the 32 levels that DynamoDB takes')
  reader.position++
}

/**
 * Checks the length of the number that was just read.
 * @param start its position
 * @throws JsonError if it is longer than any number that DynamoDB has a use for
 */
export function checkNumberLength(reader: JsonReader, start: number): void {
  if (reader.position - start > MAX_NUMBER_CHARACTERS) reader.fail(TOO_LONG_NUMBER, start)
}
