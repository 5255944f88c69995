import type { Context, Span } from '@opentelemetry/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SentOperation } from '../storage/operations.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until its headers are checked. */
    observed: ObservedRequest | null
  }
}

/** The steps of a request whose time is measured with `SERVER_TIMING=true`. */
export type Step = 'auth' | 'translate'

/** The span of a request, and the context that spans of its attempts are made in. */
export interface RequestSpan {
  readonly span: Span
  readonly context: Context
}

/** What is known of a request, for everything that is logged, measured or traced about it. */
export class ObservedRequest {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** On the clock of `performance.now()`, in ms. */
  readonly startedAt = performance.now()
  /** The pattern of its route, such as `/v1/tables/:table/get`; undefined if none matches. */
  readonly route: string | undefined
  /** The trace that it is part of (W3C Trace Context): 32 hexadecimal digits. */
  traceId: string | undefined
  /** Undefined without traces. Kept here, since a WeakMap of requests makes garbage collection expensive. */
  span: RequestSpan | undefined
  /** DynamoDB's name of the operation that it asks for. */
  operation: SentOperation | undefined
  /** Who sent it: the id of an API key, or `<sub>@<issuer>` of a token; null if that is not known. */
  principal: string | null = null
  /** The tables that it is about, as it names them; empty until its body has been read. */
  tables: readonly string[] = []
  /** How often DynamoDB was called. */
  attempts = 0
  /** The time of all attempts together, in ms. Those of a batch overlap. */
  upstreamMs = 0
  /** The time of all waits before retries together, in ms. */
  retryMs = 0
  /** The time of each step, in ms. */
  readonly stepMs: Record<Step, number> = { auth: 0, translate: 0 }
  /** Capacity units; undefined if DynamoDB did not tell. */
  capacityUnits: number | undefined
  /** The items that a stream has read or written; undefined for a request without one. */
  items: number | undefined
  /** Whether the answer goes on for as long as its reader wants, so that its duration says nothing of the service. */
  isFeed = false
  /** The size of the body, in bytes, where it has no Content-Length. */
  bytesRead = 0
  /** Why the service broke off an answer that is a stream; undefined if it did not. */
  brokenOffBy: Error | undefined
  /** The size of an answer that is a stream, in bytes. */
  bytesWritten = 0

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.request = request
    this.reply = reply
    this.traceId = traceIdIn(request.headers['traceparent'])
    this.route = request.is404 ? undefined : request.routeOptions.url
  }

  /** The table that the request is about, as it names it; undefined if it is about none, or about several. */
  get table(): unknown {
    const { params } = this.request
    if (typeof params === 'object' && params !== null && 'table' in params) return params.table
    return this.tables.length === 1 ? this.tables[0] : undefined
  }
}

/** The trace of the caller (W3C Trace Context, "Traceparent Header"): `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. */
function traceIdIn(traceparent: string | readonly string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string') return undefined
  return /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(traceparent)?.[1]
}
