/** A JSON Merge Patch (RFC 7396) of an item, whose values are DynamoDB's JSON. */
import { CLOSE_BRACE, OPEN_BRACE } from '../../json/character-codes.js'
import type { Json } from '../../json/json.js'
import { eachMember, members, objectOf } from '../../json/parts.js'
import { JsonReader } from '../../json/reader.js'

/** What becomes of each attribute that the patch names. */
export type Patch = ReadonlyMap<string, Change>

/** Null removes, a patch is merged into the map that is there, and an AttributeValue is set. */
export type Change = null | Patch | Json

/** Attributes by name, each an AttributeValue. */
export type Attributes = ReadonlyMap<string, Json>

/**
 * Reads a patch: a map of names to AttributeValues, in which NULL removes and M is a patch of a map. What is within a list
 * is a value.
 * @throws JsonError if it is not such a map
 */
export function readPatch(json: Json): Patch {
  return readChanges(new JsonReader(json))
}

function readChanges(reader: JsonReader): Patch {
  const changes = new Map<string, Change>()
  eachMember(reader, (name) => changes.set(name, readChange(reader)))
  return changes
}

function readChange(reader: JsonReader): Change {
  reader.peek()
  const start = reader.position
  reader.expect(OPEN_BRACE)
  reader.name()
  const type = reader.nameText()
  const patch = type === 'M' ? readChanges(reader) : undefined
  if (patch === undefined) reader.value()
  reader.expect(CLOSE_BRACE)
  if (patch !== undefined) return patch
  return type === 'NULL' ? null : reader.bytes.subarray(start, reader.position)
}

export function isPatch(change: Change): change is Patch {
  return change !== null && !Buffer.isBuffer(change)
}

/**
 * The value after a change, undefined if it is removed.
 * @param current the AttributeValue before it; undefined if there is none
 */
export function patchedValue(change: Change, current?: Json): Json | undefined {
  if (change === null) return undefined
  if (!isPatch(change)) return change
  const patched = new Map<string, Json | undefined>(current && mapIn(current))
  for (const [name, inner] of change) patched.set(name, patchedValue(inner, patched.get(name)))
  return objectOf([['M', objectOf(patched)]])
}

/** The members of the map that an AttributeValue is; undefined if it is of another type. */
export function mapIn(value: Json): Attributes | undefined {
  const map = members(value).get('M')
  return map && members(map)
}
