/** A change of an item as a subscriber gets it: `{"id", "event", "keys", "newItem"?, "oldItem"?, "at", "sequenceNumber"}`. */
import { CLOSE_BRACE } from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { onOneLine } from '../json/one-line.js'
import { JsonReader } from '../json/reader.js'
import type { JsonWriter } from '../json/writer.js'
import type { Change } from '../storage/streams/change.js'
import type { Representation } from './representation.js'

/**
 * Writes a change on one line.
 * @param id the position right behind it: ASCII without quotes
 * @throws JsonError if an item in it is not DynamoDB's JSON
 */
export function writeChange(
  { event, keys, newItem, oldItem, createdAt, sequenceNumber }: Change,
  id: string,
  representation: Representation,
  writer: JsonWriter,
): void {
  const item = (name: string, json: Json | undefined) => {
    if (json === undefined) return
    writer.ascii(`,"${name}":`)
    const reader = new JsonReader(onOneLine(json))
    representation.encode(reader, writer)
    reader.end()
  }
  writer.ascii(`{"id":"${id}","event":"${event}"`)
  item('keys', keys)
  item('newItem', newItem)
  item('oldItem', oldItem)
  writer.text(`,"at":"${timeOf(createdAt)}","sequenceNumber":${JSON.stringify(sequenceNumber)}`)
  writer.byte(CLOSE_BRACE)
}

/** RFC 3339 in UTC, to the second that DynamoDB gives. */
function timeOf(seconds: number): string {
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`
}
