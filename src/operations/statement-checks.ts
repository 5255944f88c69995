/** What is checked of statements before anything is sent: the schemas cannot tell it. */
import { listOf } from '../http/validation.js'
import { ProblemError } from '../problem/problem-error.js'
import { parseStatement, type Statement } from '../storage/statement.js'
import { StatementError } from '../storage/statement-tokens.js'

interface WithStatement {
  readonly statement: string
}

/** @throws ProblemError if it is not understood what the statement does */
export function checkStatement(body: object): void {
  const { statement } = body as WithStatement
  parseAll([{ statement }], () => 'body/statement')
}

/** @throws ProblemError if that is so of a statement of the batch, or if only some of them are SELECT */
export function checkBatch(body: object): void {
  const { statements } = body as { readonly statements: readonly WithStatement[] }
  const place = (index: number) => `body/statements/${index}/statement`
  const parsed = parseAll(statements, place)
  const isRead = ({ verb }: Statement) => verb === 'SELECT'
  const read = parsed.findIndex(isRead)
  const write = parsed.findIndex((statement) => !isRead(statement))
  if (read === -1 || write === -1) return
  throw new ProblemError(
    'InvalidRequest',
    `${place(read)} reads, and ${place(write)} writes. A batch can do either; send two of them`,
  )
}

/** @throws ProblemError if that is so of a statement of the transaction */
export function checkTransaction(body: object): void {
  const { transactStatements } = body as { readonly transactStatements: readonly WithStatement[] }
  parseAll(transactStatements, (index) => `body/transactStatements/${index}/statement`)
}

/** @param place where the statement with this number is */
function parseAll(statements: readonly WithStatement[], place: (index: number) => string): Statement[] {
  const errors: string[] = []
  const parsed = statements.flatMap(({ statement }, index) => {
    try {
      return [parseStatement(statement)]
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      errors.push(`${place(index)} ${error.message}`)
      return []
    }
  })
  if (errors.length > 0) throw new ProblemError('InvalidRequest', listOf(errors))
  return parsed
}
