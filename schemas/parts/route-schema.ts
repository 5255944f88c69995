/**
 * The schema of a route: what Fastify validates, and what `openapi.yaml` says. Write every schema as
 * `{ … } satisfies RouteSchema`: a misspelled tag, error code or member does not compile, and the types of the body and
 * of the parameters stay exact.
 */
import type { TObject, TSchema } from 'typebox'
import type { Code } from './codes.js'

/** The sections of the description, in the order in which a reader meets them. */
export type Tag = 'Items' | 'Batches' | 'Transactions' | 'Statements' | 'Tables' | 'Service'

export type RouteSchema = DescribedRoute | HiddenRoute

/** A route that `openapi.yaml` describes. */
export interface DescribedRoute extends Parameters {
  readonly hide?: never
  /** The name of the method in generated clients; unique. */
  readonly operationId: string
  /** One line, without a full stop. */
  readonly summary: string
  /** One sentence or more, in Markdown. */
  readonly description: string
  readonly tags: readonly [Tag]
  readonly body?: TSchema & Content
  /** The only media type of the body, if it is neither of the two representations. Its items are documents. */
  readonly bodyMediaType?: string
  /** A request body of any size, by media type. The route reads and validates it item by item. */
  readonly bodyStreams?: Readonly<Record<string, TSchema & Content>>
  /** By status code. The first one is the status of success. */
  readonly response: Readonly<Record<number, TSchema & Answer>>
  /** The answer as a stream, by media type, for a client whose `Accept` asks for one. */
  readonly responseStreams?: Readonly<Record<string, TSchema & Content>>
  /** The codes of this route only. Those of every request, of a body and of a call to DynamoDB are added to them. */
  readonly errors?: readonly Code[]
  /** Whether the HEAD route that Fastify adds to a GET route is described too. */
  readonly head?: boolean
}

/** A route that serves a part of something else, such as a file of a page. `openapi.yaml` leaves it out. */
export interface HiddenRoute extends Parameters {
  readonly hide: true
}

interface Parameters {
  readonly params?: TObject
  readonly querystring?: TObject
  /** Request headers, by name in lower case. */
  readonly headers?: TObject
}

/** The members of a body's schema that the description reads. TypeBox takes them as options: `Closed(…, { examples })`. */
interface Content {
  readonly title?: string
  readonly description?: string
  /** As documents. Those in DynamoDB's own types are derived from them. */
  readonly examples?: readonly unknown[]
}

/** An answer: the schema of its JSON body, `Type.Null` for none, or only a description and other media types. */
interface Answer extends Content {
  /** `null` for an answer without a body. */
  readonly type?: string
  /** Response headers of this answer, by name in lower case. `Type.Optional` marks one that is not on every answer. */
  readonly headers?: Readonly<Record<string, TSchema & object>>
  /** Bodies in other media types, in the form that Fastify takes. */
  readonly content?: Readonly<Record<string, MediaType>>
}

interface MediaType {
  readonly schema: TSchema & object
  readonly examples?: readonly unknown[]
}
