/**
 * The changes of tables, from their streams (Developer Guide, "Change data capture for DynamoDB Streams"). All subscribers of a
 * stream share its readers. Nothing is called without subscribers.
 */
import { Cancellation, type CancelSignal } from '../call/cancellation.js'
import { type CallLimits, within } from '../call/limits.js'
import { SharedCall } from '../call/shared-call.js'
import { StorageError } from '../errors.js'
import type { StorageObserver } from '../events.js'
import { StreamNotEnabledError } from './errors.js'
import { persistently } from './passing.js'
import { parsePosition, type StreamName } from './position.js'
import { asPositionError, type ReadChange } from './shard-reader.js'
import type { LatestStream, StreamCalls } from './stream-calls.js'
import { StreamFeed } from './stream-feed.js'
import { type From, Subscriber, type SubscriberOptions, type Subscription } from './subscription.js'

export interface ChangesOptions extends SubscriberOptions {
  /** Ends the subscription, as {@link Subscription.close} does. */
  readonly signal: CancelSignal
  /** Is told of the calls that are made for this subscriber alone. */
  readonly observer?: StorageObserver | undefined
  /** The longest that the start and each call may take, in ms. */
  readonly timeoutMs: number
}

/** What is known of a subscriber besides its place. */
interface Membership {
  readonly table: string
  readonly timeoutMs: number
  /** Aborted when it leaves. */
  readonly gone: Cancellation
  /** Fulfilled when it has gone on to another stream, or cannot. */
  moved: Promise<void>
}

export class Streams {
  readonly #calls: StreamCalls
  readonly #observer: () => StorageObserver
  /** By the labels of the streams and the ARNs of their tables. */
  readonly #feeds = new Map<string, StreamFeed>()
  /** By the name of the table. */
  readonly #latest = new Map<string, SharedCall<LatestStream | undefined>>()
  readonly #members = new Map<Subscriber, Membership>()
  /** By the name of the table. */
  readonly #counts = new Map<string, number>()

  /** @param observer is told of the calls for all subscribers, and of their number */
  constructor(calls: StreamCalls, observer: () => StorageObserver) {
    this.#calls = calls
    this.#observer = observer
  }

  /** See {@link Storage.changes}. */
  async subscribe(table: string, from: From, options: ChangesOptions): Promise<Subscription> {
    const { signal, observer, timeoutMs } = options
    const limits = { deadline: performance.now() + timeoutMs, signal, observer }
    const latest = await this.#latestOf(table, limits)
    if (latest === undefined) throw new StreamNotEnabledError(table)
    const { tableArn } = latest.stream
    const position = typeof from === 'string' ? undefined : parsePosition(from.after, tableArn)
    // A stream that was disabled is still there to be read on, but not to begin with.
    if (position === undefined && !latest.enabled) throw new StreamNotEnabledError(table)
    const { stream } = position ?? latest
    const subscriber = new Subscriber(position ?? { stream, shards: new Map() }, options)
    const member = this.#welcome(subscriber, table, options)
    try {
      await this.#feedOf(stream, member).add(subscriber, from === 'now', limits)
      await within(timeoutMs, limits, member.moved)
      subscriber.throwIfFailed()
    } catch (error) {
      subscriber.close()
      throw position === undefined ? error : asPositionError(error)
    }
    return subscriber
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscriber of this.#members.keys()) subscriber.close()
  }

  /** Asked for once for all who ask at the same time. */
  #latestOf(table: string, limits: CallLimits): Promise<LatestStream | undefined> {
    let call = this.#latest.get(table)
    if (call?.canceled !== false) {
      const asked = new SharedCall(async (shared) => {
        try {
          return await this.#calls.latest(table, shared)
        } finally {
          if (this.#latest.get(table) === asked) this.#latest.delete(table)
        }
      })
      this.#latest.set(table, asked)
      call = asked
    }
    return call.join(limits)
  }

  #welcome(subscriber: Subscriber, table: string, { timeoutMs, signal }: ChangesOptions): Membership {
    const close = () => {
      subscriber.close()
    }
    const gone = new Cancellation()
    gone.addEventListener('abort', () => {
      signal.removeEventListener('abort', close)
      this.#members.delete(subscriber)
      this.#count(table, -1)
    })
    const member = { table, timeoutMs, gone, moved: Promise.resolve() }
    this.#members.set(subscriber, member)
    signal.addEventListener('abort', close)
    this.#count(table, 1)
    return member
  }

  #count(table: string, change: number): void {
    const count = (this.#counts.get(table) ?? 0) + change
    if (count === 0) this.#counts.delete(table)
    else this.#counts.set(table, count)
    this.#observer().changeSubscribers({ table, count })
  }

  #feedOf(stream: StreamName, { table, timeoutMs }: Membership): StreamFeed {
    const key = `${stream.label} ${stream.tableArn}`
    let feed = this.#feeds.get(key)
    if (feed === undefined) {
      const owner = {
        changesRead: (changes: readonly ReadChange[]) => {
          this.#tellRead(table, changes)
        },
        streamEnded: (subscriber: Subscriber) => {
          const member = this.#members.get(subscriber)
          if (member !== undefined) member.moved = this.#moveOn(subscriber, stream, member)
        },
        left: (subscriber: Subscriber) => {
          this.#members.get(subscriber)?.gone.abort()
        },
        unused: () => {
          this.#feeds.delete(key)
        },
      }
      feed = new StreamFeed(stream, this.#calls, owner, timeoutMs)
      this.#feeds.set(key, feed)
    }
    return feed
  }

  #tellRead(table: string, changes: readonly ReadChange[]): void {
    const createdAt = changes.at(-1)?.change.createdAt ?? NaN
    const lagSeconds = Math.max(0, Date.now() / 1000 - createdAt)
    this.#observer().changesRead({ table, count: changes.length, lagSeconds })
  }

  /** After a stream was disabled and read to its end: the subscriber reads the next one from its start, if there is one. */
  async #moveOn(subscriber: Subscriber, stream: StreamName, member: Membership): Promise<void> {
    const { table, timeoutMs, gone: signal } = member
    const limits = () => ({ deadline: performance.now() + timeoutMs, signal })
    try {
      await persistently(signal, async () => {
        const next = await this.#calls.next(table, stream, limits())
        if (next === undefined) throw new StreamNotEnabledError(table)
        await this.#feedOf(next, member).add(subscriber, false, limits())
      })
    } catch (error) {
      const isGone = error instanceof StorageError && error.name === 'ResourceNotFoundException'
      subscriber.fail(isGone ? new StreamNotEnabledError(table) : error)
    }
  }
}
