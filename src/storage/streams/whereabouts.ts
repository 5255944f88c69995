/** Where a subscriber is, and how that changes. */
import { type Position, positionText, type StreamName } from './position.js'
import type { ShardPosition } from './shard-position.js'

/** A position that moves. */
export class Whereabouts implements Position {
  stream: StreamName
  readonly shards: Map<string, ShardPosition>

  constructor({ stream, shards }: Position) {
    this.stream = stream
    this.shards = new Map(shards)
  }

  move({ stream, shards }: Moves): void {
    if (stream !== undefined) {
      this.stream = stream
      this.shards.clear()
    }
    for (const [id, position] of shards) {
      if (position === undefined) this.shards.delete(id)
      else this.shards.set(id, position)
    }
  }

  text(): string {
    return positionText(this)
  }
}

/** Changes of a position, of which only the last one of each shard counts. */
export class Moves {
  /** The stream that is read from now on. */
  stream: StreamName | undefined
  /** By the id of the shard; undefined if others have taken its place. */
  readonly shards = new Map<string, ShardPosition | undefined>()

  /** Goes on to another stream. */
  reset(stream: StreamName): void {
    this.stream = stream
    this.shards.clear()
  }
}
