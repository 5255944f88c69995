/** Metrics of the process and of Node.js (OpenTelemetry Semantic Conventions, "Node.js Runtime Metrics" and "V8 JS Engine"). */
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { collectDefaultMetrics, Gauge, Histogram, type Registry, Registry as NewRegistry } from 'prom-client'

const GC_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
const GC_TYPES = new Map<number, string>([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])
/** The interval at which the delay of the event loop is sampled, in ms. */
const RESOLUTION_MS = 10
const NS = 1e-9

/** A gauge by quantile, which Prometheus calls a summary. */
class Quantiles extends Gauge<'quantile'> {
  /** What prom-client's registry writes. */
  async getForPromString() {
    return { ...(await this.get()), type: 'summary' }
  }
}

/** @returns stops everything that it has started */
export function measureRuntime(registry: Registry): () => void {
  addProcessMetrics(registry)
  const registers = [registry]
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  new Quantiles({
    name: 'nodejs_eventloop_delay_seconds',
    help: 'Delay of the event loop since the last scrape, by quantile.',
    labelNames: ['quantile'],
    registers,
    collect() {
      // Each sample is the time between two turns of a timer, and so has the interval of the timer in it.
      const seconds = (ns: number) => Math.max(0, delay.count === 0 ? 0 : ns * NS - RESOLUTION_MS / 1000)
      this.set({ quantile: '0.5' }, seconds(delay.percentile(50)))
      this.set({ quantile: '0.99' }, seconds(delay.percentile(99)))
      this.set({ quantile: '1' }, seconds(delay.max))
      delay.reset()
    },
  })
  new Gauge({
    name: 'v8js_memory_heap_used_bytes',
    help: 'Memory in use in the heap of V8.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed)
    },
  })
  const gc = new Histogram({
    name: 'v8js_gc_duration_seconds',
    help: 'Duration of garbage collections.',
    labelNames: ['v8js_gc_type'],
    buckets: GC_SECONDS,
    registers,
  })
  for (const type of GC_TYPES.values()) gc.zero({ v8js_gc_type: type })
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      gc.observe({ v8js_gc_type: typeOf(entry) }, entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    delay.disable()
    observer.disconnect()
  }
}

/** The kind in the details of an entry: `{ kind: 4, flags: 0 }` (Node.js manual, "Garbage collection details"). */
function typeOf(entry: object): string {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined
  const kind: unknown =
    typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined
  return (typeof kind === 'number' ? GC_TYPES.get(kind) : undefined) ?? 'major'
}

/** prom-client's own names for Node.js are not those of the conventions, so only those of the process are taken. */
function addProcessMetrics(registry: Registry): void {
  const all = new NewRegistry()
  collectDefaultMetrics({ register: all })
  for (const { name } of all.getMetricsAsArray()) {
    const metric = all.getSingleMetric(name)
    if (metric !== undefined && name.startsWith('process_')) registry.registerMetric(metric)
  }
}
