/**
 * The latest changes of a shard, from which subscribers a little behind are served without a call. They go back to a known place
 * without a gap.
 */
import { isAtOrBefore, type Place } from './place.js'
import type { ReadChange } from './shard-reader.js'

export class RecentChanges {
  /** In the order of the shard. */
  readonly #changes: ReadChange[] = []
  #bytes = 0
  /** Right before the first of them. */
  #floor: Place
  /** No change that was made at this time or later is missing, in s since 1970; undefined if that is not known. */
  #since: number | undefined

  constructor(floor: Place, since: number | undefined) {
    this.#floor = floor
    this.#since = since
  }

  get all(): readonly ReadChange[] {
    return this.#changes
  }

  /** @param maxBytes the most that all may take; the oldest ones are dropped */
  push(changes: readonly ReadChange[], maxBytes: number): void {
    for (const read of changes) {
      this.#changes.push(read)
      this.#bytes += read.change.bytes
    }
    let dropped = 0
    for (const { change, position } of this.#changes) {
      if (this.#bytes <= maxBytes) break
      this.#bytes -= change.bytes
      this.#floor = position.place
      this.#since = change.createdAt + 1
      dropped++
    }
    this.#changes.splice(0, dropped)
  }

  /** Whether everything behind a place is in here, or has not been read yet. */
  covers(place: Place): boolean {
    if (this.#floor.kind === 'start') return true
    if (place.kind === 'since') return this.#since !== undefined && this.#since <= place.at
    if (place.kind !== 'after') return false
    return [this.#floor, this.#changes[0]?.position.place].some(
      (before) => before?.kind === 'after' && isAtOrBefore(before, place),
    )
  }
}
