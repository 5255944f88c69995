/** A change of an item as a subscriber gets it: `{"id", "event", "keys", "newItem"?, "oldItem"?, "at", "sequenceNumber"}`. */
import { CLOSE_BRACE } from '../json/character-codes.js'
import type { Json } from '../json/json.js'
import { onOneLine } from '../json/one-line.js'
import { JsonReader } from '../json/reader.js'
import { JsonWriter } from '../json/writer.js'
import type { Change } from '../storage/streams/change.js'
import type { Representation } from './representation.js'

/** A change without its id is the same for all subscribers of a representation, so it is written once for all of them. */
const written = new WeakMap<Representation, WeakMap<Change, Json>>()
const bodies = new JsonWriter()

/**
 * Writes a change on one line.
 * @param id the position right behind it: ASCII without quotes
 * @throws JsonError if an item in it is not DynamoDB's JSON
 */
export function writeChange(
  change: Change,
  id: string,
  representation: Representation,
  writer: JsonWriter,
): void {
  writer.ascii(`{"id":"${id}"`)
  writer.copy(bodyOf(change, representation))
}

/** What follows on the id. */
function bodyOf(change: Change, representation: Representation): Json {
  let bodiesOf = written.get(representation)
  if (bodiesOf === undefined) written.set(representation, (bodiesOf = new WeakMap()))
  let body = bodiesOf.get(change)
  if (body === undefined) bodiesOf.set(change, (body = writeBody(change, representation)))
  return body
}

function writeBody(
  { event, keys, newItem, oldItem, createdAt, sequenceNumber }: Change,
  representation: Representation,
): Json {
  const item = (name: string, json: Json | undefined) => {
    if (json === undefined) return
    bodies.ascii(`,"${name}":`)
    const reader = new JsonReader(onOneLine(json))
    representation.encode(reader, bodies)
    reader.end()
  }
  bodies.clear()
  bodies.ascii(`,"event":"${event}"`)
  item('keys', keys)
  item('newItem', newItem)
  item('oldItem', oldItem)
  bodies.text(`,"at":"${timeOf(createdAt)}","sequenceNumber":${JSON.stringify(sequenceNumber)}`)
  bodies.byte(CLOSE_BRACE)
  return bodies.take()
}

/** RFC 3339 in UTC, to the second that DynamoDB gives. */
function timeOf(seconds: number): string {
  return `${new Date(Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`
}
