/** What is checked of statements before anything is sent: the schemas cannot tell it. */
import { listOf } from '../http/validation.js'
import { inSlices } from '../json/in-slices.js'
import { ProblemError } from '../problem/problem-error.js'
import type { DynamoDBRequest } from '../storage/request.js'
import {
  type ReadStatements,
  readStatements,
  type StatementOperation,
} from '../storage/statement-requests.js'
import { StatementError } from '../storage/statement-tokens.js'

/** Where the statement with this number is in the body. */
type Place = (index: number) => string

const inBatch: Place = (index) => `body/statements/${index}/statement`

/** Throws a ProblemError if it is not understood what the statement does. */
export const checkStatement = understandAll('ExecuteStatement', () => 'body/statement')

/** Throws a ProblemError if that is so of a statement of the batch, or if only some of them are SELECT. */
export const checkBatch = understandAll('BatchExecuteStatement', inBatch, refuseMixed)

/** Throws a ProblemError if that is so of a statement of the transaction. */
export const checkTransaction = understandAll(
  'ExecuteTransaction',
  (index) => `body/transactStatements/${index}/statement`,
)

function understandAll(
  operation: StatementOperation,
  place: Place,
  check: (statements: ReadStatements) => void = () => undefined,
): (request: DynamoDBRequest) => Promise<void> | undefined {
  const finish = (statements: ReadStatements): void => {
    const errors = statements.flatMap((statement, index) =>
      statement instanceof StatementError ? [`${place(index)} ${statement.message}`] : [],
    )
    if (errors.length > 0) throw new ProblemError('InvalidRequest', listOf(errors))
    check(statements)
  }
  return (request) => {
    const reading = inSlices(readStatements(operation, request))
    if (reading instanceof Promise) return reading.then(finish)
    finish(reading)
    return undefined
  }
}

/** @throws ProblemError */
function refuseMixed(statements: ReadStatements): void {
  const isRead = (statement: ReadStatements[number]) =>
    !(statement instanceof StatementError) && statement.verb === 'SELECT'
  const read = statements.findIndex(isRead)
  const write = statements.findIndex((statement) => !isRead(statement))
  if (read === -1 || write === -1) return
  throw new ProblemError(
    'InvalidRequest',
    `${inBatch(read)} reads, and ${inBatch(write)} writes. A batch can do either; send two of them`,
  )
}
