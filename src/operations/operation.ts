/** What the route of every operation does: decode, call the storage layer, encode. */
import * as Type from 'typebox'
import type { TSchema } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../fastify.js'
import { type Json, members as membersOf } from '../json/reader.js'
import { type Answer, readAnswer, writeRequest } from '../items/body.js'
import { document } from '../items/representation.js'
import { shapeOf } from '../items/shape.js'
import { Cancellation } from '../storage/call/cancellation.js'
import type { CallLimits } from '../storage/call/limits.js'
import { isWrite, type Operation } from '../storage/operations.js'
import type { Storage } from '../storage/client.js'
import { refuseMetrics, sendItemLines } from './item-lines.js'

/** A route, as `routes/index.ts` lists it. */
export type Route = (app: App) => void

interface OperationRoute {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** `:table` in it becomes the request's `TableName`. */
  readonly path: `/v1/${string}`
  readonly schema: {
    readonly body?: TSchema
    readonly response: Readonly<Record<number, TSchema>>
    /** Of an answer that is pages: what it is as lines. */
    readonly responseLines?: TSchema
  }
  /** DynamoDB's name of it. */
  readonly name: Operation
  /** What the storage layer does with DynamoDB's request, if that is more than to send it; gives DynamoDB's answer. */
  readonly call?: (storage: Storage, input: Json, limits: CallLimits) => Promise<Json>
  /** Members of DynamoDB's request that do not come from the body. */
  readonly members?: (
    request: OperationRequest,
    reply: FastifyReply,
  ) => Readonly<Record<string, string | number>>
  /** What to find wrong with an answer. */
  readonly check?: (answer: Answer) => void
}

interface Generic {
  Body: object | undefined
  Params: { table?: string }
  Querystring: Readonly<Record<string, string>>
}

export type OperationRequest = FastifyRequest<Generic>

const noFields = shapeOf(Type.Object({}))

/** The route of an operation. Its schema says all that is particular: the fields, and where items stand among them. */
export function operation({
  method = 'POST',
  path,
  schema,
  name,
  call = (storage, input, limits) => storage.send(name, Object.fromEntries(membersOf(input)), limits),
  members,
  check,
}: OperationRoute): Route {
  const bodyShape = schema.body && shapeOf(schema.body)
  const [[status, answerSchema] = ['200', {}]] = Object.entries(schema.response)
  const answerShape = shapeOf(answerSchema)
  return (app) => {
    app.route<Generic>({
      method,
      url: path,
      schema,
      config: {
        api: true,
        body: bodyShape,
        writes: isWrite(name, {}),
        givesLines: schema.responseLines !== undefined,
      },
      handler: async (request, reply) => {
        const { table } = request.params
        const { answer: representation = document, inLines = false } = request.representation ?? {}
        if (inLines) refuseMetrics(request.body ?? {})
        const input = writeRequest(request.body ?? {}, bodyShape ?? noFields, {
          ...(table !== undefined && { TableName: table }),
          ...members?.(request, reply),
        })
        const limits = limitsOf(app, reply)
        if (inLines) return sendItemLines(app, reply, name, input, representation, limits)
        const output = await call(app.storage, input, limits)
        const answer = readAnswer(output, answerShape, representation)
        check?.(answer)
        reply.code(Number(status)).header('content-type', representation.mediaType)
        // As bytes, or Fastify would add a charset to the media type, which has none (RFC 8259, section 11).
        return answer.json
      },
    })
  }
}

/** The bounds of one request: its deadline, counted from the end of its headers, and the moment when its caller hangs up. */
export function limitsOf(app: App, reply: FastifyReply): CallLimits & { readonly signal: Cancellation } {
  return {
    deadline: performance.now() - reply.elapsedTime + app.config.requestTimeoutMs,
    signal: underWay(app, reply),
  }
}

/** What is aborted when the caller hangs up, or when there is no time left for it. */
export function underWay(app: App, reply: FastifyReply): Cancellation {
  const call = new Cancellation()
  app.calls.add(call)
  reply.raw.on('close', () => {
    if (!app.calls.delete(call) || reply.raw.writableFinished) return
    call.abort()
    const { method, url } = reply.request
    reply.log.info({ method, url }, 'the caller hung up')
  })
  if (app.givenUp) call.abort()
  return call
}
