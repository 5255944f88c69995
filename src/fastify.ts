/** What this service adds to Fastify's own types. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Admission } from './http/admission.js'
import type { Bag } from './http/bag.js'
import type { Config } from './config.js'
import type { ProblemError } from './problem/problem.js'
import type { Representation } from './items/representation.js'
import type { Shape } from './items/shape.js'
import type { Cancellation } from './storage/call/cancellation.js'
import type { Storage } from './storage/client.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** DynamoDB. */
    storage: Storage
    config: Config
    /** What is taken on at a time. */
    admission: Admission
    /** True from the first signal to stop. */
    closing: boolean
    /** True from the moment when there is no time left for calls. */
    givenUp: boolean
    /** What is under way for callers, to be given up when there is no time left for it. */
    calls: Bag<Cancellation>
  }
  interface FastifyRequest {
    /** How items stand in the body and shall stand in the answer; null outside the routes of the API. */
    representation: {
      readonly request: Representation
      readonly answer: Representation
      /** The answer shall be one item a line. */
      readonly inLines: boolean
    } | null
    /** What the request was answered with, if not with success. */
    problem: ProblemError | null
  }
  interface FastifyContextConfig {
    /** The route is one of the API: it speaks in one of the representations. */
    api?: boolean
    /** Where items stand in the body, of routes that take one. */
    body?: Shape | undefined
    /** The body is one item a line. */
    takesLines?: boolean
    /** The answer can be one item a line. */
    givesLines?: boolean
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
