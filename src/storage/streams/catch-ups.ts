/** The readers of one shard for subscribers that are behind. They read in turns, so that they make no more calls than one. */
import { SocketQueue } from '../call/socket-queue.js'
import { turnIn } from './delivery-turns.js'
import type { Follower } from './follower.js'
import { isAtOrBefore, type Place } from './place.js'
import { BUSY_MS, type ShardReader } from './shard-reader.js'

export interface CatchUp {
  readonly reader: ShardReader
  readonly followers: Set<Follower>
}

/** The most readers. */
const READERS = 4
/** Those that begin with the oldest changes read for a long time. The others are left to subscribers that resume. */
const READERS_FROM_START = 2

export class CatchUps {
  /** Whether each began with the oldest changes. */
  readonly #all = new Map<CatchUp, boolean>()
  readonly #turns = new SocketQueue(1)

  get all(): Iterable<CatchUp> {
    return this.#all.keys()
  }

  get size(): number {
    return this.#all.size
  }

  of(reader: ShardReader): CatchUp | undefined {
    return [...this.#all.keys()].find((some) => some.reader === reader)
  }

  /** Whether there may be another reader that begins at a place. */
  mayBeginAt({ kind }: Place): boolean {
    const fromStart = [...this.#all.values()].filter((isFromStart) => isFromStart).length
    return this.#all.size < READERS && (kind === 'after' || fromStart < READERS_FROM_START)
  }

  /**
   * The reader that a subscriber at a place should share: one that is right there or, if there cannot be another one, the
   * last one before the place.
   */
  sharedAt(place: Place): CatchUp | undefined {
    const mayBegin = this.mayBeginAt(place)
    let last: CatchUp | undefined
    for (const some of this.#all.keys()) {
      const at = some.reader.position.place
      if (!isAtOrBefore(at, place) || (mayBegin && !isAtOrBefore(place, at))) continue
      if (last === undefined || isAtOrBefore(last.reader.position.place, at)) last = some
    }
    return last
  }

  begin(reader: ShardReader, follower: Follower): void {
    const isFromStart = reader.position.place.kind !== 'after'
    this.#all.set({ reader, followers: new Set([follower]) }, isFromStart)
  }

  delete(catchUp: CatchUp): void {
    this.#all.delete(catchUp)
  }

  /** Waits for a turn to read. Returns what ends it. */
  async turn(): Promise<() => void> {
    const end = await turnIn(this.#turns)
    const endsAt = performance.now() + BUSY_MS
    return () => {
      if (this.#all.size < 2) end()
      else setTimeout(end, Math.max(0, endsAt - performance.now()))
    }
  }
}
