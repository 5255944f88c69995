/** Everything that can be logged, measured or traced. */
import type { ProblemError } from '../problem/problem-error.js'
import type {
  AttemptEnded,
  BatchEntries,
  CapacityConsumed,
  ChangesRead,
  ChangeSubscribers,
  ReadsShared,
  Retrying,
  SharingFailed,
  StorageEvents,
  StorageObserver,
  WriteMaybeApplied,
} from '../storage/events.js'
import type { ObservedRequest } from './observed-request.js'

/** The events by name: those of requests, and those of the storage layer. */
export interface Events extends StorageEvents {
  /** The headers of a request have arrived. */
  requestStarted: ObservedRequest
  /** A request was answered, or its caller has disconnected. */
  requestEnded: RequestEnded
  /** A request was answered before it had a route: it is malformed, or the service is overloaded. */
  requestRefused: RequestRefused
  /** A stream has read or written items. */
  streamItems: StreamItems
}

export interface RequestEnded {
  readonly request: ObservedRequest
  /** Undefined if the caller disconnected before there was an answer. */
  readonly status: number | undefined
  /** The error that it was answered with. */
  readonly problem: ProblemError | null
  /** Whether the whole answer was sent; if not, whether the service or its caller broke it off. */
  readonly outcome: 'complete' | 'broken off' | 'disconnected'
  /** Since its headers arrived. */
  readonly durationMs: number
  /** The size of the body, in bytes, as far as it was read. */
  readonly bytesIn: number
  /** The size of the answer's body, in bytes. */
  readonly bytesOut: number
}

/** `error.type` of a request whose answer was not sent as a whole. */
export function unsentError(outcome: RequestEnded['outcome']): string | undefined {
  if (outcome === 'complete') return undefined
  return outcome === 'disconnected' ? 'ClientDisconnected' : 'StreamBrokenOff'
}

export interface RequestRefused {
  readonly method: string | undefined
  readonly problem: ProblemError
}

export interface StreamItems {
  readonly direction: Direction
  readonly count: number
}

export type Direction = (typeof DIRECTIONS)[number]

/** `in` is an import, `out` an answer in lines. */
export const DIRECTIONS = ['in', 'out'] as const

/**
 * Is told every event, with the request that it is part of, if there is one. Each event needs a handler: one that is left out
 * does not compile, so that no event can reach the log and miss the metrics.
 */
export type Subscriber = {
  readonly [Name in keyof Events]: (event: Events[Name], request: ObservedRequest | undefined) => void
}

/** Tells an event to all subscribers. */
export type Observe = <Name extends keyof Events>(
  name: Name,
  event: Events[Name],
  request?: ObservedRequest,
) => void

/** The handler of a subscriber that has no use for an event. */
export const ignore = (): void => undefined

export function createObserver(subscribers: readonly Subscriber[]): Observe {
  return (name, event, request) => {
    for (const subscriber of subscribers) subscriber[name](event, request)
  }
}

/** What the storage layer is given, to tell its events as part of a request. */
export class RequestObserver implements StorageObserver {
  readonly #observe: Observe
  readonly #request: ObservedRequest | undefined

  constructor(observe: Observe, request?: ObservedRequest) {
    this.#observe = observe
    this.#request = request
  }

  attemptEnded(event: AttemptEnded): void {
    this.#observe('attemptEnded', event, this.#request)
  }

  retrying(event: Retrying): void {
    this.#observe('retrying', event, this.#request)
  }

  batchEntries(event: BatchEntries): void {
    this.#observe('batchEntries', event, this.#request)
  }

  writeMaybeApplied(event: WriteMaybeApplied): void {
    this.#observe('writeMaybeApplied', event, this.#request)
  }

  capacityConsumed(event: CapacityConsumed): void {
    this.#observe('capacityConsumed', event, this.#request)
  }

  readsShared(event: ReadsShared): void {
    this.#observe('readsShared', event, this.#request)
  }

  sharingFailed(event: SharingFailed): void {
    this.#observe('sharingFailed', event, this.#request)
  }

  changesRead(event: ChangesRead): void {
    this.#observe('changesRead', event, this.#request)
  }

  changeSubscribers(event: ChangeSubscribers): void {
    this.#observe('changeSubscribers', event, this.#request)
  }
}
