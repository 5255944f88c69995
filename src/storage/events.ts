/** What happens in the storage layer, for whoever logs, measures or traces it. */
import type { Pieces } from '../json/pieces.js'
import type { ErrorKind, Failure } from './errors.js'
import type { SentOperation } from './operations.js'

/** The events by name. */
export interface StorageEvents {
  attemptEnded: AttemptEnded
  retrying: Retrying
  batchEntries: BatchEntries
  writeMaybeApplied: WriteMaybeApplied
  capacityConsumed: CapacityConsumed
  readsShared: ReadsShared
  sharingFailed: SharingFailed
  changesRead: ChangesRead
  changeSubscribers: ChangeSubscribers
}

/** One attempt of a call has ended. Without credentials, no attempt is made. */
export interface AttemptEnded {
  readonly operation: SentOperation
  /** The table, as the request names it, if the whole request is about one. */
  readonly table: string | undefined
  readonly index: string | undefined
  /** On the clock of `performance.now()`, in ms, like {@link durationMs}. */
  readonly startedAt: number
  /** With the time spent queueing for a socket. */
  readonly durationMs: number
  /** DynamoDB's answer, or why there is none. */
  readonly result: Pieces | Failure
}

/** A call waits, in order to be sent again. */
export interface Retrying {
  readonly operation: SentOperation
  readonly reason: RetryReason
  readonly delayMs: number
}

export type RetryReason = (typeof RETRY_REASONS)[number]

export const RETRY_REASONS = [
  'throttling',
  'transient',
  'timeout',
  'network',
  'conflict',
  'credentials',
  'clock_skew',
  'checksum',
] as const satisfies readonly ErrorKind[]

/** The outcome of some entries of a batch or an import. */
export interface BatchEntries {
  readonly operation: SentOperation
  readonly outcome: BatchOutcomeName
  readonly count: number
  /** The wait before entries are sent again, in ms. */
  readonly delayMs?: number
}

export type BatchOutcomeName = (typeof BATCH_OUTCOMES)[number]

/** `resent` counts each time that DynamoDB left an entry unprocessed; `given_up` are those that the caller is told of. */
export const BATCH_OUTCOMES = ['done', 'resent', 'given_up'] as const

/** A write has failed, but may have been applied. */
export interface WriteMaybeApplied {
  readonly operation: SentOperation
}

/** DynamoDB has told the capacity that a call consumed. */
export interface CapacityConsumed {
  readonly operation: SentOperation
  readonly table: string
  readonly kind: 'read' | 'write'
  /** Capacity units (Developer Guide, "Read and write operations"). */
  readonly units: number
}

/** Gets have shared a call, which was answered. */
export interface ReadsShared {
  readonly table: string
  /** The gets that it has answered. */
  readonly answered: number
  /** Those that it has not, which are sent by themselves. */
  readonly unprocessed: number
}

/** A call that gets shared has failed. They are sent by themselves, as all gets of the table are for a while. */
export interface SharingFailed {
  readonly table: string
  /** The gets that shared it. */
  readonly reads: number
  readonly failure: Failure
  /** How long the gets of the table share no calls, in ms. */
  readonly pauseMs: number
}

/** Changes of a table were read from its stream, once for all subscribers. */
export interface ChangesRead {
  readonly table: string
  readonly count: number
  /** How long ago the last one of them was made, in s, as precisely as DynamoDB tells it. */
  readonly lagSeconds: number
}

/** A subscriber of a table's changes has come or gone. */
export interface ChangeSubscribers {
  readonly table: string
  /** How many there are now. */
  readonly count: number
}

/** Is told every event. Its methods must neither throw nor wait. */
export type StorageObserver = {
  readonly [Name in keyof StorageEvents]: (event: StorageEvents[Name]) => void
}
