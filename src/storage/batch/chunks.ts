/**
 * What both batch operations do: cut any number of entries into requests of DynamoDB's size, keep a bounded
 * number of them under way, and send again what comes back unprocessed.
 */
import { elements, type Json, members, parse } from '../../json/reader.js'
import { arrayOf, objectOf } from '../../json/writer.js'
import type { CancelSignal } from '../call/cancellation.js'
import { DuplicateKeyError, StorageError } from '../errors.js'
import { type CallLimits, isWrite, type Operation, type Send } from '../operations.js'

/** Requests of one batch that are under way at a time. They bound its memory and what others have to wait. */
export const CONCURRENCY = 8

/** One key to get or one write, as DynamoDB's JSON, with the table it belongs to. */
export interface Entry {
  readonly table: string
  readonly json: Json
}

/** How the re-sending of unprocessed entries is paced; see {@link RetryOptions}. */
export interface Pace {
  readonly maxAttempts: number
  readonly jitter: (retry: number) => number
  readonly wait: (ms: number, signal?: CancelSignal) => Promise<void>
}

export interface BatchContext {
  readonly send: Send
  readonly pace: Pace
  readonly limits: CallLimits
}

/** How entries are sent together. */
export interface BatchRequest<Kind> {
  readonly operation: Operation
  /** Sends some entries and gives those that DynamoDB left unprocessed. */
  readonly send: (entries: readonly Kind[], limits: CallLimits) => Promise<readonly Kind[]>
  /** True from the moment when the answer must not become any longer. */
  readonly isFull?: () => boolean
}

/** The requests that a batch is cut into. */
export interface BatchRequests extends BatchRequest<Entry> {
  /** Entries in a request. */
  readonly size: number
}

/** What became of a batch. */
export interface BatchOutcome<Kind = Entry> {
  /** The entries that are not known to be done. */
  readonly unprocessed: readonly Kind[]
  /** Whether some of them may be done all the same. */
  readonly maybeApplied: boolean
  /** Why the batch stopped, if it did. */
  readonly error: StorageError | undefined
}

/**
 * Sends all entries: {@link sendRequest} for each request's worth of them. A request that fails for good stops the
 * batch: those under way are finished, the rest is not sent.
 */
export async function sendAll(
  entries: readonly Entry[],
  requests: BatchRequests,
  context: BatchContext,
): Promise<BatchOutcome> {
  const { size, isFull = () => false } = requests
  const unprocessed: Entry[] = []
  const errors: StorageError[] = []
  let maybeApplied = false
  let next = 0

  async function work(): Promise<void> {
    while (next < entries.length && errors.length === 0 && !isFull()) {
      const chunk = entries.slice(next, next + size)
      next += size
      const outcome = await sendRequest(chunk, requests, context)
      unprocessed.push(...outcome.unprocessed)
      maybeApplied ||= outcome.maybeApplied
      if (outcome.error !== undefined) errors.push(outcome.error)
    }
  }

  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, Math.ceil(entries.length / size)) }, work))
  return { unprocessed: unprocessed.concat(entries.slice(next)), maybeApplied, error: errors[0] }
}

/**
 * Sends the entries of one request. If DynamoDB answers, but leaves entries of it unprocessed, it is followed by one with
 * just these, after a wait with jittered backoff. Only requests that get nothing done count as failed attempts; after
 * `maxAttempts` of them in a row, and at the deadline, the entries are given up.
 */
export async function sendRequest<Kind>(
  entries: readonly Kind[],
  { operation, send, isFull = () => false }: BatchRequest<Kind>,
  { pace, limits }: Omit<BatchContext, 'send'>,
): Promise<BatchOutcome<Kind>> {
  let pending = entries
  let maybeApplied = false
  const onMaybeApplied = () => {
    maybeApplied = true
  }
  try {
    let failures = 0
    for (;;) {
      const left = await send(pending, { ...limits, onMaybeApplied })
      failures = left.length < pending.length ? 0 : failures + 1
      pending = left
      if (pending.length === 0) return { unprocessed: pending, maybeApplied: false, error: undefined }
      if (isFull()) break
      const delayMs = pace.jitter(Math.max(failures - 1, 0))
      if (failures === pace.maxAttempts || performance.now() + delayMs >= limits.deadline) break
      await pace.wait(delayMs, limits.signal)
    }
    return { unprocessed: pending, maybeApplied, error: undefined }
  } catch (failure) {
    const error = toStorageError(failure, operation)
    if (error.maybeApplied) onMaybeApplied()
    return { unprocessed: pending, maybeApplied, error }
  }
}

/** Whatever stops a batch, its callers must still learn what is done and what is not. */
function toStorageError(failure: unknown, operation: Operation): StorageError {
  if (failure instanceof StorageError) return failure
  return new StorageError('MalformedAnswer', 'the answer is not what it should be', {
    cause: failure,
    maybeApplied: isWrite(operation),
  })
}

/**
 * The table as the request names it: DynamoDB may answer with the name of one that was asked for by its ARN.
 * @param tables those of the request
 */
export function asRequested(table: string, tables: readonly string[]): string {
  return tables.includes(table) ? table : (tables.find((asked) => nameOf(asked) === nameOf(table)) ?? table)
}

/**
 * Refuses a table that stands in a request both by its name and by its ARN: two entries for one key could hide
 * behind that.
 * @throws DuplicateKeyError
 */
export function refuseTwoNames(tables: readonly string[]): void {
  const arn = tables.find((table) => nameOf(table) !== table && tables.includes(nameOf(table)))
  if (arn !== undefined) throw new DuplicateKeyError(`The table ${nameOf(arn)} is named twice: as ${arn} too`)
}

/** `T` of `arn:aws:dynamodb:eu-central-1:123456789012:table/T`, and of `T`. */
function nameOf(table: string): string {
  return /^arn:.*:table\/([^/]+)$/.exec(table)?.[1] ?? table
}

/** Entries by table, each table's in their order. */
export function byTable(entries: readonly Entry[]): Map<string, Json[]> {
  const tables = new Map<string, Json[]>()
  for (const { table, json } of entries) {
    const found = tables.get(table)
    if (found === undefined) tables.set(table, [json])
    else found.push(json)
  }
  return tables
}

/** Collects what answers say beside items: `ConsumedCapacity` and `ItemCollectionMetrics`, one for all requests. */
export class Metrics {
  readonly #capacities = new Map<string, Summable>()
  readonly #metrics = new Map<string, Json[]>()

  add(answer: ReadonlyMap<string, Json>): void {
    const capacities = answer.get('ConsumedCapacity')
    if (capacities !== undefined) {
      for (const capacity of (parse(capacities) ?? []) as (Summable & { TableName: string })[]) {
        const { TableName: table } = capacity
        const sum = this.#capacities.get(table)
        if (sum === undefined) this.#capacities.set(table, capacity)
        else addTo(sum, capacity)
      }
    }
    const metrics = answer.get('ItemCollectionMetrics')
    if (metrics !== undefined) {
      for (const [table, list] of members(metrics)) {
        this.#metrics.set(table, [...(this.#metrics.get(table) ?? []), ...elements(list)])
      }
    }
  }

  /** The members of the answer to the whole batch. */
  members(): [name: string, value: Json | undefined][] {
    const metrics = [...this.#metrics].map(([table, list]) => [table, arrayOf(list)] as const)
    return [
      [
        'ConsumedCapacity',
        this.#capacities.size === 0 ? undefined : Buffer.from(JSON.stringify([...this.#capacities.values()])),
      ],
      ['ItemCollectionMetrics', metrics.length === 0 ? undefined : objectOf(metrics)],
    ]
  }
}

/** `{"TableName": …, "CapacityUnits": 1, "Table": {"CapacityUnits": 1}, "GlobalSecondaryIndexes": {…}}` */
interface Summable {
  [name: string]: string | number | Summable
}

function addTo(sum: Summable, part: Summable): void {
  for (const [name, value] of Object.entries(part)) {
    const before = sum[name]
    if (typeof before === 'number' && typeof value === 'number') sum[name] = before + value
    else if (typeof before === 'object' && typeof value === 'object') addTo(before, value)
    else sum[name] = value
  }
}
