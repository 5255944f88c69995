/** Puts together what observes the service: always the log; metrics with `ADMIN_PORT`, and traces if `OTEL_*` asks for them. */
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.js'
import type { Storage } from '../storage/client.js'
import { createObserver, type Observe, RequestObserver } from './events.js'
import type { Metrics } from './metrics/metrics.js'
import { createRequestLog } from './request-log.js'
import { tally } from './tally.js'
import { areTracesRequested } from './traces/requested.js'

export interface Observability {
  readonly observe: Observe
  /** Undefined without an admin port, where nobody could read them. */
  readonly metrics: Metrics | undefined
  /** Sends the traces that have not been sent yet. */
  readonly close: () => Promise<void>
}

/** The packages for metrics and traces are loaded only where they are used, since they would delay the start. */
export async function openObservability(
  config: Config,
  storage: Storage,
  logger: FastifyBaseLogger,
): Promise<Observability> {
  const metrics =
    config.adminPort === undefined ? undefined : (await import('./metrics/metrics.js')).createMetrics(storage)
  const traces = areTracesRequested(process.env)
    ? (await import('./traces/traces.js')).createTraces(storage.endpoint, logger)
    : undefined
  // The tally comes first: the others read what it adds up. The traces give a request the id that the log shows.
  const subscribers = [tally, metrics, traces, createRequestLog(config, logger)]
  const observe = createObserver(subscribers.filter((subscriber) => subscriber !== undefined))
  storage.subscribe(new RequestObserver(observe), config.capacityMetrics || config.serverTiming)
  return {
    observe,
    metrics,
    close: async () => {
      metrics?.close()
      await traces?.close()
    },
  }
}
