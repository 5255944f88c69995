/** The life of a request to the API, from its headers to its answer, in the order in which it happens. */
import type { FastifyReply } from 'fastify'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import type { Pool } from '../http/admission.js'
import { idempotencyKeyOf, refuseIdempotencyKey } from '../http/idempotency-key.js'
import { document } from '../items/representation.js'
import type { Json } from '../json/json.js'
import { RequestObserver } from '../observability/events.js'
import type { ObservedRequest } from '../observability/observed-request.js'
import type { CallState } from '../problem/send-problem.js'
import { isWrite, type Operation, targetsOf } from '../storage/operations.js'
import type { Action, Target } from '../storage/targets.js'
import type { DynamoDBRequest } from '../storage/request.js'
import type { KeySchema } from '../storage/tables/key-schemas.js'
import { limitRate, permit, permitTable } from './access-control.js'
import { audited } from './audited.js'
import { createBodyReader } from './body.js'
import type { ApiRequest, Call, Parameters, Route, Services } from './call.js'
import { withHint } from './hints.js'
import { createNegotiation, type Negotiated } from './negotiation.js'
import { createValidation } from './validation.js'

export type AnswerBody = Json | undefined

/** What one operation does differently from the others. */
export interface ApiRoute<Output> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `:table` for a path parameter. */
  readonly path: `/v1/${string}`
  readonly schema: DescribedRoute
  /** DynamoDB's name of the operation. */
  readonly operation: Operation
  /** The operation, if it depends on the body or on the key of the table. */
  readonly operationFor?: (call: Call, keySchema: KeySchema) => Operation
  /**
   * What is done to the table, or what it may be, if the request can only be built with the names and types of the key: that
   * of the table, or of the `:index` in the path.
   */
  readonly itemAction?: Action | readonly Action[]
  /** Finds the representations of the request and its answer, if that is not to be done by the schema. */
  readonly negotiate?: (request: ApiRequest) => Negotiated
  /** Whose slots it takes; by default those of streams for a stream. */
  readonly pool?: Pool
  /** Builds DynamoDB's request. */
  readonly request: (call: Call, keySchema: KeySchema) => DynamoDBRequest
  /** Checks DynamoDB's request, where that takes long enough to be done in slices. Undefined, or resolves, if it is valid. */
  readonly checkRequest?: (request: DynamoDBRequest) => Promise<void> | undefined
  /** What the request is about, if that is more than the row of the operation says. */
  readonly targets?: (call: Call, request: DynamoDBRequest) => readonly Target[]
  /** Checks that the caller may send the request, if that is not to be decided by its targets; by default {@link permit}. */
  readonly permit?: (call: Call, targets: readonly Target[]) => Promise<void> | undefined
  /** Calls the storage layer. */
  readonly send: (call: Call, request: DynamoDBRequest) => Promise<Output>
  /** Sets the status and the headers of the answer. Returns its body, undefined for none. */
  readonly answer: (call: Call, output: Output, request: DynamoDBRequest) => AnswerBody | Promise<AnswerBody>
}

const NO_KEY_SCHEMA: KeySchema = []

/** A route of the API. Everything that does not depend on the request is done here, once. */
export function apiRoute<Output>(route: ApiRoute<Output>): Route {
  const { method, path, schema, operation, operationFor, itemAction, permit: permitRequest = permit } = route
  const { negotiate = createNegotiation(schema) } = route
  const readBody = createBodyReader(schema, method)
  const validate = createValidation(schema)
  const readIdempotencyKey =
    schema.headers?.properties['idempotency-key'] === undefined ? refuseIdempotencyKey : idempotencyKeyOf
  const readsStream = schema.bodyStreams !== undefined

  async function serve(services: Services, request: ApiRequest, reply: FastifyReply): Promise<AnswerBody> {
    const { access, config, storage, admission, inFlight, observe } = services

    const observed = observedOf(request)
    observed.operation = operation
    const state: CallState = { representation: document, writes: false }
    request.call = state

    // 1. Authenticate the caller.
    const caller = access && (await access.authenticate(request.headers))
    observed.principal = caller?.principal ?? null
    observed.stepMs.auth = performance.now() - observed.startedAt

    // 2. Limit its rate, so that every answer tells it, and then negotiate the representations of the request and of
    // its answer.
    if (caller?.rate !== undefined) await limitRate(services, caller, reply)
    const negotiated = negotiate(request)
    state.representation = negotiated.answer
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key'])

    // 3. Limit the time, counted from the end of the headers. The call ends early if the caller disconnects.
    const limits = {
      deadline: performance.now() - reply.elapsedTime + config.requestTimeoutMs,
      signal: inFlight.add(reply),
      observer: new RequestObserver(observe, observed),
    }

    // 4. Read the body and validate it together with the parameters.
    const { value: body, errors } = await readBody(observed, negotiated.body, config, admission)
    validate(request, body, errors)

    // 5. Take a slot, now that the body has arrived. A stream is still to be read.
    const { answer: representation, stream } = negotiated
    admission.enter(request.raw, route.pool ?? (stream !== undefined || readsStream ? 'streams' : 'requests'))

    // 6. Authorize everything that the request asks for, and call the storage layer.
    const call: Call = {
      request,
      reply,
      caller,
      body,
      representation,
      stream,
      idempotencyKey,
      limits,
      observed,
      services,
    }
    let asked = operation
    let sent: DynamoDBRequest = {}
    const sendPermitted = (): Promise<Output> => {
      state.writes = isWrite(asked, sent)
      return route.send(call, sent)
    }
    const sendChecked = (): Promise<Output> => {
      const targets = route.targets === undefined ? targetsOf(asked, sent) : route.targets(call, sent)
      observed.tables = tablesOf(targets)
      // Nearly all decisions are made at once.
      const deciding = permitRequest(call, targets)
      return deciding === undefined ? sendPermitted() : deciding.then(sendPermitted)
    }
    const send = (keySchema: KeySchema): Promise<Output> => {
      if (operationFor !== undefined) observed.operation = asked = operationFor(call, keySchema)
      sent = route.request(call, keySchema)
      const checking = route.checkRequest?.(sent)
      return checking === undefined ? sendChecked() : checking.then(sendChecked)
    }
    const { table = '', index } = request.params
    if (itemAction !== undefined) await permitTable(call, itemAction, table)
    let output: Output
    try {
      output =
        itemAction !== undefined
          ? await storage.withKeySchema(table, limits, send, index)
          : await send(NO_KEY_SCHEMA)
    } catch (error) {
      throw await withHint(error, call, sent)
    }

    // 7. Answer. An error at any step is answered by problem/send-problem.ts. The body is returned rather than sent:
    // Fastify would otherwise watch the response for its end, which costs a tenth of a get.
    const answering = performance.now()
    const answer = route.answer(call, output, sent)
    observed.stepMs.translate += performance.now() - answering
    return answer
  }

  return (app, services) => {
    const handler = audited(operation, services.audit, (request, reply) => serve(services, request, reply))
    app.route<Parameters>({
      method,
      url: path,
      schema,
      // All parts are validated together in step 4.
      validatorCompiler: () => () => true,
      handler,
    })
  }
}

/** The hook that observes requests comes before any handler. */
export function observedOf({ observed }: ApiRequest): ObservedRequest {
  if (observed === null) throw new Error('the request is not observed')
  return observed
}

/** The tables of these, each once. Nearly all requests have one target. */
export function tablesOf(targets: readonly Target[]): readonly string[] {
  const [first] = targets
  if (first === undefined) return []
  return targets.length === 1 ? [first.table] : [...new Set(targets.map(({ table }) => table))]
}

/** An answer whose body is already JSON. As bytes, since Fastify would add a charset to the media type of a string. */
export function jsonAnswer({ reply, representation }: Call, status: number, json: Json): AnswerBody {
  reply.code(status).header('content-type', representation.mediaType)
  return json
}
