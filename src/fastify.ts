/** What this service adds to Fastify's own types. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Bag } from './bag.js'
import type { Config } from './config.js'
import type { ProblemError } from './problem.js'
import type { Representation } from './representation/media-type.js'
import type { Shape } from './representation/shape.js'
import type { Cancellation } from './storage/cancellation.js'
import type { Storage } from './storage/storage.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** DynamoDB. */
    storage: Storage
    config: Config
    /** True from the first signal to stop. */
    closing: boolean
    /** True from the moment when there is no time left for calls. */
    givenUp: boolean
    /** What is under way for callers, to be given up when there is no time left for it. */
    calls: Bag<Cancellation>
  }
  interface FastifyRequest {
    /** How items stand in the body and shall stand in the answer; null outside the routes of the API. */
    representation: { readonly request: Representation; readonly answer: Representation } | null
    /** What the request was answered with, if not with success. */
    problem: ProblemError | null
  }
  interface FastifyContextConfig {
    /** The route is one of the API: it speaks in one of the representations. */
    api?: boolean
    /** Where items stand in the body, of routes that take one. */
    body?: Shape | undefined
    /** The route changes something. */
    writes?: boolean
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
