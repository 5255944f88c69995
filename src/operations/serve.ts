/** The life of a request to the API, from its headers to its answer, in the order in which it happens. */
import type { FastifyReply } from 'fastify'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import type { Json } from '../json/json.js'
import type { CallState } from '../problem/send-problem.js'
import { isWrite, type Operation } from '../storage/operations.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import { createBodyReader } from './body.js'
import type { ApiRequest, Call, Parameters, Route, Services } from './call.js'
import { createNegotiation } from './negotiation.js'
import { createValidation } from './validation.js'

export type AnswerBody = Json | undefined

/** What one operation does differently from the others. */
export interface ApiRoute<Output> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With `:table` for a path parameter. */
  readonly path: `/v1/${string}`
  readonly schema: DescribedRoute
  /** DynamoDB's name of the operation. */
  readonly operation: Operation
  /** Whether the request can only be built with the names and types of the table's key. */
  readonly needsKeySchema?: true
  /** Builds DynamoDB's request. */
  readonly request: (call: Call, keySchema: KeySchema) => DynamoDBRequest
  /** Calls the storage layer. */
  readonly send: (call: Call, request: DynamoDBRequest) => Promise<Output>
  /** Sets the status and the headers of the answer. Returns its body, undefined for none. */
  readonly answer: (call: Call, output: Output, request: DynamoDBRequest) => AnswerBody | Promise<AnswerBody>
}

const NO_KEY_SCHEMA: KeySchema = []

/** A route of the API. Everything that does not depend on the request is done here, once. */
export function apiRoute<Output>(route: ApiRoute<Output>): Route {
  const { method, path, schema, operation } = route
  const negotiate = createNegotiation(schema)
  const readBody = createBodyReader(schema, method)
  const validate = createValidation(schema)

  async function serve(services: Services, request: ApiRequest, reply: FastifyReply): Promise<AnswerBody> {
    const { config, storage, admission, inFlight } = services

    // 1. Negotiate the representations of the request and of its answer.
    const negotiated = negotiate(request)
    const state: CallState = { representation: negotiated.answer, writes: false }
    request.call = state

    // 2. Limit the time, counted from the end of the headers. The call ends early if the caller disconnects.
    const limits = {
      deadline: performance.now() - reply.elapsedTime + config.requestTimeoutMs,
      signal: inFlight.add(reply),
    }

    // 3. Read the body and validate it together with the parameters.
    const { value: body, errors } = await readBody(request.raw, negotiated.body, config, admission)
    validate(request, body, errors)

    // 4. Call the storage layer.
    const { answer: representation, inLines } = negotiated
    const call: Call = { request, reply, body, representation, inLines, limits, services }
    let sent: DynamoDBRequest = {}
    const send = (keySchema: KeySchema): Promise<Output> => {
      sent = route.request(call, keySchema)
      state.writes = isWrite(operation, sent)
      return route.send(call, sent)
    }
    const output = route.needsKeySchema
      ? await storage.withKeySchema(request.params['table'] ?? '', limits, send)
      : await send(NO_KEY_SCHEMA)

    // 5. Answer. An error at any step is answered by problem/send-problem.ts. The body is returned rather than sent:
    // Fastify would otherwise watch the response for its end, which costs a tenth of a get.
    return route.answer(call, output, sent)
  }

  return (app, services) => {
    app.route<Parameters>({
      method,
      url: path,
      schema,
      // All parts are validated together in step 3.
      validatorCompiler: () => () => true,
      handler: (request, reply) => serve(services, request, reply),
    })
  }
}

/** An answer whose body is already JSON. As bytes, since Fastify would add a charset to the media type of a string. */
export function jsonAnswer({ reply, representation }: Call, status: number, json: Json): AnswerBody {
  reply.code(status).header('content-type', representation.mediaType)
  return json
}
