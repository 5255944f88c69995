import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import type { Admission } from '../http/admission.js'
import type { App } from '../http/fastify.js'
import type { InFlightRequests } from '../http/in-flight.js'
import type { Representation } from '../items/representation.js'
import type { Cancellation } from '../storage/call/cancellation.js'
import type { CallLimits } from '../storage/call/limits.js'
import type { Storage } from '../storage/client.js'

/** What routes need from the rest of the service. */
export interface Services {
  readonly config: Config
  readonly storage: Storage
  readonly admission: Admission
  readonly inFlight: InFlightRequests
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
  /** The body with its items as DynamoDB's JSON; undefined for routes that take none, or read it as lines. */
  readonly body: object | undefined
  /** Of the items in the answer. */
  readonly representation: Representation
  /** Whether the answer is a stream of lines. */
  readonly inLines: boolean
  readonly limits: CallLimits & { readonly signal: Cancellation }
  readonly services: Services
}
