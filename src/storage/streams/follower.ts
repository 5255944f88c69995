import type { ShardPosition } from './shard-position.js'
import type { ReadChange } from './shard-reader.js'

/** One subscriber, as the readers of a shard see it. */
export interface Follower {
  /** Behind everything that it has received of the shard. */
  readonly positionIn: (shardId: string) => ShardPosition
  /** Takes those of the changes that are behind its place. Without room for them it fails, unless it is waited for. */
  readonly receive: (shardId: string, changes: readonly ReadChange[], isWaitedFor: boolean) => void
  /** Sets its place. There are no changes that it wants before it. */
  readonly move: (position: ShardPosition) => void
  /** The shard is closed, and it has received everything. */
  readonly ended: (shardId: string) => void
  readonly fail: (error: unknown) => void
  /** It has left or failed. */
  readonly isOver: () => boolean
  /** Whether it has taken most of what it has received. */
  readonly hasRoom: () => boolean
  /** Waits for that. */
  readonly room: () => Promise<void>
}
