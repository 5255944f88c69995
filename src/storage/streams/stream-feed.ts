/** Everyone who reads one stream of a table: which shards it has, and who reads which. */
import { Cancellation } from '../call/cancellation.js'
import type { CallLimits } from '../call/limits.js'
import { SharedCall } from '../call/shared-call.js'
import { SocketQueue } from '../call/socket-queue.js'
import { StorageError } from '../errors.js'
import { turnIn } from './delivery-turns.js'
import { InvalidPositionError, PositionExpiredError } from './errors.js'
import { hasChild, nextShards, succeeded } from './lineage.js'
import { persistently } from './passing.js'
import { compareSequence, type Place } from './place.js'
import type { StreamName } from './position.js'
import { ShardFeed, type SharedByShards } from './shard-feed.js'
import { ShardPosition } from './shard-position.js'
import { asPositionError, type ReadChange } from './shard-reader.js'
import type { Shard, StreamCalls, StreamDescription } from './stream-calls.js'
import type { Subscriber, SubscriberOwner } from './subscription.js'

export interface StreamFeedOwner {
  readonly changesRead: (changes: readonly ReadChange[]) => void
  /** The stream was disabled, and the subscriber has read it to its end. */
  readonly streamEnded: (subscriber: Subscriber) => void
  readonly left: (subscriber: Subscriber) => void
  /** It has no subscribers any more. */
  readonly unused: () => void
}

/** The most that the recent changes of all shards take together, in bytes. */
const RECENT_BYTES = 1024 * 1024
/** The most answers that are read at a time for those who are behind. */
const TURNS = 4
/** The shards are listed this often, in ms; and sooner when one has ended, until its children are listed. */
const LISTED_MS = 60_000
const SOON_MS = 1000
/** DynamoDB keeps changes for this time, in s. */
const KEPT_S = 24 * 60 * 60

export class StreamFeed implements SubscriberOwner {
  readonly #stream: StreamName
  readonly #calls: StreamCalls
  readonly #owner: StreamFeedOwner
  readonly #timeoutMs: number
  readonly #cancellation = new Cancellation()
  readonly #subscribers = new Set<Subscriber>()
  /** They are not at all their places yet. */
  readonly #entering = new Set<Subscriber>()
  readonly #shards = new Map<string, ShardFeed>()
  readonly #shared: SharedByShards
  #description: StreamDescription | undefined
  #describing: SharedCall<StreamDescription> | undefined
  #timer: NodeJS.Timeout | undefined
  /** When the shards are or were listed, on the clock of `performance.now()`. */
  #nextAt = Infinity
  #listedAt = -Infinity
  #retryMs = SOON_MS

  /** @param timeoutMs the longest that one call may take */
  constructor(stream: StreamName, calls: StreamCalls, owner: StreamFeedOwner, timeoutMs: number) {
    this.#stream = stream
    this.#calls = calls
    this.#owner = owner
    this.#timeoutMs = timeoutMs
    const turns = new SocketQueue(TURNS)
    this.#shared = {
      recentBytes: () => RECENT_BYTES / this.#shards.size,
      turn: () => turnIn(turns),
      changesRead: owner.changesRead,
    }
  }

  /**
   * Adds a subscriber, which reads on from its positions in the shards; from the start of the stream if it has none.
   * @param fromNow it has no positions, and reads the changes that are made from now on
   * @throws StorageError, PositionExpiredError, InvalidPositionError
   */
  async add(subscriber: Subscriber, fromNow: boolean, limits: CallLimits): Promise<void> {
    this.#subscribers.add(subscriber)
    this.#entering.add(subscriber)
    subscriber.enter(this.#stream, this)
    try {
      const known = this.#description?.shards
      const isKnown = [...subscriber.positions.keys()].every((id) => known?.has(id) === true)
      const shards = known !== undefined && isKnown ? known : (await this.#describe(limits)).shards
      if (fromNow) await this.#followFromNow(subscriber, shards, limits)
      else await this.#resume(subscriber, shards, limits)
    } finally {
      this.#entering.delete(subscriber)
    }
    this.#advance(subscriber)
    this.#schedule(this.#isIncomplete(subscriber) ? SOON_MS : LISTED_MS)
  }

  left(subscriber: Subscriber): void {
    for (const shardId of subscriber.positions.keys()) {
      const shard = this.#shards.get(shardId)
      shard?.leave(subscriber)
      if (shard?.isUnused() === true) this.#shards.delete(shardId)
    }
    this.#forget(subscriber)
    this.#owner.left(subscriber)
  }

  shardEnded(subscriber: Subscriber, shardId: string): void {
    if (this.#shards.get(shardId)?.isUnused() === true) this.#shards.delete(shardId)
    this.#advance(subscriber)
    if (this.#isIncomplete(subscriber)) this.#schedule(0)
  }

  async #followFromNow(
    subscriber: Subscriber,
    shards: ReadonlyMap<string, Shard>,
    limits: CallLimits,
  ): Promise<void> {
    const following = [...shards.values()].map(async ({ id, endsAt }) => {
      if (endsAt === undefined) await this.#shardOf(id).followFromNow(subscriber, limits)
      // Its children are not listed yet.
      else if (!hasChild(shards, id)) subscriber.move(new ShardPosition(id, { kind: 'end' }))
    })
    await Promise.all(following)
  }

  async #resume(
    subscriber: Subscriber,
    shards: ReadonlyMap<string, Shard>,
    limits: CallLimits,
  ): Promise<void> {
    const oldest = Date.now() / 1000 - KEPT_S
    const resuming = [...subscriber.positions.values()].map(async ({ shardId, place }) => {
      const shard = shards.get(shardId)
      const isListed = shard !== undefined || (place.kind === 'end' && hasChild(shards, shardId))
      if (!isListed || ('at' in place && place.at < oldest)) throw new PositionExpiredError()
      if (place.kind === 'end') return
      if (place.kind === 'after' && isEnd(shard, place.sequenceNumber)) {
        subscriber.move(new ShardPosition(shardId, { kind: 'end' }))
        return
      }
      const isCovered = this.#shardOf(shardId).covers(place)
      const iterator = isCovered ? undefined : await this.#iterator(shardId, place, limits)
      this.#shardOf(shardId).follow(subscriber, iterator)
    })
    await Promise.all(resuming)
  }

  async #iterator(shardId: string, place: Place, limits: CallLimits): Promise<string> {
    try {
      return await this.#calls.iterator(this.#stream, shardId, place, limits)
    } catch (error) {
      const isForged = error instanceof StorageError && error.name === 'ValidationException'
      throw isForged ? new InvalidPositionError({ cause: error }) : asPositionError(error)
    }
  }

  /** The subscriber reads the shards that follow on those that it has read to their end. */
  #advance(subscriber: Subscriber): void {
    const isReading = this.#subscribers.has(subscriber) && !this.#entering.has(subscriber)
    if (this.#description === undefined || !isReading) return
    const { shards, enabled } = this.#description
    const at = Math.floor(Date.now() / 1000)
    for (const { id } of nextShards(shards, subscriber.positions)) {
      subscriber.move(new ShardPosition(id, { kind: 'start', at }))
      this.#shardOf(id).follow(subscriber)
    }
    for (const id of succeeded(shards, subscriber.positions)) subscriber.drop(id)
    const hasEnded = [...subscriber.positions.values()].every(({ place }) => place.kind === 'end')
    if (enabled || !hasEnded) return
    this.#forget(subscriber)
    this.#owner.streamEnded(subscriber)
  }

  /** Whether it has read a shard to its end whose children are not listed yet. */
  #isIncomplete(subscriber: Subscriber): boolean {
    return (
      this.#subscribers.has(subscriber) &&
      [...subscriber.positions.values()].some(({ place }) => place.kind === 'end')
    )
  }

  #shardOf(shardId: string): ShardFeed {
    let shard = this.#shards.get(shardId)
    if (shard === undefined) {
      const source = { calls: this.#calls, stream: this.#stream, shardId, timeoutMs: this.#timeoutMs }
      shard = new ShardFeed(source, this.#shared)
      this.#shards.set(shardId, shard)
    }
    return shard
  }

  /** Lists the shards once for all who ask at the same time. */
  #describe(limits: CallLimits): Promise<StreamDescription> {
    if (this.#describing?.canceled !== false) {
      const describing = new SharedCall(async (shared) => {
        this.#listedAt = performance.now()
        try {
          this.#description = await this.#calls.describe(this.#stream, shared)
          return this.#description
        } finally {
          if (this.#describing === describing) this.#describing = undefined
        }
      })
      this.#describing = describing
    }
    return this.#describing.join(limits)
  }

  /** Lists the shards again after this time, in ms, or sooner, but at most once a second. */
  #schedule(ms: number): void {
    const now = performance.now()
    const at = Math.max(now + ms, this.#listedAt + SOON_MS)
    if (at >= this.#nextAt || this.#cancellation.aborted) return
    clearTimeout(this.#timer)
    this.#nextAt = at
    this.#timer = setTimeout(() => void this.#list(), at - now)
  }

  async #list(): Promise<void> {
    this.#nextAt = Infinity
    const signal = this.#cancellation
    try {
      await persistently(signal, () =>
        this.#describe({ deadline: performance.now() + this.#timeoutMs, signal }),
      )
    } catch (error) {
      for (const subscriber of this.#subscribers) subscriber.fail(asPositionError(error))
    }
    for (const subscriber of this.#subscribers) this.#advance(subscriber)
    const isIncomplete = [...this.#subscribers].some((subscriber) => this.#isIncomplete(subscriber))
    this.#retryMs = isIncomplete ? Math.min(LISTED_MS, 2 * this.#retryMs) : SOON_MS
    this.#schedule(isIncomplete ? this.#retryMs : LISTED_MS)
  }

  #forget(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
    if (this.#subscribers.size > 0) return
    this.#cancellation.abort()
    clearTimeout(this.#timer)
    this.#owner.unused()
  }
}

function isEnd(shard: Shard | undefined, sequenceNumber: string): boolean {
  return shard?.endsAt !== undefined && compareSequence(sequenceNumber, shard.endsAt) >= 0
}
