/** The operations of DynamoDB (API version 2012-08-10) that the storage layer calls. */
export type Operation =
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'CreateTable'
  | 'DeleteItem'
  | 'DeleteTable'
  | 'DescribeTable'
  | 'GetItem'
  | 'ListTables'
  | 'PutItem'
  | 'Query'
  | 'Scan'
  | 'TransactGetItems'
  | 'TransactWriteItems'
  | 'UpdateItem'

const writes: ReadonlySet<Operation> = new Set<Operation>([
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'PutItem',
  'TransactWriteItems',
  'UpdateItem',
])

/** Whether a lost answer leaves it open if something was changed. */
export function isWrite(operation: Operation): boolean {
  return writes.has(operation)
}
