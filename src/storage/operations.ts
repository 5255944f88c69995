/**
 * The operations of DynamoDB (API version 2012-08-10) that the storage layer calls. Everything that has to be known of
 * an operation is in its row, and a row without one of the facts does not compile.
 */
import type { Json } from '../json/json.js'
import { API_OPERATIONS, type ApiOperation, isReadOnly } from './api-operations.js'
import {
  type DynamoDBRequest,
  elementsOf,
  jsonOf,
  membersOf,
  onlyTableOf,
  type Parameter,
  RequestError,
  textOf,
} from './request.js'
import type { Verb } from './statement.js'
import { onlySelects, type StatementOperation, statementsIn } from './statement-requests.js'
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
  readonly targets: (request: DynamoDBRequest) => readonly Target[]
  /** The API that it belongs to: DynamoDB's, unless it says otherwise. */
  readonly api?: Api
}

/** The APIs by the first part of `X-Amz-Target`. DynamoDB Streams has an endpoint of its own. */
export type Api = 'DynamoDB_20120810' | 'DynamoDBStreams_20120810'

export type Effect = 'read' | 'write'

/**
 * What is done to a table, an index or an item, by DynamoDB's name of the operation. An entry of a batch or transaction
 * has that of the single operation; `ConditionCheckItem` is the IAM action of a condition check.
 */
export type Action =
  | 'GetItem'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'
  | 'Query'
  | 'Scan'
  | 'CreateTable'
  | 'UpdateTable'
  | 'DeleteTable'
  | 'DescribeTable'
  | 'UpdateTimeToLive'
  | 'DescribeTimeToLive'
  | StreamAction

/** The actions of DynamoDB Streams. */
type StreamAction = 'DescribeStream' | 'GetShardIterator' | 'GetRecords' | 'ListStreams'

/** The IAM action of a PartiQL statement (Developer Guide, "IAM security policies with PartiQL for DynamoDB"). */
export type PartiQLAction = 'PartiQLSelect' | 'PartiQLInsert' | 'PartiQLUpdate' | 'PartiQLDelete'

/** One thing that a request reads or writes. */
export interface Target {
  readonly action: Action
  /** The batch, the transaction or the statement that it is an entry of. */
  readonly within?: string
  /** Only of a statement. It does not name the key, so its target has none. */
  readonly partiql?: PartiQLAction
  /** Only of a statement: the attributes that its `WHERE` clause wants to be equal to a value. */
  readonly equalNames?: ReadonlySet<string>
  /** As the request names it: the name of the table or its ARN. */
  readonly table: string
  /** The index that is read; undefined if it is the table itself. */
  readonly index?: string | undefined
  /** The key, or the item that contains it, in DynamoDB's JSON; undefined if the request is not about one item. */
  readonly key?: Json
  /** What chooses the items of a Query. */
  readonly keyCondition?: KeyCondition
  /** The key at which a Query or Scan goes on: `ExclusiveStartKey`. */
  readonly startKey?: Json | undefined
  /** Whether the answer to a write, or its error, has values of the item: the request asks for old or new ones. */
  readonly returnsItem?: boolean
}

/** The parameters of a Query that choose its items, each undefined if the request does not have it. */
export interface KeyCondition {
  readonly expression: string | undefined
  /** `ExpressionAttributeNames`: what placeholders such as `#n` stand for. */
  readonly names: Parameter
  /** `ExpressionAttributeValues`: what placeholders such as `:v` stand for, in DynamoDB's JSON. */
  readonly values: Parameter
}

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

function tableOf({ TableName }: DynamoDBRequest): string {
  const table = textOf(TableName)
  if (table === undefined) throw new RequestError('the request has no TableName')
  return table
}

function keyIn(request: DynamoDBRequest, parameter: 'Key' | 'Item'): Json {
  const key = request[parameter]
  if (key === undefined) throw new RequestError(`the request has no ${parameter}`)
  return jsonOf(key)
}

/** DynamoDB Streams only reads. */
function streamRow(action: StreamAction) {
  return {
    effect: 'read',
    repeatable: always,
    reportsCapacity: false,
    api: 'DynamoDBStreams_20120810',
    targets: (request) => {
      const table = onlyTableOf(request)
      if (table === undefined) throw new RequestError('the request names no stream')
      return [{ action, table }]
    },
  } as const satisfies OperationRow
}

function tableTarget(action: Action): OperationRow['targets'] {
  return (request) => [{ action, table: tableOf(request) }]
}

function queryTarget(request: DynamoDBRequest): readonly Target[] {
  const keyCondition = {
    expression: textOf(request['KeyConditionExpression']),
    names: request['ExpressionAttributeNames'],
    values: request['ExpressionAttributeValues'],
  }
  return [{ ...pageTarget('Query', request), keyCondition }]
}

function scanTarget(request: DynamoDBRequest): readonly Target[] {
  return [pageTarget('Scan', request)]
}

function pageTarget(action: Action, request: DynamoDBRequest): Target {
  const { IndexName, ExclusiveStartKey } = request
  const startKey = ExclusiveStartKey === undefined ? undefined : jsonOf(ExclusiveStartKey)
  return { action, table: tableOf(request), index: textOf(IndexName), startKey }
}

/** @param parameter where the key is */
function keyTarget(action: Action, parameter: 'Key' | 'Item'): OperationRow['targets'] {
  return (request) => [
    {
      action,
      table: tableOf(request),
      key: keyIn(request, parameter),
      returnsItem: returnsItem(request),
    },
  ]
}

function returnsItem({ ReturnValues, ReturnValuesOnConditionCheckFailure }: DynamoDBRequest): boolean {
  return asksFor(ReturnValues) || asksFor(ReturnValuesOnConditionCheckFailure)
}

function asksFor(values: Parameter): boolean {
  return values !== undefined && textOf(values) !== 'NONE'
}

/** `{ "RequestItems": { "T": { "Keys": [{…}, …] } } }` */
function batchGetTargets({ RequestItems }: DynamoDBRequest): Target[] {
  return [...membersOf(RequestItems)].flatMap(([table, asked]) =>
    elementsOf(new Map(membersOf(asked)).get('Keys')).map((key) => ({
      action: 'GetItem' as const,
      within: 'BatchGetItem',
      table,
      key: jsonOf(key),
    })),
  )
}

/** Entries of BatchWriteItem and of transactions: the operation that each is, and where its key is. */
const entryKinds: ReadonlyMap<string, readonly [action: Action, parameter: 'Key' | 'Item']> = new Map([
  ['PutRequest', ['PutItem', 'Item']],
  ['DeleteRequest', ['DeleteItem', 'Key']],
  ['Get', ['GetItem', 'Key']],
  ['Put', ['PutItem', 'Item']],
  ['Update', ['UpdateItem', 'Key']],
  ['Delete', ['DeleteItem', 'Key']],
  ['ConditionCheck', ['ConditionCheckItem', 'Key']],
])

/** `{ "RequestItems": { "T": [{ "PutRequest": { "Item": {…} } }, { "DeleteRequest": { "Key": {…} } }, …] } }` */
function batchWriteTargets({ RequestItems }: DynamoDBRequest): Target[] {
  return [...membersOf(RequestItems)].flatMap(([table, writes]) =>
    elementsOf(writes).flatMap((write) => entryTargets('BatchWriteItem', write, () => table)),
  )
}

/** `{ "TransactItems": [{ "Put": { "TableName": "T", "Item": {…} } }, …] }` */
function transactionTargets(within: string): OperationRow['targets'] {
  return ({ TransactItems }) =>
    elementsOf(TransactItems).flatMap((entry) => entryTargets(within, entry, tableOf))
}

/** DynamoDB refuses an entry that is not exactly one operation; here each operation in it is a target. */
function entryTargets(
  within: string,
  entry: Parameter,
  tableIn: (parameters: DynamoDBRequest) => string,
): Target[] {
  return [...membersOf(entry)].map(([name, value]) => {
    const kind = entryKinds.get(name)
    if (kind === undefined) throw new RequestError(`unknown entry ${name}`)
    const [action, parameter] = kind
    const parameters = Object.fromEntries(membersOf(value))
    return {
      action,
      within,
      table: tableIn(parameters),
      key: keyIn(parameters, parameter),
      returnsItem: returnsItem(parameters),
    }
  })
}

/**
 * What statements do, by what they begin with. A SELECT may read the whole table, except in a batch or a transaction, where
 * DynamoDB wants the whole key.
 */
const statementActions: Readonly<Record<Verb, readonly [Action, PartiQLAction]>> = {
  SELECT: ['Scan', 'PartiQLSelect'],
  INSERT: ['PutItem', 'PartiQLInsert'],
  UPDATE: ['UpdateItem', 'PartiQLUpdate'],
  DELETE: ['DeleteItem', 'PartiQLDelete'],
  EXISTS: ['ConditionCheckItem', 'PartiQLSelect'],
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
    targets: (request) =>
      statementsIn(operation, request).map(
        ({ verb, table, index, returnsItem, returnValues, equalNames }) => {
          const [action, partiql] = statementActions[verb]
          return {
            action: action === 'Scan' && operation !== 'ExecuteStatement' ? 'GetItem' : action,
            within: operation,
            partiql,
            table,
            index,
            returnsItem: returnsItem || asksFor(returnValues),
            equalNames,
          }
        },
      ),
  }
}
