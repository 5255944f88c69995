/** A subscriber of the changes of a table: where it is, and what it has not taken yet. */
import { Cancellation, type CancelSignal } from '../call/cancellation.js'
import { ChangeBuffer, type PositionedChange } from './buffer.js'
import type { Change } from './change.js'
import { deliveryTurn } from './delivery-turns.js'
import { SlowSubscriberError } from './errors.js'
import type { Follower } from './follower.js'
import { isBehind } from './place.js'
import type { Position, StreamName } from './position.js'
import { ShardPosition } from './shard-position.js'
import type { ReadChange } from './shard-reader.js'

export type { PositionedChange } from './buffer.js'

/** One batch at a time. It ends only when it is closed, or throws. */
export interface Subscription extends AsyncIterable<readonly PositionedChange[]> {
  /** Aborted at once when it is cut off with a {@link SlowSubscriberError}, also while nothing is taken. */
  readonly cutOff: CancelSignal
  /** The position behind everything that was taken, also behind what is not wanted. */
  position(): string
  close(): void
}

/** Where to begin: with the changes that are made from now on, with all that are kept, or right behind a position. */
export type From = 'now' | 'start' | { readonly after: string }

export interface SubscriberOptions {
  /** The changes that it wants; all by default. */
  readonly wants?: (change: Change) => boolean
  /** The most that may wait to be taken, in bytes, unless it is one answer of DynamoDB. */
  readonly maxBufferedBytes: number
}

/** What a subscriber tells the stream that it reads. */
export interface SubscriberOwner {
  readonly left: (subscriber: Subscriber) => void
  readonly shardEnded: (subscriber: Subscriber, shardId: string) => void
}

export class Subscriber implements Subscription, Follower {
  readonly #options: SubscriberOptions
  readonly #buffer: ChangeBuffer
  /** Behind everything that it has received. */
  readonly #positions: Map<string, ShardPosition>
  #stream: StreamName
  #owner: SubscriberOwner | undefined
  #closed = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined
  #room: (() => void)[] = []
  readonly #cutOff = new Cancellation()

  /** @param position where it begins */
  constructor(position: Position, options: SubscriberOptions) {
    this.#options = options
    this.#buffer = new ChangeBuffer(position)
    this.#positions = new Map(position.shards)
    this.#stream = position.stream
  }

  get cutOff(): CancelSignal {
    return this.#cutOff
  }

  get stream(): StreamName {
    return this.#stream
  }

  /** By the id of the shard. */
  get positions(): ReadonlyMap<string, ShardPosition> {
    return this.#positions
  }

  /** Begins to read a stream: the first one, or the one after the last one. */
  enter(stream: StreamName, owner: SubscriberOwner): void {
    if (this.isOver()) return
    this.#owner = owner
    if (stream.label === this.#stream.label) return
    this.#stream = stream
    this.#positions.clear()
    this.#buffer.reset(stream)
  }

  positionIn(shardId: string): ShardPosition {
    return this.#positions.get(shardId) ?? new ShardPosition(shardId, { kind: 'end' })
  }

  receive(shardId: string, changes: readonly ReadChange[], isWaitedFor: boolean): void {
    const last = changes.at(-1)?.position
    if (this.isOver() || last === undefined) return
    const { place } = this.positionIn(shardId)
    const { wants = () => true, maxBufferedBytes } = this.#options
    const behind = changes.filter(({ change }) => isBehind(place, change))
    const wanted = behind.filter(({ change }) => wants(change))
    const bytes = wanted.reduce((sum, { change }) => sum + change.bytes, 0)
    if (!isWaitedFor && !this.#buffer.isEmpty && this.#buffer.bytes + bytes > maxBufferedBytes) {
      this.fail(new SlowSubscriberError())
      return
    }
    for (const { change, position } of wanted) this.#buffer.push(change, position)
    // All changes before those at a place in time are too old to be wanted.
    if (behind.length > 0 || place.kind === 'since') this.move(last)
    if (wanted.length > 0) this.#wake()
  }

  move(position: ShardPosition): void {
    const { shardId } = position
    if (this.isOver() || this.#positions.get(shardId) === position) return
    this.#positions.set(shardId, position)
    this.#buffer.move(shardId, position)
  }

  /** Others have taken the place of a shard. */
  drop(shardId: string): void {
    if (this.isOver()) return
    this.#positions.delete(shardId)
    this.#buffer.move(shardId, undefined)
  }

  ended(shardId: string): void {
    if (this.isOver()) return
    this.move(new ShardPosition(shardId, { kind: 'end' }))
    this.#owner?.shardEnded(this, shardId)
  }

  fail(error: unknown): void {
    if (this.isOver()) return
    this.#failure = { error }
    // What it has not taken can be read again; other errors are told behind it.
    if (error instanceof SlowSubscriberError) {
      this.#buffer.clear()
      this.#cutOff.abort()
    }
    this.#leave()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#buffer.clear()
    this.#leave()
  }

  isOver(): boolean {
    return this.#closed || this.#failure !== undefined
  }

  hasRoom(): boolean {
    return this.isOver() || this.#buffer.isEmpty || this.#buffer.bytes <= this.#options.maxBufferedBytes / 2
  }

  room(): Promise<void> {
    return new Promise((resolve) => this.#room.push(resolve))
  }

  position(): string {
    return this.#buffer.position()
  }

  /** @throws the error that has ended it before it was taken from, if it has one */
  throwIfFailed(): void {
    if (this.#failure !== undefined && this.#buffer.isEmpty) throw this.#failure.error
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly PositionedChange[], void, undefined> {
    try {
      while (!this.#closed) {
        if (!this.#buffer.isEmpty) {
          await deliveryTurn()
          const batch = this.#buffer.take()
          this.#tellRoom()
          // It may have been closed or cut off meanwhile.
          if (batch.length > 0) yield batch
        } else {
          this.throwIfFailed()
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      }
    } finally {
      this.close()
    }
  }

  #leave(): void {
    this.#owner?.left(this)
    this.#owner = undefined
    this.#wake()
    this.#tellRoom()
  }

  #tellRoom(): void {
    for (const tell of this.#room.splice(0)) tell()
  }
}
