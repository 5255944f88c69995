/** The changes that a subscriber has not taken yet, each with its position. */
import type { Change } from './change.js'
import type { Position, StreamName } from './position.js'
import type { ShardPosition } from './shard-position.js'
import { Moves, Whereabouts } from './whereabouts.js'

export interface PositionedChange {
  readonly change: Change
  /** The position right behind it, as text: URL-safe, opaque. */
  readonly id: () => string
}

/** A change, and how the position moves to right behind it. */
interface Buffered {
  readonly change: Change
  readonly moves: Moves
}

export class ChangeBuffer {
  /** Behind everything that was taken, and behind what is not wanted up to the next change. */
  #taken: Whereabouts
  #buffered: Buffered[] = []
  /** Behind the last change that is buffered. */
  #moves = new Moves()
  bytes = 0

  constructor(position: Position) {
    this.#taken = new Whereabouts(position)
  }

  /** Whether there is nothing to take. */
  get isEmpty(): boolean {
    return this.#buffered.length === 0
  }

  push(change: Change, position: ShardPosition): void {
    this.#moves.shards.set(position.shardId, position)
    this.#buffered.push({ change, moves: this.#moves })
    this.#moves = new Moves()
    this.bytes += change.bytes
  }

  /** The position moves without a change. */
  move(shardId: string, position: ShardPosition | undefined): void {
    this.#moves.shards.set(shardId, position)
    this.#settle()
  }

  /** The position moves to another stream. */
  reset(stream: StreamName): void {
    this.#moves.reset(stream)
    this.#settle()
  }

  /** Takes all changes. */
  take(): readonly PositionedChange[] {
    const batch = new Batch(new Whereabouts(this.#taken), this.#buffered)
    for (const { moves } of this.#buffered) this.#taken.move(moves)
    this.clear()
    this.#settle()
    return batch.changes
  }

  /** Drops all changes. */
  clear(): void {
    this.#buffered = []
    this.bytes = 0
  }

  position(): string {
    return this.#taken.text()
  }

  #settle(): void {
    if (!this.isEmpty) return
    this.#taken.move(this.#moves)
    this.#moves = new Moves()
  }
}

/** Changes that were taken together. Their ids are mostly asked for in their order, or not at all. */
class Batch {
  readonly #start: Whereabouts
  readonly #buffered: readonly Buffered[]
  #current: Whereabouts
  /** The number of changes that `#current` is behind. */
  #count = 0

  constructor(start: Whereabouts, buffered: readonly Buffered[]) {
    this.#start = start
    this.#current = new Whereabouts(start)
    this.#buffered = buffered
  }

  get changes(): readonly PositionedChange[] {
    return this.#buffered.map(({ change }, index) => ({ change, id: () => this.#idOf(index) }))
  }

  #idOf(index: number): string {
    if (this.#count > index + 1) {
      this.#current = new Whereabouts(this.#start)
      this.#count = 0
    }
    for (; this.#count <= index; this.#count++) {
      const buffered = this.#buffered[this.#count]
      if (buffered !== undefined) this.#current.move(buffered.moves)
    }
    return this.#current.text()
  }
}
