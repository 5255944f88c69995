/** The metrics in Prometheus's text format, for `GET /metrics` of the admin port. docs/metrics.md describes each of them. */
import { Counter, Gauge, Registry } from 'prom-client'
import { CODES } from '../../../schemas/parts/codes.js'
import { version } from '../../package-root.js'
import type { ProblemError } from '../../problem/problem-error.js'
import { DIRECTIONS, type Subscriber } from '../events.js'
import { REJECTIONS, rejectionOf } from './rejection.js'
import { ChangeMetrics } from './change-metrics.js'
import { RequestMetrics } from './request-metrics.js'
import { measureRuntime } from './runtime-metrics.js'
import { StorageMetrics, type StorageState } from './storage-metrics.js'
import { OTHER, TableLabel } from './table-label.js'

export interface Metrics extends Subscriber {
  /** Lets the series of a route exist before it is called; the pattern is Fastify's, the status that of success. */
  readonly addRoute: (method: string, pattern: string, status: string) => void
  readonly contentType: string
  readonly text: () => Promise<string>
  readonly close: () => void
}

export function createMetrics(storage: StorageState): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const tables = new TableLabel()
  const requests = new RequestMetrics(registry)
  const calls = new StorageMetrics(registry, tables, storage)
  const changes = new ChangeMetrics(registry, tables)
  const stop = measureRuntime(registry)

  const errors = new Counter({
    name: 'dynamodb_storage_errors_total',
    help: 'Answers with an error, by its code.',
    labelNames: ['code', 'table'],
    registers,
  })
  for (const code of Object.keys(CODES)) errors.inc({ code, table: OTHER }, 0)
  const rejected = new Counter({
    name: 'dynamodb_storage_requests_rejected_total',
    help: 'Requests that the service refused before it called DynamoDB.',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of REJECTIONS) rejected.inc({ reason }, 0)
  const streamItems = new Counter({
    name: 'dynamodb_storage_stream_items_total',
    help: 'Items of imports, and of answers in lines.',
    labelNames: ['direction'],
    registers,
  })
  for (const direction of DIRECTIONS) streamItems.inc({ direction }, 0)
  new Gauge({
    name: 'dynamodb_storage_build_info',
    help: 'The version of the service and of Node.js.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1)

  const failed = (problem: ProblemError, table: unknown) => {
    errors.inc({ code: problem.code, table: tables.of(table) })
    const reason = rejectionOf(problem)
    if (reason !== undefined) rejected.inc({ reason })
  }

  return {
    requestStarted: (request) => {
      requests.started(request)
    },
    requestEnded: (event) => {
      requests.ended(event)
      if (event.problem !== null) failed(event.problem, event.request.table)
    },
    requestRefused: (event) => {
      requests.refused(event)
      failed(event.problem, undefined)
    },
    streamItems: ({ direction, count }) => {
      streamItems.inc({ direction }, count)
    },
    attemptEnded: (event, request) => {
      calls.attemptEnded(event, request)
    },
    retrying: (event) => {
      calls.retrying(event)
    },
    batchEntries: (event) => {
      calls.batchEntries(event)
    },
    writeMaybeApplied: (event) => {
      calls.writeMaybeApplied(event)
    },
    capacityConsumed: (event) => {
      calls.capacityConsumed(event)
    },
    readsShared: (event) => {
      calls.readsShared(event)
    },
    sharingFailed: (event) => {
      calls.sharingFailed(event)
    },
    changesRead: (event) => {
      changes.changesRead(event)
    },
    changeSubscribers: (event) => {
      changes.changeSubscribers(event)
    },
    addRoute: (method, pattern, status) => {
      requests.addRoute(method, pattern, status)
    },
    contentType: registry.contentType,
    text: async () => registry.metrics(),
    close: stop,
  }
}
