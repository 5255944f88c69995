/**
 * One write as a transaction of one entry, which DynamoDB applies once within ten minutes, however often it is sent with
 * its token (API Reference, TransactWriteItems, "ClientRequestToken"). It takes twice the write capacity.
 */
import { hash } from 'node:crypto'
import { EMPTY_ARRAY, EMPTY_OBJECT, type Json } from '../json/json.js'
import { elements, members, objectOf } from '../json/parts.js'
import type { CallLimits, Send } from './call/limits.js'
import { asAnswerError, StorageError } from './errors.js'
import type { Operation } from './operations.js'
import { type DynamoDBRequest, textOf } from './request.js'

/** The writes that can be an entry of a transaction, by its name there. */
const ENTRIES = { PutItem: 'Put', UpdateItem: 'Update', DeleteItem: 'Delete' } as const

export type SingleWrite = keyof typeof ENTRIES

export function isSingleWrite(operation: Operation): operation is SingleWrite {
  return Object.hasOwn(ENTRIES, operation)
}

/** The most characters of a `ClientRequestToken`. */
const MAX_TOKEN = 36

/** The token for a key of any length: the key itself, or, of a longer one, the first 216 bits of its SHA-256 in base64url. */
export function tokenOf(key: string): string {
  return key.length <= MAX_TOKEN ? key : hash('sha256', key, 'base64url').slice(0, MAX_TOKEN)
}

/**
 * @param request the write's own, without `ReturnValues`
 * @param token of 1 to 36 characters, known to the whole AWS account and Region
 * @returns the answer in the form of the single write
 * @throws StorageError as the single write would, and `IdempotentParameterMismatchException` and
 *   `TransactionInProgressException`
 */
export async function writeOnce(
  operation: SingleWrite,
  request: DynamoDBRequest,
  token: string,
  send: Send,
  limits: CallLimits,
): Promise<Json> {
  const { ReturnConsumedCapacity, ReturnItemCollectionMetrics } = request
  // These are not parameters of an entry.
  const none = {
    ReturnConsumedCapacity: undefined,
    ReturnItemCollectionMetrics: undefined,
    ReturnValues: undefined,
  }
  const transaction = {
    TransactItems: [{ [ENTRIES[operation]]: { ...request, ...none } }],
    ClientRequestToken: token,
    ReturnConsumedCapacity,
    ReturnItemCollectionMetrics,
  }
  try {
    return singleAnswer(await send('TransactWriteItems', transaction, limits))
  } catch (error) {
    if (!(error instanceof StorageError) || error.name !== 'TransactionCanceledException') throw error
    throw asSingleError(error)
  }
}

/** `{"ConsumedCapacity": [{…}], "ItemCollectionMetrics": {"T": [{…}]}}`, each without what is around the one entry. */
function singleAnswer(answer: Json): Json {
  if (answer.equals(EMPTY_OBJECT)) return answer
  try {
    const { ConsumedCapacity, ItemCollectionMetrics } = Object.fromEntries(members(answer))
    const [metrics] = members(ItemCollectionMetrics ?? EMPTY_OBJECT).values()
    return objectOf([
      ['ConsumedCapacity', elements(ConsumedCapacity ?? EMPTY_ARRAY)[0]],
      ['ItemCollectionMetrics', elements(metrics ?? EMPTY_ARRAY)[0]],
    ])
  } catch (error) {
    throw asAnswerError(error)
  }
}

/** The exceptions that single writes have for the reasons of a canceled transaction (API Reference, TransactWriteItems). */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['ConditionalCheckFailed', 'ConditionalCheckFailedException'],
  ['ItemCollectionSizeLimitExceeded', 'ItemCollectionSizeLimitExceededException'],
  ['ProvisionedThroughputExceeded', 'ProvisionedThroughputExceededException'],
  ['RequestLimitExceeded', 'RequestLimitExceeded'],
  ['ThrottlingError', 'ThrottlingException'],
  ['TransactionConflict', 'TransactionConflictException'],
  ['ValidationError', 'ValidationException'],
])

/** `{"CancellationReasons": [{"Code": "ConditionalCheckFailed", "Message": …, "Item": …}]}` as the exception of the write. */
function asSingleError(canceled: StorageError): unknown {
  try {
    const [reason] = elements(members(canceled.body).get('CancellationReasons') ?? EMPTY_ARRAY)
    const { Code, Message, Item } = Object.fromEntries(members(reason ?? EMPTY_OBJECT))
    const code = textOf(Code) ?? 'Unknown'
    const failure = {
      kind: canceled.kind,
      name: EXCEPTIONS.get(code) ?? code,
      message: textOf(Message) ?? canceled.message,
      maybeApplied: canceled.maybeApplied,
      statusCode: canceled.statusCode,
      requestId: canceled.requestId,
      body: objectOf([['Item', Item]]),
      retryAfterMs: canceled.retryAfterMs,
      cause: canceled,
    }
    return new StorageError(failure, canceled)
  } catch (error) {
    return asAnswerError(error)
  }
}
