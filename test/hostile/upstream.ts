/** A DynamoDB that answers every request with success, always in the same way. */
import type { Behavior, ReceivedRequest } from '../helpers/fake-dynamodb.js'
import { answer, refuse } from '../helpers/fake-dynamodb.js'

type Body = Readonly<Record<string, unknown>>

const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' })
const keyAttribute = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType })

function describe({ TableName }: Body): object {
  const sortKey = TableName !== 'Customers'
  return {
    TableName,
    TableStatus: 'ACTIVE',
    AttributeDefinitions: [attribute('customer'), ...(sortKey ? [attribute('placed')] : [])],
    KeySchema: [keyAttribute('customer', 'HASH'), ...(sortKey ? [keyAttribute('placed', 'RANGE')] : [])],
  }
}

function objectIn(body: unknown, name: string): Body {
  if (typeof body !== 'object' || body === null) return {}
  const value: unknown = Reflect.get(body, name)
  return typeof value === 'object' && value !== null ? (value as Body) : {}
}

function listIn(body: unknown, name: string): readonly unknown[] {
  const value: unknown = objectIn(body, name)
  return Array.isArray(value) ? value : []
}

/** Items of the answer are the keys of the request, so that whatever a caller sends also comes back. */
function answerOf(operation: string, body: Body): object {
  const found = { Item: objectIn(body, 'Key') }
  switch (operation) {
    case 'GetItem':
      return found
    case 'PutItem':
      return body['ReturnValues'] === 'ALL_OLD' ? { Attributes: objectIn(body, 'Item') } : {}
    case 'UpdateItem':
    case 'DeleteItem':
      return body['ReturnValues'] === undefined ? {} : { Attributes: objectIn(body, 'Key') }
    case 'Query':
    case 'Scan': {
      // Every item has its keys, of the table and of its index.
      const keys = { customer: { S: 'ada' }, placed: { S: '2026-11-02' }, status: { S: 'open' } }
      const Items = [
        { ...keys, amount: { N: '1.50' } },
        { ...objectIn(body, 'ExpressionAttributeValues'), ...keys, placed: { S: '2026-11-15' } },
      ]
      return {
        Items,
        Count: 2,
        ScannedCount: 2,
        ...(body['ExclusiveStartKey'] === undefined && { LastEvaluatedKey: { customer: { S: 'ada' } } }),
      }
    }
    case 'BatchGetItem':
      return {
        Responses: Object.fromEntries(
          Object.entries(objectIn(body, 'RequestItems')).map(([table, asked]) => [
            table,
            listIn(asked, 'Keys'),
          ]),
        ),
        UnprocessedKeys: {},
      }
    case 'BatchWriteItem':
      return { UnprocessedItems: {} }
    case 'TransactGetItems':
      return {
        Responses: listIn(body, 'TransactItems').map((entry) => ({
          Item: objectIn(objectIn(entry, 'Get'), 'Key'),
        })),
      }
    case 'ExecuteStatement':
      return {
        Items: [{ customer: { S: 'ada' }, amount: { N: '1.50' } }],
        ...(body['NextToken'] === undefined && { NextToken: 'behind ada' }),
      }
    case 'BatchExecuteStatement':
      return {
        Responses: listIn(body, 'Statements').map((_statement, place) =>
          place % 2 === 0
            ? { TableName: 'Orders', Item: { customer: { S: 'ada' } } }
            : { Error: { Code: 'ConditionalCheckFailed', Message: 'no' }, TableName: 'Orders' },
        ),
      }
    case 'ExecuteTransaction':
      return {
        Responses: listIn(body, 'TransactStatements').map(() => ({ Item: { customer: { S: 'ada' } } })),
      }
    case 'CreateTable':
    case 'UpdateTable':
    case 'DeleteTable':
      return { TableDescription: describe(body) }
    case 'DescribeTable':
      return { Table: describe(body) }
    case 'DescribeTimeToLive':
      return { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } }
    case 'UpdateTimeToLive':
      return { TimeToLiveSpecification: body['TimeToLiveSpecification'] }
    case 'ListTables':
      return { TableNames: ['Customers', 'Orders'] }
    default:
      return {}
  }
}

/** The answer to a request as DynamoDB's JSON. */
export function goodAnswer({ operation, body }: ReceivedRequest): string {
  return JSON.stringify(answerOf(operation, body))
}

export const succeed: Behavior = (received, response) => {
  if (received.body['TableName'] === 'Missing') {
    refuse(response, 400, 'ResourceNotFoundException', 'Cannot do operations on a non-existent table')
  } else answer(response, goodAnswer(received))
}
