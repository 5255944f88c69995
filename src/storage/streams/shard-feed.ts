/**
 * The readers of one shard. The live one is where the changes are made, and serves all subscribers that are up to date. Those
 * that are behind are served by a few others, each until it arrives where the live one is.
 */
import { Cancellation } from '../call/cancellation.js'
import { type CallLimits, within } from '../call/limits.js'
import { wait } from '../call/retry.js'
import { SharedCall } from '../call/shared-call.js'
import { type CatchUp, CatchUps } from './catch-ups.js'
import { deliveryTurn } from './delivery-turns.js'
import { PositionExpiredError, SlowSubscriberError } from './errors.js'
import type { Follower } from './follower.js'
import { isAtOrBefore, type Place } from './place.js'
import { RecentChanges } from './recent-changes.js'
import { type ReadChange, ShardReader, type ShardReaderOwner, type ShardSource } from './shard-reader.js'

interface Live {
  readonly reader: ShardReader
  readonly followers: Set<Follower>
  readonly recent: RecentChanges
}

/** What all shards of a stream share. */
export interface SharedByShards {
  /** The most that the recent changes of one shard may take, in bytes. */
  readonly recentBytes: () => number
  /** Waits for a turn to read changes for those who are behind. Returns what ends it. */
  readonly turn: () => Promise<() => void>
  readonly changesRead: (changes: readonly ReadChange[]) => void
}

/** A newcomer waits this long, in ms, for the live reader to read what there is now. */
const FRESH_MS = 5000
/** Those who are behind wait for each other, but no longer than this, in ms. */
const STALLED_MS = 10_000
/** After so many empty answers, a reader has arrived. DynamoDB gives some in the middle of a shard, too. */
const ARRIVED_AFTER = 5
/** A reader has arrived if its last change is not older than this, in s; DynamoDB Local rounds to the minute. */
const RECENT_S = 70

export class ShardFeed implements ShardReaderOwner {
  readonly #source: ShardSource
  readonly #shared: SharedByShards
  #live: Live | undefined
  /** The live reader that is being started. */
  #starting: SharedCall<ShardReader> | undefined
  /** How many are in {@link followFromNow}. */
  #newcomers = 0
  readonly #catchUps = new CatchUps()
  /** They are further behind than all readers, and there cannot be more of them. */
  readonly #waiting = new Set<Follower>()

  constructor(source: ShardSource, shared: SharedByShards) {
    this.#source = source
    this.#shared = shared
  }

  isUnused(): boolean {
    return this.#newcomers === 0 && this.#live === undefined && this.#catchUps.size === 0
  }

  /** Whether everything behind a place is at hand, or is still to be read by the live reader. */
  covers(place: Place): boolean {
    return this.#live?.recent.covers(place) === true
  }

  /**
   * Adds a follower at the place where the changes are made now.
   * @throws StorageError
   */
  async followFromNow(follower: Follower, limits: CallLimits): Promise<void> {
    this.#newcomers++
    try {
      if (this.#live !== undefined) await within(FRESH_MS, limits, this.#live.reader.upToNow())
      const live = this.#live ?? (await this.#start(limits))
      if (follower.isOver()) return
      live.followers.add(follower)
      follower.move(live.reader.position)
    } finally {
      this.#newcomers--
      // It may have left while its reader was started.
      if (this.#newcomers === 0) this.#stopUnusedLive()
    }
  }

  async #start(limits: CallLimits): Promise<Live> {
    if (this.#starting?.canceled !== false) {
      this.#starting = new SharedCall(({ signal }) => ShardReader.fromNow(this.#source, signal))
    }
    const starting = this.#starting
    try {
      const reader = await starting.join(limits)
      return this.#live ?? this.#goLive(reader, new Set())
    } finally {
      if (this.#starting === starting) this.#starting = undefined
    }
  }

  /**
   * Adds a follower at its own place.
   * @param iterator for this place, if there is one already
   */
  follow(follower: Follower, iterator?: string): void {
    if (follower.isOver()) return
    const { shardId } = this.#source
    const position = follower.positionIn(shardId)
    if (this.covers(position.place)) {
      this.#joinLive(follower)
      return
    }
    const shared = this.#catchUps.sharedAt(position.place)
    if (shared !== undefined) shared.followers.add(follower)
    else if (this.#catchUps.mayBeginAt(position.place)) {
      const reader = new ShardReader(this.#source, position, iterator)
      this.#catchUps.begin(reader, follower)
      void reader.run(this)
    } else this.#waiting.add(follower)
  }

  /** Removes a follower. Readers without followers stop. */
  leave(follower: Follower): void {
    this.#waiting.delete(follower)
    this.#live?.followers.delete(follower)
    this.#stopUnusedLive()
    for (const catchUp of this.#catchUps.all) {
      if (catchUp.followers.delete(follower) && catchUp.followers.size === 0) this.#endCatchUp(catchUp)
    }
  }

  #stopUnusedLive(): void {
    if (this.#live?.followers.size !== 0) return
    this.#live.reader.stop()
    this.#live = undefined
  }

  async admit(reader: ShardReader): Promise<() => void> {
    await deliveryTurn()
    const catchUp = this.#catchUps.of(reader)
    if (catchUp === undefined) return () => undefined
    await this.#roomOf(catchUp.followers)
    const ends = [await this.#catchUps.turn(), await this.#shared.turn()]
    return () => {
      for (const end of ends) end()
    }
  }

  received(reader: ShardReader, changes: readonly ReadChange[]): void {
    const { shardId } = this.#source
    const live = this.#live
    const catchUp = this.#catchUps.of(reader)
    const [leading = live] = live === undefined ? this.#catchUps.all : []
    if (reader === leading?.reader && changes.length > 0) this.#shared.changesRead(changes)
    if (reader === live?.reader) {
      live.recent.push(changes, this.#shared.recentBytes())
      for (const follower of [...live.followers]) follower.receive(shardId, changes, false)
    } else if (catchUp !== undefined) {
      for (const follower of [...catchUp.followers]) follower.receive(shardId, changes, true)
      this.#handOver(catchUp, changes.at(-1)?.change.createdAt)
    }
  }

  ended(reader: ShardReader): void {
    const { shardId } = this.#source
    for (const follower of this.#release(reader)) follower.ended(shardId)
  }

  failed(reader: ShardReader, error: unknown): void {
    const { shardId } = this.#source
    const { place } = reader.position
    for (const follower of this.#release(reader)) {
      // Of those who are behind, those further on may still be served.
      const isFurther = !isAtOrBefore(follower.positionIn(shardId).place, place)
      if (error instanceof PositionExpiredError && isFurther) this.follow(follower)
      else follower.fail(error)
    }
  }

  /** Takes the followers from a reader that has stopped. */
  #release(reader: ShardReader): readonly Follower[] {
    const catchUp = this.#catchUps.of(reader)
    const reading = this.#live?.reader === reader ? this.#live : catchUp
    const released = [...(reading?.followers ?? [])]
    reading?.followers.clear()
    if (catchUp !== undefined) this.#endCatchUp(catchUp)
    else if (reading !== undefined) this.#live = undefined
    return released
  }

  #goLive(reader: ShardReader, followers: Set<Follower>): Live {
    const { place } = reader.position
    const isFromStart = place.kind !== 'after' && reader.sinceTime === undefined
    const floor: Place = isFromStart ? { kind: 'start', at: 0 } : place
    const live = { reader, followers, recent: new RecentChanges(floor, reader.sinceTime) }
    this.#live = live
    if (!reader.running) void reader.run(this)
    return live
  }

  #joinLive(follower: Follower): void {
    const live = this.#live
    if (live === undefined) return
    live.followers.add(follower)
    follower.receive(this.#source.shardId, live.recent.all, true)
    // Another replica may have read more than this one; a place without a number has not.
    const { place } = follower.positionIn(this.#source.shardId)
    if (place.kind !== 'after' && live.recent.all.length === 0) follower.move(live.reader.position)
  }

  /**
   * After a reader that catches up has read: it is not needed any more once it is where the live one is. If the live one has
   * not read anything yet, nothing tells where that is, and it takes the place of the live one when there are no more changes.
   * @param lastTime of the last change that it has read, in s since 1970
   */
  #handOver(catchUp: CatchUp, lastTime: number | undefined): void {
    const { reader, followers } = catchUp
    const arrived = reader.emptyAnswers >= ARRIVED_AFTER
    if (this.#live === undefined) {
      const isRecent = lastTime !== undefined && lastTime >= Date.now() / 1000 - RECENT_S
      if (arrived || isRecent) this.#replaceLive(catchUp)
    } else if (this.covers(reader.position.place)) {
      for (const follower of followers) this.#joinLive(follower)
      followers.clear()
      this.#endCatchUp(catchUp)
    } else if (arrived) this.#replaceLive(catchUp)
  }

  #replaceLive(catchUp: CatchUp): void {
    const { reader, followers } = catchUp
    this.#live?.reader.stop()
    for (const follower of this.#live?.followers ?? []) followers.add(follower)
    this.#catchUps.delete(catchUp)
    this.#goLive(reader, followers)
    this.#serveWaiting()
  }

  #endCatchUp(catchUp: CatchUp): void {
    catchUp.reader.stop()
    this.#catchUps.delete(catchUp)
    this.#serveWaiting()
  }

  #serveWaiting(): void {
    const { shardId } = this.#source
    const waiting = [...this.#waiting].map((follower) => ({
      follower,
      place: follower.positionIn(shardId).place,
    }))
    this.#waiting.clear()
    // The one that is furthest behind comes first, so that one reader serves all.
    waiting.sort((a, b) => Number(isAtOrBefore(b.place, a.place)) - Number(isAtOrBefore(a.place, b.place)))
    for (const { follower } of waiting) this.follow(follower)
  }

  /** Waits until all have room. Those who have none after a while are cut off, because the others wait for them. */
  async #roomOf(followers: ReadonlySet<Follower>): Promise<void> {
    const slow = [...followers].filter((follower) => !follower.hasRoom())
    if (slow.length === 0) return
    const enough = new Cancellation()
    await Promise.race([
      Promise.all(slow.map((follower) => follower.room())).then(() => {
        enough.abort()
      }),
      wait(STALLED_MS, enough),
    ])
    for (const follower of slow) if (!follower.hasRoom()) follower.fail(new SlowSubscriberError())
  }
}
