/**
 * Reads one shard from a place on, until it ends or is stopped. Failed calls are repeated as long as it runs: subscribers
 * see a lag instead of an error, unless another attempt makes no sense.
 */
import { Cancellation, type CancelSignal } from '../call/cancellation.js'
import { wait } from '../call/retry.js'
import { StorageError } from '../errors.js'
import type { Change, RecordsPage } from './change.js'
import { PositionExpiredError } from './errors.js'
import { mayPass, pauseAfter } from './passing.js'
import type { StreamName } from './position.js'
import { ShardPosition } from './shard-position.js'
import type { StreamCalls } from './stream-calls.js'

/** A change, and the position right behind it in its shard. */
export interface ReadChange {
  readonly change: Change
  readonly position: ShardPosition
}

/** Is told what a reader finds. */
export interface ShardReaderOwner {
  /** Waits until it may read on. Returns what to call when it has done so. */
  readonly admit: (reader: ShardReader) => Promise<() => void>
  /** @param changes may be none */
  readonly received: (reader: ShardReader, changes: readonly ReadChange[]) => void
  /** The shard is closed, and everything in it was read. */
  readonly ended: (reader: ShardReader) => void
  readonly failed: (reader: ShardReader, error: unknown) => void
}

export interface ShardSource {
  readonly calls: StreamCalls
  readonly stream: StreamName
  readonly shardId: string
  /** The longest that one call may take, in ms. */
  readonly timeoutMs: number
}

/** The most changes in one answer. */
const FULL = 1000
/** The time between two reads of a shard, in ms: DynamoDB allows 5 in a second. */
export const BUSY_MS = 200
/** Without changes, each wait is twice as long as the one before, up to this one: less than one call a second. */
const IDLE_MS = 1050
/**
 * How far our clock may be ahead of the times of changes, in s: DynamoDB rounds them down to the second, DynamoDB Local to
 * the minute.
 */
const CLOCK_MARGIN_S = 60

export class ShardReader {
  readonly #source: ShardSource
  readonly #cancellation = new Cancellation()
  /** Ends a wait early. */
  #nap = new Cancellation()
  #iterator: string | undefined
  /** The iterator was LATEST: an empty answer means that there were no changes since. */
  #isLatest: boolean
  #limit = FULL
  /** Is told of an answer to a call that is still to be made. */
  #asked: (() => void)[] = []
  /** It misses nothing that is made after this time, in s since 1970; undefined if it reads from its position on. */
  readonly sinceTime: number | undefined
  /** Behind everything that it has read. */
  position: ShardPosition
  running = false
  /** How many answers in a row had no changes. */
  emptyAnswers = 0

  /**
   * @param iterator for the position, if there is one already
   * @param sinceTime if the iterator is LATEST
   */
  constructor(source: ShardSource, position: ShardPosition, iterator?: string, sinceTime?: number) {
    this.#source = source
    this.position = position
    this.#iterator = iterator
    this.#isLatest = sinceTime !== undefined
    this.sinceTime = sinceTime
  }

  /**
   * A reader of the changes that are made from now on.
   * @throws StorageError
   */
  static async fromNow(source: ShardSource, signal?: CancelSignal): Promise<ShardReader> {
    const { calls, stream, shardId, timeoutMs } = source
    const limits = { deadline: performance.now() + timeoutMs, signal }
    const at = seconds(Date.now())
    // DynamoDB Local loses changes behind LATEST in a stream that has none yet, once another stream has had changes.
    if (stream.tableArn.includes(':ddblocal:')) {
      const start = new ShardPosition(shardId, { kind: 'start', at })
      const iterator = await calls.iterator(stream, shardId, start.place, limits)
      const isEmpty = await calls.records(iterator, 1, limits).then(
        ({ changes }) => changes.length === 0,
        (error: unknown) => {
          // It was empty when the iterator was made.
          if (isTrimmed(error)) return true
          throw error
        },
      )
      if (isEmpty) return new ShardReader(source, start)
    }
    const iterator = await calls.iterator(stream, shardId, 'latest', limits)
    const position = new ShardPosition(shardId, { kind: 'since', at: at - CLOCK_MARGIN_S })
    return new ShardReader(source, position, iterator, seconds(Date.now()) + 1)
  }

  isStopped(): boolean {
    return this.#cancellation.aborted
  }

  stop(): void {
    this.#cancellation.abort()
    this.#nap.abort()
  }

  /** Waits until it has read what there is now, or until it is stopped. It makes at most 5 calls a second for that. */
  upToNow(): Promise<void> {
    if (this.isStopped()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#asked.push(resolve)
      this.#nap.abort()
    })
  }

  /** Reads until it is stopped or the shard ends. */
  async run(owner: ShardReaderOwner): Promise<void> {
    this.running = true
    let idleMs = BUSY_MS
    let failures = 0
    while (!this.isStopped()) {
      const startedAt = performance.now()
      try {
        const found = await this.#read(owner)
        failures = 0
        idleMs = found === 0 ? Math.min(IDLE_MS, 2 * idleMs) : BUSY_MS
        const isFull = found >= this.#limit
        this.#limit = Math.min(FULL, 2 * this.#limit)
        if (!isFull) await this.#rest(startedAt, BUSY_MS, idleMs)
      } catch (error) {
        if (this.isStopped()) break
        const reason = this.#whyOver(error)
        if (reason !== undefined) {
          this.stop()
          owner.failed(this, reason)
          break
        }
        // What does not arrive may be an answer that is too large.
        this.#limit = Math.max(1, Math.floor(this.#limit / 2))
        failures++
        await this.#rest(startedAt, pauseAfter(failures), 0)
      }
    }
    this.#tell(this.#asked)
  }

  /** @returns the number of changes */
  async #read(owner: ShardReaderOwner): Promise<number> {
    const release = await owner.admit(this)
    const asked = this.#asked.splice(0)
    try {
      if (this.isStopped()) return 0
      const at = seconds(Date.now())
      const { changes, nextIterator } = await this.#call()
      if (this.isStopped()) return 0
      this.#iterator = nextIterator
      const read = changes.map((change) => ({ change, position: this.#behind(change) }))
      this.#moveTo(read.at(-1)?.position, at)
      owner.received(this, read)
      if (nextIterator === undefined) {
        this.stop()
        owner.ended(this)
      }
      this.#tell(asked)
      return read.length
    } finally {
      // After a failure, they wait for the next answer.
      this.#asked.push(...asked)
      release()
    }
  }

  async #call(): Promise<RecordsPage> {
    try {
      return await this.#records()
    } catch (error) {
      const isExpired = error instanceof StorageError && error.name === 'ExpiredIteratorException'
      // The start of a shard moves on as changes are trimmed; and when DynamoDB Local gets the first change of a stream.
      const isMoved = isTrimmed(error) && this.position.place.kind !== 'after'
      if (!isExpired && !isMoved) throw error
      this.#iterator = undefined
      return this.#records()
    }
  }

  async #records(): Promise<RecordsPage> {
    const { calls, stream, shardId, timeoutMs } = this.#source
    const limits = { deadline: performance.now() + timeoutMs, signal: this.#cancellation }
    if (this.#iterator === undefined) {
      this.#isLatest = false
      this.#iterator = await calls.iterator(stream, shardId, this.position.place, limits)
    }
    return calls.records(this.#iterator, this.#limit, limits)
  }

  #behind({ sequenceNumber }: Change): ShardPosition {
    return new ShardPosition(this.#source.shardId, { kind: 'after', sequenceNumber })
  }

  /** @param at the time of the call */
  #moveTo(position: ShardPosition | undefined, at: number): void {
    this.emptyAnswers = position === undefined ? this.emptyAnswers + 1 : 0
    if (position !== undefined) this.position = position
    const { place } = this.position
    if (place.kind === 'start') place.at = at
    if (place.kind === 'since' && this.#isLatest) place.at = at - CLOCK_MARGIN_S
  }

  /** Why it cannot go on; undefined if it can. */
  #whyOver(error: unknown): unknown {
    const isExpired = error instanceof StorageError && error.name === 'ExpiredIteratorException'
    return isExpired || mayPass(error) ? undefined : asPositionError(error)
  }

  /** Waits until `longMs` after a call, or only until `shortMs` after it if {@link upToNow} was called. */
  async #rest(since: number, shortMs: number, longMs: number): Promise<void> {
    await wait(since + shortMs - performance.now(), this.#cancellation)
    this.#nap = new Cancellation()
    const restMs = since + longMs - performance.now()
    if (restMs > 0 && this.#asked.length === 0 && !this.isStopped()) await wait(restMs, this.#nap)
  }

  #tell(asked: (() => void)[]): void {
    for (const tell of asked.splice(0)) tell()
  }
}

/**
 * The error to tell a subscriber of instead of DynamoDB's, if DynamoDB has no changes at its position any more, or never had
 * such a position.
 */
export function asPositionError(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error
  const { name } = error
  if (name === 'TrimmedDataAccessException' || name === 'ResourceNotFoundException') {
    return new PositionExpiredError({ cause: error })
  }
  return error
}

function isTrimmed(error: unknown): boolean {
  return error instanceof StorageError && error.name === 'TrimmedDataAccessException'
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
