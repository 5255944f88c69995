/** Metrics of requests (OpenTelemetry Semantic Conventions, "HTTP Metrics"). */
import { Gauge, type Registry } from 'prom-client'
import { type RequestEnded, type RequestRefused, unsentError } from '../events.js'
import type { ObservedRequest } from '../observed-request.js'
import { routeTemplate } from '../route-template.js'
import { Keyed } from '../keyed.js'
import { RecordedHistogram, type Series } from './recorded-histogram.js'

/** In seconds, as the conventions advise. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const
const BYTES = [0, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216] as const

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'])

/** The series of one method and route. */
interface RouteSeries {
  active: number
  readonly labels: { readonly http_request_method: string; readonly http_route: string }
  readonly bodySize: Series
  /** The durations by status and type of error, such as `200 `. */
  readonly durations: Keyed<string, Series>
  /** The most frequent one. */
  readonly ok: Series
}

export class RequestMetrics {
  readonly #durations: RecordedHistogram<
    'http_request_method' | 'http_route' | 'http_response_status_code' | 'error_type'
  >
  readonly #bodySizes: RecordedHistogram<'http_request_method' | 'http_route'>
  readonly #routes = new Keyed((route: string) => new Keyed((method: string) => this.#create(route, method)))

  constructor(registry: Registry) {
    const registers = [registry]
    this.#durations = new RecordedHistogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP server requests.',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
      buckets: SECONDS,
      registers,
    })
    this.#bodySizes = new RecordedHistogram({
      name: 'http_server_request_body_size_bytes',
      help: 'Size of HTTP server request bodies.',
      labelNames: ['http_request_method', 'http_route'],
      buckets: BYTES,
      registers,
    })
    const routes = this.#routes
    new Gauge({
      name: 'http_server_active_requests',
      help: 'Number of in-flight HTTP server requests.',
      labelNames: ['http_request_method', 'http_route'],
      registers,
      collect() {
        for (const methods of routes.values()) {
          for (const { labels, active } of methods.values()) this.set(labels, active)
        }
      },
    })
  }

  /**
   * Lets the series of a route exist before it is called.
   * @param pattern such as `/v1/tables/:table/get`
   */
  addRoute(method: string, pattern: string, status: string): void {
    this.#of(pattern, method).durations.get(`${status} `)
  }

  started({ route, request: { method } }: ObservedRequest): void {
    this.#of(route, method).active++
  }

  ended({ request, status, problem, outcome, durationMs, bytesIn }: RequestEnded): void {
    const series = this.#of(request.route, request.request.method)
    series.active--
    series.bodySize.observe(bytesIn)
    if (status === 200 && problem === null && outcome === 'complete') series.ok.observe(durationMs / 1000)
    else {
      const errorType = unsentError(outcome) ?? problem?.code ?? ''
      series.durations.get(`${status ?? ''} ${errorType}`).observe(durationMs / 1000)
    }
  }

  /** Answering these takes no time that could be measured. */
  refused({ method = '', problem: { status, code } }: RequestRefused): void {
    this.#of(undefined, method).durations.get(`${status} ${code}`).observe(0)
  }

  #of(route: string | undefined, method: string): RouteSeries {
    return this.#routes.get(route ?? '').get(METHODS.has(method) ? method : '_OTHER')
  }

  #create(route: string, method: string): RouteSeries {
    const labels = { http_request_method: method, http_route: routeTemplate(route) }
    const durations = new Keyed((key: string) => {
      const [status = '', errorType = ''] = key.split(' ')
      return this.#durations.series({
        ...labels,
        http_response_status_code: status,
        error_type: errorType,
      })
    })
    const ok = durations.get('200 ')
    return { active: 0, labels, bodySize: this.#bodySizes.series(labels), durations, ok }
  }
}
