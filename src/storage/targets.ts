/** What a request is about: the tables, indexes and items that it reads or writes. */
import type { Json } from '../json/json.js'
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
import { type StatementOperation, statementsIn } from './statement-requests.js'

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
export type StreamAction = 'DescribeStream' | 'GetShardIterator' | 'GetRecords' | 'ListStreams'

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

/** Finds the targets of a request, one for each entry of a batch or transaction. */
export type TargetsOf = (request: DynamoDBRequest) => readonly Target[]

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

export function tableTarget(action: Action): TargetsOf {
  return (request) => [{ action, table: tableOf(request) }]
}

export function queryTarget(request: DynamoDBRequest): readonly Target[] {
  const keyCondition = {
    expression: textOf(request['KeyConditionExpression']),
    names: request['ExpressionAttributeNames'],
    values: request['ExpressionAttributeValues'],
  }
  return [{ ...pageTarget('Query', request), keyCondition }]
}

export function scanTarget(request: DynamoDBRequest): readonly Target[] {
  return [pageTarget('Scan', request)]
}

function pageTarget(action: Action, request: DynamoDBRequest): Target {
  const { IndexName, ExclusiveStartKey } = request
  const startKey = ExclusiveStartKey === undefined ? undefined : jsonOf(ExclusiveStartKey)
  return { action, table: tableOf(request), index: textOf(IndexName), startKey }
}

/** @param parameter where the key is */
export function keyTarget(action: Action, parameter: 'Key' | 'Item'): TargetsOf {
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
export function batchGetTargets({ RequestItems }: DynamoDBRequest): Target[] {
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
export function batchWriteTargets({ RequestItems }: DynamoDBRequest): Target[] {
  return [...membersOf(RequestItems)].flatMap(([table, writes]) =>
    elementsOf(writes).flatMap((write) => entryTargets('BatchWriteItem', write, () => table)),
  )
}

/** `{ "TransactItems": [{ "Put": { "TableName": "T", "Item": {…} } }, …] }` */
export function transactionTargets(within: string): TargetsOf {
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

export function statementTargets(operation: StatementOperation): TargetsOf {
  return (request) =>
    statementsIn(operation, request).map(({ verb, table, index, returnsItem, returnValues, equalNames }) => {
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
    })
}

/** The stream of a table. */
export function streamTarget(action: StreamAction): TargetsOf {
  return (request) => {
    const table = onlyTableOf(request)
    if (table === undefined) throw new RequestError('the request names no stream')
    return [{ action, table }]
  }
}
