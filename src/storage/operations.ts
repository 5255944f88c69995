/**
 * The operations of DynamoDB (API version 2012-08-10) that the storage layer calls. Everything that has to be known of
 * an operation is in its row, and a row without one of the facts does not compile.
 */
import { API_OPERATIONS, type ApiOperation, isReadOnly } from './api-operations.js'
import { type DynamoDBRequest, textOf } from './request.js'
import { onlySelects, type StatementOperation } from './statement-requests.js'
import {
  batchGetTargets,
  batchWriteTargets,
  keyTarget,
  queryTarget,
  scanTarget,
  statementTargets,
  type StreamAction,
  streamTarget,
  tableTarget,
  type Target,
  type TargetsOf,
  transactionTargets,
} from './targets.js'
import { isIdempotent } from './update-expression.js'

export interface OperationRow {
  /** Whether it can change anything. After a lost response of a write, its outcome is unknown. */
  readonly effect: Effect | ((request: DynamoDBRequest) => Effect)
  /**
   * Whether the request may be sent again after an attempt with unknown outcome: only if doing it twice has the same
   * result as doing it once. A counter would count twice, and a response with the old item would contain the new one.
   */
  readonly repeatable: (request: DynamoDBRequest) => boolean
  /** Whether it has the parameter `ReturnConsumedCapacity`. */
  readonly reportsCapacity: boolean
  /** The tables, indexes and items that the request is about; one target for each entry of a batch or transaction. */
  readonly targets: TargetsOf
  /** The API that it belongs to: DynamoDB's, unless it says otherwise. */
  readonly api?: Api
}

/** The APIs by the first part of `X-Amz-Target`. DynamoDB Streams has an endpoint of its own. */
export type Api = 'DynamoDB_20120810' | 'DynamoDBStreams_20120810'

export type Effect = 'read' | 'write'

const always = () => true

/** PutItem and DeleteItem; UpdateItem as far as its expression does not matter. */
function returnsNoOldItem({ ReturnValues }: DynamoDBRequest): boolean {
  return textOf(ReturnValues)?.endsWith('_OLD') !== true
}

/** `AttributeUpdates` is the legacy form of an update, which is not analyzed. */
function isRepeatableUpdate(request: DynamoDBRequest): boolean {
  const { AttributeUpdates, UpdateExpression } = request
  if (!returnsNoOldItem(request) || AttributeUpdates !== undefined) return false
  const expression = textOf(UpdateExpression)
  return expression === undefined || isIdempotent(expression)
}

export const operations = {
  GetItem: {
    effect: 'read',
    repeatable: always,
    reportsCapacity: true,
    targets: keyTarget('GetItem', 'Key'),
  },
  PutItem: {
    effect: 'write',
    repeatable: returnsNoOldItem,
    reportsCapacity: true,
    targets: keyTarget('PutItem', 'Item'),
  },
  UpdateItem: {
    effect: 'write',
    repeatable: isRepeatableUpdate,
    reportsCapacity: true,
    targets: keyTarget('UpdateItem', 'Key'),
  },
  DeleteItem: {
    effect: 'write',
    repeatable: returnsNoOldItem,
    reportsCapacity: true,
    targets: keyTarget('DeleteItem', 'Key'),
  },
  Query: { effect: 'read', repeatable: always, reportsCapacity: true, targets: queryTarget },
  Scan: { effect: 'read', repeatable: always, reportsCapacity: true, targets: scanTarget },
  BatchGetItem: { effect: 'read', repeatable: always, reportsCapacity: true, targets: batchGetTargets },
  // Its entries are whole items and keys, without conditions.
  BatchWriteItem: { effect: 'write', repeatable: always, reportsCapacity: true, targets: batchWriteTargets },
  TransactGetItems: {
    effect: 'read',
    repeatable: always,
    reportsCapacity: true,
    targets: transactionTargets('TransactGetItems'),
  },
  // DynamoDB applies a transaction with a token only once (Developer Guide, "Idempotency").
  TransactWriteItems: {
    effect: 'write',
    repeatable: ({ ClientRequestToken }) => ClientRequestToken !== undefined,
    reportsCapacity: true,
    targets: transactionTargets('TransactWriteItems'),
  },
  // What a statement writes may depend on the item, as in `SET n = n + 1`, and an INSERT would find its own item.
  ExecuteStatement: statementRow('ExecuteStatement', () => false),
  BatchExecuteStatement: statementRow('BatchExecuteStatement', () => false),
  ExecuteTransaction: statementRow(
    'ExecuteTransaction',
    ({ ClientRequestToken }) => ClientRequestToken !== undefined,
  ),
  // DynamoDB refuses the second of two equal requests, because the table exists, is being changed or deleted, or is as it
  // should be.
  CreateTable: {
    effect: 'write',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('CreateTable'),
  },
  UpdateTable: {
    effect: 'write',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('UpdateTable'),
  },
  DeleteTable: {
    effect: 'write',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('DeleteTable'),
  },
  DescribeTable: {
    effect: 'read',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('DescribeTable'),
  },
  UpdateTimeToLive: {
    effect: 'write',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('UpdateTimeToLive'),
  },
  DescribeTimeToLive: {
    effect: 'read',
    repeatable: always,
    reportsCapacity: false,
    targets: tableTarget('DescribeTimeToLive'),
  },
  ListTables: { effect: 'read', repeatable: always, reportsCapacity: false, targets: () => [] },
  ListStreams: streamRow('ListStreams'),
  DescribeStream: streamRow('DescribeStream'),
  GetShardIterator: streamRow('GetShardIterator'),
  GetRecords: streamRow('GetRecords'),
} satisfies Record<string, OperationRow>

export type Operation = keyof typeof operations

/** The names of all operations with a row. */
export const OPERATIONS: readonly Operation[] = Object.keys(operations).filter((name) => hasRow(name))

/** Whether the storage layer knows the parameters of an operation. */
export function hasRow(name: string): name is Operation {
  return Object.hasOwn(operations, name)
}

/** An operation that can be sent: one with a row, or one that is passed on as a caller sends it. */
export type SentOperation = Operation | ApiOperation

/** What holds for an operation without a row: nothing is known of its parameters. */
function passedOn(operation: ApiOperation): OperationRow {
  const effect = isReadOnly(operation) ? 'read' : 'write'
  return { effect, repeatable: () => effect === 'read', reportsCapacity: false, targets: () => [] }
}

const rows: ReadonlyMap<SentOperation, OperationRow> = new Map<SentOperation, OperationRow>([
  ...API_OPERATIONS.map((operation) => [operation, passedOn(operation)] as const),
  ...OPERATIONS.map((operation) => [operation, operations[operation]] as const),
])

function rowOf(operation: SentOperation): OperationRow {
  const row = rows.get(operation)
  if (row === undefined) throw new TypeError(`${operation} is no operation`)
  return row
}

/** Whether a lost response leaves it unknown if the request changed anything. */
export function isWrite(operation: SentOperation, request: DynamoDBRequest): boolean {
  const { effect } = rowOf(operation)
  return (typeof effect === 'function' ? effect(request) : effect) === 'write'
}

/** See {@link OperationRow.api}. */
export function apiOf(operation: SentOperation): Api {
  return rowOf(operation).api ?? 'DynamoDB_20120810'
}

/** See {@link OperationRow.reportsCapacity}. */
export function reportsCapacity(operation: SentOperation): boolean {
  return rowOf(operation).reportsCapacity
}

/** See {@link OperationRow.repeatable}. */
export function isRepeatable(operation: SentOperation, request: DynamoDBRequest): boolean {
  return rowOf(operation).repeatable(request)
}

/**
 * See {@link OperationRow.targets}.
 * @throws RequestError if a parameter is missing or not of the type that DynamoDB wants
 */
export function targetsOf(operation: SentOperation, request: DynamoDBRequest): readonly Target[] {
  return rowOf(operation).targets(request)
}

/** DynamoDB Streams only reads. */
function streamRow(action: StreamAction) {
  return {
    effect: 'read',
    repeatable: always,
    reportsCapacity: false,
    api: 'DynamoDBStreams_20120810',
    targets: streamTarget(action),
  } as const satisfies OperationRow
}

/** @param isRepeatableWrite whether a request with other statements than SELECT is repeatable */
function statementRow(
  operation: StatementOperation,
  isRepeatableWrite: OperationRow['repeatable'],
): OperationRow {
  return {
    effect: (request) => (onlySelects(operation, request) ? 'read' : 'write'),
    repeatable: (request) => isRepeatableWrite(request) || onlySelects(operation, request),
    reportsCapacity: true,
    targets: statementTargets(operation),
  }
}
