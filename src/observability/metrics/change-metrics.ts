/** Metrics of the change feeds: who follows which table, and how far behind the stream the service is. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { ChangesRead, ChangeSubscribers } from '../../storage/events.js'
import { Keyed } from '../keyed.js'
import { RecordedHistogram, type Series } from './recorded-histogram.js'
import { OTHER, type TableLabel } from './table-label.js'

/** In seconds. DynamoDB gives the time of a change to the second, and keeps changes for a day. */
const LAGS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400] as const

export class ChangeMetrics {
  readonly #tables: TableLabel
  readonly #subscribers: Gauge<'table'>
  readonly #changes: Counter<'table'>
  /** By the name of the table: what the gauge counts of it, and where. Many tables share one series. */
  readonly #counted = new Map<string, { readonly label: string; readonly count: number }>()
  readonly #lags: Keyed<string, Series>

  constructor(registry: Registry, tables: TableLabel) {
    const registers = [registry]
    this.#tables = tables
    this.#subscribers = new Gauge({
      name: 'dynamodb_storage_change_subscribers',
      help: 'Requests that follow the changes of a table now.',
      labelNames: ['table'],
      registers,
    })
    this.#changes = new Counter({
      name: 'dynamodb_storage_changes_total',
      help: 'Changes that were read from the streams of tables.',
      labelNames: ['table'],
      registers,
    })
    const lags = new RecordedHistogram({
      name: 'dynamodb_storage_change_lag_seconds',
      help: 'Time from a change until the service has read it, once for each batch of changes.',
      labelNames: ['table'],
      buckets: LAGS,
      registers,
    })
    this.#lags = new Keyed((table) => lags.series({ table }))
    this.#subscribers.set({ table: OTHER }, 0)
    this.#changes.inc({ table: OTHER }, 0)
    this.#lags.get(OTHER)
  }

  changesRead({ table, count, lagSeconds }: ChangesRead): void {
    const label = this.#tables.of(table)
    this.#changes.inc({ table: label }, count)
    this.#lags.get(label).observe(lagSeconds)
  }

  changeSubscribers({ table, count }: ChangeSubscribers): void {
    const before = this.#counted.get(table)
    const label = before?.label ?? this.#tables.of(table)
    this.#subscribers.inc({ table: label }, count - (before?.count ?? 0))
    if (count === 0) this.#counted.delete(table)
    else this.#counted.set(table, { label, count })
  }
}
