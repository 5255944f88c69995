/** PutItem, UpdateItem and DeleteItem, with or without an `Idempotency-Key`. */
import type { Json } from '../json/json.js'
import { ProblemError } from '../problem/problem-error.js'
import type { Operation } from '../storage/operations.js'
import type { DynamoDBRequest } from '../storage/request.js'
import { type SingleWrite, tokenOf, writeOnce } from '../storage/write-once.js'
import type { Call } from './call.js'

/**
 * Sends the write as it is or, with a key, so that it is applied once. Access control decides on the write that the caller
 * asks for, not on the transaction that carries it.
 */
export function sendSingleWrite(
  operation: SingleWrite,
): (call: Call, request: DynamoDBRequest) => Promise<Json> {
  return ({ services: { storage }, limits, idempotencyKey }, request) =>
    idempotencyKey === undefined
      ? storage.send(operation, request, limits)
      : writeOnce(operation, request, tokenOf(idempotencyKey), storage.send, limits)
}

/** @throws ProblemError if the body of a request with a key asks for something that a transaction cannot do */
export function checkSingleWrite(operation: Operation, body: object): void {
  const { returnValues = 'NONE', updateExpression } = body as Partial<Record<string, unknown>>
  if (returnValues !== 'NONE') {
    throw new ProblemError(
      'InvalidRequest',
      'body/returnValues cannot be used together with headers/idempotency-key: the write is sent as a transaction, which ' +
        'returns no values. Leave one of them out',
    )
  }
  if (operation === 'UpdateItem' && updateExpression === undefined) {
    throw new ProblemError(
      'InvalidRequest',
      'body must have the field "updateExpression" if there is headers/idempotency-key',
    )
  }
}
