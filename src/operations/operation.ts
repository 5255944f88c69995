/** The operations that are one DynamoDB request and its answer. Their schemas say everything that is particular. */
import * as Type from 'typebox'
import type { DescribedRoute } from '../../schemas/parts/route-schema.js'
import { type Answer, translateAnswer } from '../items/answer.js'
import { shapeOf } from '../items/shape.js'
import { toRequest } from '../items/to-request.js'
import { inSlices } from '../json/in-slices.js'
import type { Json } from '../json/json.js'
import type { Pieces } from '../json/pieces.js'
import type { Operation } from '../storage/operations.js'
import type { DynamoDBRequest } from '../storage/request.js'
import { isSingleWrite } from '../storage/write-once.js'
import type { Call, Route } from './call.js'
import { checkSingleWrite, sendSingleWrite } from './single-write.js'
import { type ApiRoute, apiRoute, jsonAnswer } from './serve.js'

interface OperationRoute {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `:table` in it becomes the parameter `TableName`. */
  readonly path: `/v1/${string}`
  readonly schema: DescribedRoute
  readonly operation: Operation
  /** Throws a ProblemError if the request is not valid in a way that the schema of the body cannot tell. */
  readonly checkRequest?: ApiRoute<Json | Pieces>['checkRequest']
  readonly permit?: ApiRoute<Json | Pieces>['permit']
  /** What the storage layer does, if that is more than to send one request. Resolves to DynamoDB's answer. */
  readonly send?: (call: Call, request: DynamoDBRequest) => Promise<Json | Pieces>
  /** Parameters that do not come from the body. */
  readonly parameters?: (call: Call) => DynamoDBRequest
  /** Throws a ProblemError if the answer is one to the caller. */
  readonly check?: (answer: Answer) => void
}

const noFields = shapeOf(Type.Object({}))

/** The route of an operation. */
export function operation({
  method = 'POST',
  path,
  schema,
  operation,
  checkRequest,
  permit,
  send = sendOf(operation),
  parameters,
  check,
}: OperationRoute): Route {
  const bodyShape = schema.body === undefined ? noFields : shapeOf(schema.body)
  const [[status, answerSchema] = ['200', Type.Object({})]] = Object.entries(schema.response)
  const answerShape = shapeOf(answerSchema)

  return apiRoute<Json | Pieces>({
    method,
    path,
    schema,
    operation,
    request: (call) => {
      const { body = {}, request } = call
      const { table } = request.params
      if (call.idempotencyKey !== undefined) checkSingleWrite(operation, body)
      const own = parameters?.(call)
      return toRequest(body, bodyShape, table === undefined ? own : { TableName: table, ...own })
    },
    ...(checkRequest !== undefined && { checkRequest }),
    ...(permit !== undefined && { permit }),
    send,
    answer: (call, output) => {
      const finish = (answer: Answer) => {
        check?.(answer)
        return jsonAnswer(call, Number(status), answer.json)
      }
      const answer = inSlices(translateAnswer(output, answerShape, call.representation))
      return answer instanceof Promise ? answer.then(finish) : finish(answer)
    },
  })
}

function sendOf(operation: Operation): NonNullable<OperationRoute['send']> {
  if (isSingleWrite(operation)) return sendSingleWrite(operation)
  return ({ services: { storage }, limits }, request) => storage.answer(operation, request, limits)
}
