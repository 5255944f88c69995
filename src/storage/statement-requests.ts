/** The statements in requests of ExecuteStatement, BatchExecuteStatement and ExecuteTransaction. */
import { atOnce, type Sliced } from '../json/in-slices.js'
import { JsonError } from '../json/reader.js'
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

/** The statements of a request, in their order. One that is not understood is the reason. */
export type ReadStatements = readonly (RequestedStatement | StatementError)[]

/**
 * The most characters in all different statements of a request: more than DynamoDB takes in a transaction, which is 100
 * statements of 8,192 characters. To parse that many takes up to half a second.
 */
export const MAX_CHARACTERS = 1024 * 1024
/** Parsing pauses after this many characters, which take some ms. */
const SLICE_CHARACTERS = 8 * 1024

/**
 * The statements that were read, by what has them: the list of a request, or the request. A request looks into its statements
 * several times, and to parse thousands of them takes seconds.
 */
const readBefore = new WeakMap<object, ReadStatements>()
/** The same by entries of lists, since a batch is sent in several requests. */
const entriesBefore = new WeakMap<object, RequestedStatement | StatementError>()

/**
 * Reads all statements of a request. Other functions about the same request then find them, and do not parse anything.
 * @throws RequestError if it has no list of statements
 */
export function* readStatements(
  operation: StatementOperation,
  request: DynamoDBRequest,
): Sliced<ReadStatements> {
  const list = lists[operation]
  const holder = list === undefined ? request : request[list]
  if (!isHolder(holder)) throw new RequestError(`the request has no ${String(list)}`)
  const before = readBefore.get(holder)
  if (before !== undefined) return before

  const entries = list === undefined ? [request] : elementsOf(request[list])
  if (entries.length === 0) throw new RequestError(`the request has no ${String(list)}`)
  const read: (RequestedStatement | StatementError)[] = []
  const parser = new Parser()
  let pauseAt = SLICE_CHARACTERS
  for (const entry of entries) {
    if (parser.characters >= pauseAt) {
      pauseAt = parser.characters + SLICE_CHARACTERS
      yield
    }
    const known = isHolder(entry) ? entriesBefore.get(entry) : undefined
    const statement = known ?? statementIn(entry, parser)
    if (known === undefined && isHolder(entry)) entriesBefore.set(entry, statement)
    read.push(statement)
  }
  readBefore.set(holder, read)
  return read
}

function isHolder(value: Parameter): value is Extract<Parameter, object> {
  return typeof value === 'object' && value !== null
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
  return atOnce(readStatements(operation, request)).map((statement, index) => {
    if (!(statement instanceof StatementError)) return statement
    const place = list === undefined ? 'Statement' : `${list}[${index}].Statement`
    throw new RequestError(`${place} ${statement.message}`)
  })
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

export function isStatementOperation(operation: string): operation is StatementOperation {
  return Object.hasOwn(lists, operation)
}

/** None if one of them is not understood. */
function understood(operation: StatementOperation, request: DynamoDBRequest): readonly RequestedStatement[] {
  try {
    return statementsIn(operation, request)
  } catch (error) {
    if (error instanceof RequestError || error instanceof JsonError) return []
    throw error
  }
}

/** @throws RequestError, JsonError if the entry is no object */
function statementIn(entry: Parameter, parser: Parser): RequestedStatement | StatementError {
  const { Statement, ReturnValuesOnConditionCheckFailure }: DynamoDBRequest = Object.fromEntries(
    membersOf(entry),
  )
  const text = textOf(Statement)
  if (text === undefined) return missing
  const statement = parser.parse(text)
  if (statement instanceof StatementError) return statement
  return { ...statement, returnValues: ReturnValuesOnConditionCheckFailure }
}

const missing = new StatementError('is missing')
const tooMuch = new StatementError(
  `is behind ${MAX_CHARACTERS} characters of other statements, which is the most in one request. Send several requests, or ` +
    'write values as ? so that statements are equal',
)

/** Parses the statements of one request. Most batches have the same one many times. */
class Parser {
  /** Of all different statements so far. */
  characters = 0
  readonly #parsed = new Map<string, Statement | StatementError>()

  parse(text: string): Statement | StatementError {
    const known = this.#parsed.get(text)
    if (known !== undefined) return known
    if (this.characters + text.length > MAX_CHARACTERS) return tooMuch
    this.characters += text.length
    const parsed = outcomeOf(text)
    this.#parsed.set(text, parsed)
    return parsed
  }
}

function outcomeOf(text: string): Statement | StatementError {
  try {
    return parseStatement(text)
  } catch (error) {
    if (error instanceof StatementError) return error
    throw error
  }
}
