/** Which shards are to be read next. A shard begins where its parent has ended, so its parent is read first. */
import type { Place } from './place.js'
import type { Shard } from './stream-calls.js'

type Shards = ReadonlyMap<string, Shard>
/** The places of a subscriber in the shards that it reads or has read, by their ids. */
type Places = ReadonlyMap<string, { readonly place: Place }>

/**
 * The shards that a subscriber does not read yet, though everything before them was read: the children of those that it
 * has read to their end, and shards that have nothing to do with those that it reads. The ancestors of these were read
 * before.
 */
export function nextShards(shards: Shards, places: Places): Shard[] {
  const read = ancestorsOf(places.keys(), shards)
  const isRead = (id: string) => read.has(id) || places.get(id)?.place.kind === 'end'
  const isKnown = (id: string) => shards.has(id) || places.has(id)
  return [...shards.values()].filter(
    ({ id, parentId }) =>
      !places.has(id) && !read.has(id) && (parentId === undefined || !isKnown(parentId) || isRead(parentId)),
  )
}

/** Shards that were read to their end, and whose children take their place in a position. */
export function succeeded(shards: Shards, places: Places): string[] {
  const parents = new Set(
    [...shards.values()].flatMap(({ id, parentId }) =>
      parentId !== undefined && places.has(id) ? [parentId] : [],
    ),
  )
  return [...parents].filter((id) => places.get(id)?.place.kind === 'end')
}

export function hasChild(shards: Shards, id: string): boolean {
  for (const { parentId } of shards.values()) if (parentId === id) return true
  return false
}

function ancestorsOf(ids: Iterable<string>, shards: Shards): Set<string> {
  const found = new Set<string>()
  for (const id of ids) {
    let parentId = shards.get(id)?.parentId
    while (parentId !== undefined && !found.has(parentId)) {
      found.add(parentId)
      parentId = shards.get(parentId)?.parentId
    }
  }
  return found
}
