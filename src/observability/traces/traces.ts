/**
 * Traces: one SERVER span for each request and one CLIENT span for each attempt to call DynamoDB, exported over OTLP/HTTP
 * (OpenTelemetry Semantic Conventions, "HTTP Spans", "Database Spans", "Semantic conventions for AWS SDK"). No span has an item, a key, a value or
 * an expression: the URL of an item has its key, so `url.path` is the template of the route.
 */
import {
  defaultTextMapGetter,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { FastifyBaseLogger } from 'fastify'
import { Pieces } from '../../json/pieces.js'
import { version } from '../../package-root.js'
import { ignore, type RequestEnded, type Subscriber, unsentError } from '../events.js'
import { errorTypeOf } from '../metrics/error-type.js'
import type { ObservedRequest } from '../observed-request.js'
import { routeTemplate } from '../route-template.js'
import { attemptAttributes } from './attempt-attributes.js'
import { PROTOCOL, unsupportedProtocol } from './requested.js'

const SERVICE = 'dynamodb-storage-service'

export interface Traces extends Subscriber {
  /** Sends what has not been sent yet. */
  readonly close: () => Promise<void>
}

/** @param endpoint of DynamoDB */
export function createTraces(endpoint: URL, logger: FastifyBaseLogger): Traces {
  logDiagnostics(logger)
  const protocol = unsupportedProtocol(process.env)
  if (protocol !== undefined)
    logger.warn(
      { protocol },
      `traces are sent as ${PROTOCOL}: OTEL_EXPORTER_OTLP_PROTOCOL asks for another protocol`,
    )
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE, 'service.version': version }))
      // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer: Tracer = provider.getTracer(SERVICE, version)
  const propagator = new W3CTraceContextPropagator()
  const server = { 'server.address': endpoint.hostname, 'server.port': portOf(endpoint) }

  return {
    requestStarted: (request) => {
      const { method, headers } = request.request
      const parent = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
      const route = request.route === undefined ? undefined : routeTemplate(request.route)
      const span = tracer.startSpan(
        route === undefined ? method : `${method} ${route}`,
        { kind: SpanKind.SERVER },
        parent,
      )
      request.traceId = span.spanContext().traceId
      // The samplers that can be chosen need no attributes, and most requests are not sampled.
      if (!span.isRecording()) return
      span.setAttributes(serverAttributes(request, route))
      request.span = { span, context: trace.setSpan(parent, span) }
    },
    requestEnded: (event) => {
      const { span } = event.request.span ?? {}
      if (span === undefined) return
      describeEnd(span, event)
      span.end()
    },
    attemptEnded: (event, request) => {
      const parent = request?.span
      // Attempts are sampled as their request is.
      if (request !== undefined && parent === undefined) return
      const { operation, table, startedAt, durationMs, result } = event
      const span = tracer.startSpan(
        table === undefined ? operation : `${operation} ${table}`,
        { kind: SpanKind.CLIENT, startTime: startedAt },
        parent?.context ?? ROOT_CONTEXT,
      )
      if (span.isRecording()) {
        span.setAttributes(server)
        span.setAttributes(attemptAttributes(event, request))
        if (!(result instanceof Pieces)) {
          const type = errorTypeOf(result)
          span.setAttribute('error.type', type)
          span.setStatus({ code: SpanStatusCode.ERROR, message: type })
        }
      }
      span.end(startedAt + durationMs)
    },
    // They stand in the spans of the attempts.
    retrying: ignore,
    batchEntries: ignore,
    capacityConsumed: ignore,
    readsShared: ignore,
    sharingFailed: ignore,
    changesRead: ignore,
    changeSubscribers: ignore,
    writeMaybeApplied: ignore,
    streamItems: ignore,
    // It has no route, and was answered before anything was done.
    requestRefused: ignore,
    close: async () => {
      try {
        await provider.shutdown()
      } catch (err) {
        logger.warn({ err }, 'the last traces could not be sent')
      }
    },
  }
}

function serverAttributes({ request }: ObservedRequest, route: string | undefined) {
  const { method, hostname, port, protocol, headers, ip } = request
  return {
    'http.request.method': method,
    'url.scheme': protocol,
    'url.path': route ?? '',
    ...(route !== undefined && { 'http.route': route }),
    'server.address': hostname,
    ...(port !== null && { 'server.port': port }),
    'client.address': ip,
    'network.protocol.version': request.raw.httpVersion,
    'user_agent.original': headers['user-agent'] ?? '',
  }
}

function describeEnd(
  span: Span,
  { request, status, problem, outcome, bytesIn, bytesOut }: RequestEnded,
): void {
  if (status !== undefined) span.setAttribute('http.response.status_code', status)
  span.setAttribute('http.request.body.size', bytesIn)
  span.setAttribute('http.response.body.size', bytesOut)
  if (request.operation !== undefined) span.setAttribute('db.operation.name', request.operation)
  const errorType = unsentError(outcome) ?? problem?.code
  if (errorType !== undefined) span.setAttribute('error.type', errorType)
  // An error of the client is none of this span (HTTP Spans, "Status").
  if (outcome !== 'complete' || (status !== undefined && status >= 500))
    span.setStatus({ code: SpanStatusCode.ERROR })
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

/** The SDK's own messages, such as that the collector cannot be reached, are lines of the log. */
function logDiagnostics(logger: FastifyBaseLogger): void {
  const log = (level: 'error' | 'warn' | 'info') => (message: string) => {
    logger[level]({ detail: message.slice(0, 500) }, 'OpenTelemetry')
  }
  diag.setLogger(
    { error: log('error'), warn: log('warn'), info: log('info'), debug: ignore, verbose: ignore },
    DiagLogLevel.WARN,
  )
}
