import type { Change } from './change.js'

export interface PositionedChange {
  readonly change: Change
  /** The position right behind it, as text: URL-safe, opaque. */
  readonly id: () => string
}

/** One batch at a time; ends only by `close()`, or throws. */
export interface Subscription extends AsyncIterable<readonly PositionedChange[]> {
  /** The position behind everything that was taken from the iterator, also behind what `wants` left out. */
  position(): string
  close(): void
}
