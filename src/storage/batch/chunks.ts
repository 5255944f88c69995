/**
 * Batches of any size: cut into chunks, each of which is one request to DynamoDB, with a bounded number of requests in
 * flight. Entries that DynamoDB leaves unprocessed are sent again.
 */
import type { Json } from '../../json/json.js'
import type { CancelSignal } from '../call/cancellation.js'
import type { StorageObserver } from '../events.js'
import type { CallLimits, Send } from '../call/limits.js'
import { CANCELED } from '../call/retry.js'
import { AnswerError, asAnswerError, type CallHistory, StorageError } from '../errors.js'
import { isWrite, type Operation } from '../operations.js'
import type { DynamoDBRequest, Parameter } from '../request.js'

/** The most requests of one batch in flight. They bound its memory and the time for which it blocks other callers. */
export const CONCURRENCY = 8

/** A chunk of this size is sent, even if it could have more entries: serializing and signing it blocks other callers. */
const FULL_BYTES = 4 * 1024 * 1024

/** A key to get or a write, as it stands in `RequestItems`, with the table it belongs to. */
export interface Entry {
  readonly table: string
  readonly value: Parameter
}

/** The pace at which unprocessed entries are sent again; see {@link RetryOptions}. */
export interface Pace {
  readonly maxAttempts: number
  readonly jitter: (retry: number) => number
  readonly wait: (ms: number, signal?: CancelSignal) => Promise<boolean>
}

export interface BatchContext {
  readonly send: Send
  readonly pace: Pace
  readonly limits: CallLimits
  readonly observer: StorageObserver
}

/** How entries are sent in one request. */
export interface BatchRequest<Item> {
  readonly operation: Operation
  readonly requestFor: (entries: readonly Item[]) => DynamoDBRequest
  /**
   * Reads the answer to a request for `entries` and returns the entries that DynamoDB left unprocessed.
   * @throws JsonError if the answer is malformed
   */
  readonly unprocessedIn: (
    answer: Json,
    entries: readonly Item[],
  ) => readonly Item[] | Promise<readonly Item[]>
  /** True once the answer to the whole batch must not grow any more. */
  readonly isFull?: () => boolean
}

/** How a batch is cut into requests. */
export interface BatchRequests<Item extends Entry = Entry> extends BatchRequest<Item> {
  /** The most entries in a request. */
  readonly size: number
}

/** The outcome of a batch or of one of its requests. */
export interface BatchOutcome<Item = Entry> {
  /** The entries that are not confirmed. */
  readonly unprocessed: readonly Item[]
  /** Those of them that may have been applied. */
  readonly maybeApplied: readonly Item[]
  /** The error that stopped the batch; undefined if there was none. */
  readonly error: StorageError | undefined
}

/**
 * Sends all entries, one chunk at a time by {@link sendRequest}. A chunk that fails for good stops the batch: requests
 * in flight are finished, the rest is not sent.
 */
export async function sendAll<Item extends Entry>(
  entries: readonly Item[],
  requests: BatchRequests<Item>,
  context: BatchContext,
): Promise<BatchOutcome<Item>> {
  const { size, isFull = () => false } = requests
  const unprocessed: Item[] = []
  const maybeApplied: Item[] = []
  const errors: StorageError[] = []
  let next = 0

  function takeChunk(): readonly Item[] {
    const start = next
    let bytes = 0
    while (next < entries.length && next - start < size && bytes < FULL_BYTES) {
      bytes += bytesOf(entries[next]?.value)
      next++
    }
    return entries.slice(start, next)
  }

  async function sendChunks(): Promise<void> {
    while (next < entries.length && errors.length === 0 && !isFull()) {
      const chunk = takeChunk()
      const outcome = await sendRequest(chunk, requests, context)
      for (const entry of outcome.unprocessed) unprocessed.push(entry)
      for (const entry of outcome.maybeApplied) maybeApplied.push(entry)
      if (outcome.error !== undefined) errors.push(outcome.error)
    }
  }

  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, entries.length) }, sendChunks))
  const left = unprocessed.concat(entries.slice(next))
  if (left.length > 0) {
    context.observer.batchEntries({
      operation: requests.operation,
      outcome: 'given_up',
      count: left.length,
    })
  }
  return { unprocessed: left, maybeApplied, error: errors[0] }
}

/**
 * Sends the entries of one request. As long as DynamoDB leaves entries unprocessed, these are sent again after a wait
 * with jittered backoff. Only requests without any progress count as failed attempts. The entries are given up after
 * `maxAttempts` of these in a row, and at the deadline.
 */
export async function sendRequest<Item>(
  entries: readonly Item[],
  { operation, requestFor, unprocessedIn, isFull = () => false }: BatchRequest<Item>,
  { send, pace, limits, observer }: BatchContext,
): Promise<BatchOutcome<Item>> {
  let pending = entries
  let request = requestFor(pending)
  const earlier = { maybeApplied: false }
  const onMaybeApplied = () => {
    earlier.maybeApplied = true
  }
  const unfinished = (error?: StorageError): BatchOutcome<Item> => ({
    unprocessed: pending,
    maybeApplied: earlier.maybeApplied ? pending : [],
    error,
  })
  try {
    for (let failures = 0; ;) {
      const answer = await send(operation, request, { ...limits, onMaybeApplied })
      const left = await readAnswer(async () => unprocessedIn(answer, pending))
      failures = left.length < pending.length ? 0 : failures + 1
      const done = pending.length - left.length
      if (done > 0) observer.batchEntries({ operation, outcome: 'done', count: done })
      pending = left
      if (pending.length === 0) return { unprocessed: [], maybeApplied: [], error: undefined }
      const delayMs = pace.jitter(Math.max(failures - 1, 0))
      const isLate = performance.now() + delayMs >= limits.deadline
      if (isFull() || failures === pace.maxAttempts || isLate) {
        return unfinished()
      }
      observer.batchEntries({ operation, outcome: 'resent', count: pending.length, delayMs })
      if (!(await pace.wait(delayMs, limits.signal))) throw new StorageError(CANCELED, historyOf(operation))
      request = requestFor(pending)
    }
  } catch (cause) {
    const error = toStorageError(cause, operation, request)
    if (error.maybeApplied) onMaybeApplied()
    return unfinished(error)
  }
}

/** Whether all entries go into one request, in which DynamoDB itself refuses two entries with one key. */
export function isOneRequest(entries: readonly Entry[], size: number): boolean {
  return entries.length <= size && entries.reduce((sum, { value }) => sum + bytesOf(value), 0) < FULL_BYTES
}

/** The size of the items and keys in an entry. */
function bytesOf(value: Parameter): number {
  if (Buffer.isBuffer(value)) return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, inner: Parameter) => sum + bytesOf(inner), 0)
}

async function readAnswer<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    throw asAnswerError(error)
  }
}

/** Callers must learn what is confirmed, whatever error of a call or its answer stops the batch. */
export function toStorageError(cause: unknown, operation: Operation, request: DynamoDBRequest): StorageError {
  if (cause instanceof StorageError) return cause
  const maybeApplied = isWrite(operation, request)
  const failure =
    cause instanceof AnswerError
      ? ({ kind: 'malformed', name: 'MalformedAnswer', message: cause.message } as const)
      : ({ kind: 'internal', name: 'InternalError', message: 'the batch cannot be continued' } as const)
  return new StorageError({ ...failure, maybeApplied, cause }, historyOf(operation))
}

/** The history of a call that DynamoDB has answered. */
function historyOf(operation: Operation): CallHistory {
  return { operation, attempts: 1, earlierMaybeApplied: false, repeatable: true }
}

/** The entries by table, in their order. */
export function byTable(entries: readonly Entry[]): Map<string, Parameter[]> {
  const tables = new Map<string, Parameter[]>()
  for (const { table, value } of entries) {
    const values = tables.get(table)
    if (values === undefined) tables.set(table, [value])
    else values.push(value)
  }
  return tables
}
