/** Metrics of calls to DynamoDB (OpenTelemetry Semantic Conventions, "Database Client Metrics"), and of what they do. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { Pieces } from '../../json/pieces.js'
import { BUDGETS } from '../../storage/call/retry.js'
import type { Storage } from '../../storage/client.js'
import {
  type AttemptEnded,
  BATCH_OUTCOMES,
  type BatchEntries,
  type CapacityConsumed,
  type ReadsShared,
  type Retrying,
  RETRY_REASONS,
  type SharingFailed,
  type StorageEvents,
  type WriteMaybeApplied,
} from '../../storage/events.js'
import { isWrite, OPERATIONS, reportsCapacity, type SentOperation } from '../../storage/operations.js'
import { Keyed } from '../keyed.js'
import type { ObservedRequest } from '../observed-request.js'
import { errorTypeOf } from './error-type.js'
import { RecordedHistogram, type Series } from './recorded-histogram.js'
import { SECONDS } from './request-metrics.js'
import { OTHER, type TableLabel } from './table-label.js'

/** Those of the change feeds are in change-metrics.ts. */
type Handlers = {
  readonly [Name in Exclude<keyof StorageEvents, 'changesRead' | 'changeSubscribers'>]: (
    event: StorageEvents[Name],
    request?: ObservedRequest,
  ) => void
}

/** What the gauges show of the storage layer. */
export type StorageState = Pick<Storage, 'connections' | 'retryBudget'>

export class StorageMetrics implements Handlers {
  readonly #tables: TableLabel
  readonly #retries: Counter<'operation' | 'reason'>
  readonly #entries: Counter<'operation' | 'outcome'>
  readonly #maybeApplied: Counter<'operation'>
  readonly #capacity: Counter<'table' | 'operation' | 'kind'>
  readonly #sharedCalls: Counter<'outcome'>
  readonly #sharedReads: Counter<'outcome'>
  readonly #backoff: Keyed<SentOperation, Series>
  /** The durations of attempts by operation, table, and type of error. */
  readonly #attempts: Keyed<SentOperation, Keyed<string, Keyed<string, Series>>>

  constructor(registry: Registry, tables: TableLabel, storage: StorageState) {
    const registers = [registry]
    this.#tables = tables
    const durations = new RecordedHistogram({
      name: 'db_client_operation_duration_seconds',
      help: 'Duration of attempts to call DynamoDB.',
      labelNames: ['db_system_name', 'db_operation_name', 'db_collection_name', 'error_type'],
      buckets: SECONDS,
      registers,
    })
    const create = (operation: SentOperation, table: string, errorType: string) =>
      durations.series({
        db_system_name: 'aws.dynamodb',
        db_operation_name: operation,
        db_collection_name: table,
        error_type: errorType,
      })
    this.#attempts = new Keyed(
      (operation) => new Keyed((table) => new Keyed((errorType) => create(operation, table, errorType))),
    )
    const backoff = new RecordedHistogram({
      name: 'dynamodb_storage_backoff_seconds',
      help: 'Waits before calls and unprocessed entries are sent again.',
      labelNames: ['operation'],
      buckets: SECONDS,
      registers,
    })
    this.#backoff = new Keyed((operation) => backoff.series({ operation }))
    this.#retries = new Counter({
      name: 'dynamodb_storage_retries_total',
      help: 'Retries of calls to DynamoDB.',
      labelNames: ['operation', 'reason'],
      registers,
    })
    this.#entries = new Counter({
      name: 'dynamodb_storage_batch_entries_total',
      help: 'Entries of batches and imports. resent counts each time that an entry is sent again.',
      labelNames: ['operation', 'outcome'],
      registers,
    })
    this.#maybeApplied = new Counter({
      name: 'dynamodb_storage_writes_maybe_applied_total',
      help: 'Writes that failed and may have been applied.',
      labelNames: ['operation'],
      registers,
    })
    this.#capacity = new Counter({
      name: 'dynamodb_storage_consumed_capacity_units_total',
      help: 'Capacity units that DynamoDB has reported as consumed.',
      labelNames: ['table', 'operation', 'kind'],
      registers,
    })
    this.#sharedCalls = new Counter({
      name: 'dynamodb_storage_shared_calls_total',
      help: 'Calls that several gets shared (MERGE_READS).',
      labelNames: ['outcome'],
      registers,
    })
    this.#sharedReads = new Counter({
      name: 'dynamodb_storage_shared_reads_total',
      help: 'Gets that shared a call. Those that it did not answer were sent again by themselves.',
      labelNames: ['outcome'],
      registers,
    })
    for (const outcome of ['answered', 'failed']) this.#sharedCalls.inc({ outcome }, 0)
    for (const outcome of ['answered', 'unprocessed', 'failed']) this.#sharedReads.inc({ outcome }, 0)
    showState(registers, storage)
    for (const operation of OPERATIONS) this.#startAtZero(operation)
  }

  attemptEnded({ operation, table, durationMs, result }: AttemptEnded, request?: ObservedRequest): void {
    // A transaction names its tables in its entries.
    const named = table ?? (request?.tables.length === 1 ? request.tables[0] : undefined)
    const isAnswer = result instanceof Pieces
    if (isAnswer && named !== undefined) this.#tables.confirm(named)
    const series = this.#attempts.get(operation).get(this.#tables.of(named))
    series.get(isAnswer ? '' : errorTypeOf(result)).observe(durationMs / 1000)
  }

  retrying({ operation, reason, delayMs }: Retrying): void {
    this.#retries.inc({ operation, reason })
    this.#backoff.get(operation).observe(delayMs / 1000)
  }

  batchEntries({ operation, outcome, count, delayMs }: BatchEntries): void {
    this.#entries.inc({ operation, outcome }, count)
    if (delayMs !== undefined) this.#backoff.get(operation).observe(delayMs / 1000)
  }

  writeMaybeApplied({ operation }: WriteMaybeApplied): void {
    this.#maybeApplied.inc({ operation })
  }

  capacityConsumed({ table, operation, kind, units }: CapacityConsumed): void {
    this.#capacity.inc({ table: this.#tables.of(table), operation, kind }, units)
  }

  readsShared({ answered, unprocessed }: ReadsShared): void {
    this.#sharedCalls.inc({ outcome: 'answered' })
    this.#sharedReads.inc({ outcome: 'answered' }, answered)
    this.#sharedReads.inc({ outcome: 'unprocessed' }, unprocessed)
  }

  sharingFailed({ reads }: SharingFailed): void {
    this.#sharedCalls.inc({ outcome: 'failed' })
    this.#sharedReads.inc({ outcome: 'failed' }, reads)
  }

  #startAtZero(operation: SentOperation): void {
    this.#attempts.get(operation).get(OTHER).get('')
    this.#backoff.get(operation)
    for (const reason of RETRY_REASONS) this.#retries.inc({ operation, reason }, 0)
    if (operation === 'BatchGetItem' || operation === 'BatchWriteItem') {
      for (const outcome of BATCH_OUTCOMES) this.#entries.inc({ operation, outcome }, 0)
    }
    const kind = isWrite(operation, {}) ? 'write' : 'read'
    if (kind === 'write') this.#maybeApplied.inc({ operation }, 0)
    if (reportsCapacity(operation)) this.#capacity.inc({ table: OTHER, operation, kind }, 0)
  }
}

/** The gauges, which are read when they are asked for. */
function showState(registers: Registry[], storage: StorageState): void {
  new Gauge({
    name: 'dynamodb_storage_retry_budget',
    help: 'Retries that the service may make now, of at most 1000.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const kind of BUDGETS) this.set({ kind }, storage.retryBudget(kind))
    },
  })
  new Gauge({
    name: 'db_client_connection_count',
    help: 'Open connections to DynamoDB.',
    labelNames: ['db_client_connection_state'],
    registers,
    collect() {
      const { idle, used } = storage.connections
      this.set({ db_client_connection_state: 'idle' }, idle)
      this.set({ db_client_connection_state: 'used' }, used)
    },
  })
  new Gauge({
    name: 'db_client_connection_pending_requests',
    help: 'Calls that wait for a connection to DynamoDB.',
    registers,
    collect() {
      this.set(storage.connections.pending)
    },
  })
}
