/** The statements in requests of ExecuteStatement, BatchExecuteStatement and ExecuteTransaction. */
import {
  type DynamoDBRequest,
  elementsOf,
  membersOf,
  type Parameter,
  RequestError,
  textOf,
} from './request.js'
import { parseStatement, type Statement } from './statement.js'
import { StatementError } from './statement-tokens.js'

/** The list that has the statements of a request; undefined if the request is one itself. */
const lists = {
  ExecuteStatement: undefined,
  BatchExecuteStatement: 'Statements',
  ExecuteTransaction: 'TransactStatements',
} as const

export type StatementOperation = keyof typeof lists

/** A statement with the parameter that belongs to it. */
export interface RequestedStatement extends Statement {
  /** `ReturnValuesOnConditionCheckFailure` */
  readonly returnValues: Parameter
}

/**
 * The statements of a request, in their order.
 * @throws RequestError if one of them is missing, or is not understood
 */
export function statementsIn(
  operation: StatementOperation,
  request: DynamoDBRequest,
): readonly RequestedStatement[] {
  const list = lists[operation]
  if (list === undefined) return [statementIn(request, 'Statement')]
  const statements = elementsOf(request[list]).map((entry, index) =>
    statementIn(Object.fromEntries(membersOf(entry)), `${list}[${index}].Statement`),
  )
  if (statements.length === 0) throw new RequestError(`the request has no ${list}`)
  return statements
}

/** Whether all statements of a request are SELECT. One that is not understood is none. */
export function onlySelects(operation: StatementOperation, request: DynamoDBRequest): boolean {
  const statements = understood(operation, request)
  return statements.length > 0 && statements.every(({ verb }) => verb === 'SELECT')
}

/** The table that all statements of a request are about; undefined if it is not one, or the request has no statements. */
export function onlyTableOfStatements(operation: string, request: DynamoDBRequest): string | undefined {
  if (!isStatementOperation(operation)) return undefined
  const [first, ...others] = understood(operation, request)
  return others.every(({ table }) => table === first?.table) ? first?.table : undefined
}

function isStatementOperation(operation: string): operation is StatementOperation {
  return Object.hasOwn(lists, operation)
}

/** None if one of them is not understood. */
function understood(operation: StatementOperation, request: DynamoDBRequest): readonly RequestedStatement[] {
  try {
    return statementsIn(operation, request)
  } catch (error) {
    if (error instanceof RequestError) return []
    throw error
  }
}

function statementIn(
  { Statement, ReturnValuesOnConditionCheckFailure }: DynamoDBRequest,
  place: string,
): RequestedStatement {
  const text = textOf(Statement)
  if (text === undefined) throw new RequestError(`the request has no ${place}`)
  try {
    return { ...parseStatement(text), returnValues: ReturnValuesOnConditionCheckFailure }
  } catch (error) {
    if (error instanceof StatementError) throw new RequestError(`${place} ${error.message}`)
    throw error
  }
}
