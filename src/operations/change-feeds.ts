/** The change feeds that are open now. */
import { Bag } from '../http/bag.js'
import type { Lifecycle } from '../http/lifecycle.js'

/** Shorter than the idle timeouts of load balancers and proxies, in ms. */
const HEARTBEAT_MS = 15_000

/** A feed that can be ended from outside. */
export interface OpenFeed {
  /** Ends it as if it were complete, so that its client connects again. */
  readonly end: () => void
}

export class ChangeFeeds {
  /** How often a feed without changes says that it is alive, and its caller is checked again; in ms. */
  readonly heartbeatMs: number
  readonly #open = new Bag<OpenFeed>()

  constructor(heartbeatMs = HEARTBEAT_MS) {
    this.heartbeatMs = heartbeatMs
  }

  add(feed: OpenFeed): void {
    this.#open.add(feed)
  }

  remove(feed: OpenFeed): void {
    this.#open.delete(feed)
  }

  /** While draining, feeds end at once: they have no end of their own, and their clients belong on another replica. */
  endOnDraining(lifecycle: Lifecycle): void {
    lifecycle.onDraining(() => {
      for (const feed of this.#open) feed.end()
    })
  }
}
