import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../access/access.js'
import type { Caller } from '../access/caller.js'
import type { RateLimits } from '../access/rate-limits.js'
import type { Config } from '../config.js'
import type { Admission } from '../http/admission.js'
import type { App } from '../http/fastify.js'
import type { InFlightRequests } from '../http/in-flight.js'
import type { Lifecycle } from '../http/lifecycle.js'
import type { Representation } from '../items/representation.js'
import type { StreamFormat } from '../items/stream-format.js'
import type { Observe } from '../observability/events.js'
import type { ObservedRequest } from '../observability/observed-request.js'
import type { Audit } from '../observability/audit.js'
import type { Cancellation } from '../storage/call/cancellation.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { Storage } from '../storage/client.js'
import type { TableNamesCache } from '../storage/tables/table-names-cache.js'
import type { ChangeFeeds } from './change-feeds.js'
import type { PageTokens } from './page-tokens.js'
import type { Readiness } from './readiness.js'

/** What routes need from the rest of the service. */
export interface Services {
  readonly config: Config
  readonly storage: Storage
  readonly tableNames: TableNamesCache
  /** Only with `AUTH=policy`. */
  readonly access: Access | undefined
  readonly rateLimits: RateLimits
  /** Only with `AUDIT=true`. */
  readonly audit: Audit | undefined
  readonly pageTokens: PageTokens
  readonly changeFeeds: ChangeFeeds
  readonly admission: Admission
  readonly inFlight: InFlightRequests
  readonly observe: Observe
  readonly readiness: Readiness
  readonly lifecycle: Lifecycle
}

/** Registers one route. */
export type Route = (app: App, services: Services) => void

/** The parameters of requests to the API. */
export interface Parameters {
  Params: Readonly<Record<string, string>>
  Querystring: Readonly<Record<string, string>>
}

export type ApiRequest = FastifyRequest<Parameters>

/** A request to the API that has been read and validated; see `serve.ts`. */
export interface Call {
  readonly request: ApiRequest
  readonly reply: FastifyReply
  /** Undefined without `AUTH=policy`: everyone may do everything. */
  readonly caller: Caller | undefined
  /** The body with its items as DynamoDB's JSON; undefined for routes that take none, or read it as a stream. */
  readonly body: object | undefined
  /** Of the items in the answer. */
  readonly representation: Representation
  /** The format of an answer that is a stream of all pages; undefined for an answer that is one JSON value. */
  readonly stream: StreamFormat | undefined
  /** The header `Idempotency-Key`. Only operations that can use it have one. */
  readonly idempotencyKey: string | undefined
  readonly limits: CallLimits & { readonly signal: Cancellation }
  readonly observed: ObservedRequest
  readonly services: Services
}
