import type { Json } from '../json/reader.js'
import type { CancelSignal } from './call/cancellation.js'

/** The operations of DynamoDB (API version 2012-08-10) that the storage layer calls. */
export type Operation =
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'CreateTable'
  | 'DeleteItem'
  | 'DeleteTable'
  | 'DescribeTable'
  | 'GetItem'
  | 'ListTables'
  | 'PutItem'
  | 'Query'
  | 'Scan'
  | 'TransactGetItems'
  | 'TransactWriteItems'
  | 'UpdateItem'

const writes: ReadonlySet<Operation> = new Set<Operation>([
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'PutItem',
  'TransactWriteItems',
  'UpdateItem',
])

/** Whether a lost answer leaves it open if something was changed. */
export function isWrite(operation: Operation): boolean {
  return writes.has(operation)
}

/** The bounds of one call, all its attempts and waits together. */
export interface CallLimits {
  /** When the call must be over, on the clock of `performance.now()`. */
  readonly deadline: number
  /** Aborted when the caller gives the call up. */
  readonly signal?: CancelSignal | undefined
  /** Told of each attempt of a write that may have been applied, whatever becomes of the call. */
  readonly onMaybeApplied?: () => void
}

/** The bounds of what takes any number of calls. */
export interface StreamLimits {
  /** The longest that one of its steps may take, such as a call with all its attempts and waits; in ms. */
  readonly timeoutMs: number
  /** The most that may be held of it at a time, in bytes. */
  readonly maxBytes: number
  /** Aborted when the caller gives it up. */
  readonly signal: CancelSignal
}

/** How to send one request, with all the attempts that it takes; see {@link Storage.send}. */
export type Send = (operation: Operation, request: Json, limits: CallLimits) => Promise<Json>
