import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET } from '../../json/character-codes.js'
import { inSlices, skip, type Sliced } from '../../json/in-slices.js'
import { EMPTY_OBJECT, type Json } from '../../json/json.js'
import { arrayOf, members, objectOf } from '../../json/parts.js'
import { JsonReader } from '../../json/reader.js'
import { passingReasons } from '../call/refusal.js'
import { AnswerError, StatementsIncompleteError } from '../errors.js'
import { type DynamoDBRequest, elementsOf, serialize, textOf } from '../request.js'
import { onlySelects } from '../statement-requests.js'
import { type BatchContext, type Entry, sendAll } from './chunks.js'

/** The most statements in one BatchExecuteStatement (API Reference). */
const STATEMENTS_IN_A_REQUEST = 25
/** As for BatchGetItem: the memory that a batch takes must not depend on its size. */
const FULL_ANSWER_BYTES = 32 * 1024 * 1024

/** A statement and its place in the batch. */
interface StatementEntry extends Entry {
  readonly index: number
}

/** The errors of statements in requests that failed as a whole. The others are DynamoDB's own. */
const NOT_EXECUTED = errorResponse('NotExecuted', 'The statement was not executed.')
const UNKNOWN_OUTCOME = errorResponse(
  'UnknownOutcome',
  'It is unknown whether the statement was executed. It was not sent again, because executing it twice differs from ' +
    'executing it once.',
)

function errorResponse(Code: string, Message: string): Json {
  return serialize({ Error: { Code, Message } })
}

/** BatchExecuteStatement for any number of statements; see {@link Storage.batchStatements}. */
export async function batchStatements(request: DynamoDBRequest, context: BatchContext): Promise<Json> {
  const { Statements, ...options } = request
  const entries = elementsOf(Statements).map((value, index) => ({ table: '', value, index }))
  const responses: Json[] = []
  const onlyReads = onlySelects('BatchExecuteStatement', request)
  let bytes = 0

  const outcome = await sendAll<StatementEntry>(
    entries,
    {
      operation: 'BatchExecuteStatement',
      size: STATEMENTS_IN_A_REQUEST,
      requestFor: (some) => ({ ...options, Statements: some.map(({ value }) => value) }),
      unprocessedIn: async (answer, sent) => {
        const answered = await inSlices(responsesIn(answer))
        if (answered.length !== sent.length) throw new AnswerError('an answer is missing')
        return sent.filter(({ index }, place) => {
          const response = answered[place] ?? EMPTY_OBJECT
          responses[index] = response
          const passes = canPass(response, onlyReads)
          if (!passes) bytes += response.length
          return passes
        })
      },
      isFull: () => bytes >= FULL_ANSWER_BYTES,
    },
    context,
  )

  const { unprocessed, maybeApplied, error } = outcome
  // DynamoDB has answered each statement of the batch, if only with an error.
  const isComplete = error === undefined && unprocessed.every(({ index }) => responses[index] !== undefined)
  if (isComplete) return arrayOf(responses)
  for (const { index } of unprocessed) responses[index] ??= NOT_EXECUTED
  for (const { index } of maybeApplied) responses[index] = UNKNOWN_OUTCOME
  throw new StatementsIncompleteError(
    outcome,
    objectOf([['StatementResponses', arrayOf(responses)]]),
    onlyReads,
  )
}

/** `{"Responses": [{"TableName": …, "Item": {…}}, {"Error": {…}}, …]}` */
function* responsesIn(answer: Json): Sliced<Json[]> {
  const reader = new JsonReader(answer)
  const found: Json[] = []
  reader.expect(OPEN_BRACE)
  for (let first = true; reader.next(CLOSE_BRACE, first); first = false) {
    reader.name()
    if (reader.nameText() !== 'Responses') {
      reader.value()
      continue
    }
    reader.expect(OPEN_BRACKET)
    for (let first = true; reader.next(CLOSE_BRACKET, first); first = false) {
      reader.peek()
      const start = reader.position
      yield* skip(reader)
      found.push(answer.subarray(start, reader.position))
    }
  }
  reader.end()
  return found
}

/**
 * Whether DynamoDB has not executed the statement for a reason that passes. After an internal error it may have written; a
 * read is only read again.
 */
function canPass(response: Json, isRead: boolean): boolean {
  const error = members(response).get('Error')
  const code = error && textOf(members(error).get('Code'))
  if (code === undefined) return false
  return passingReasons.has(code) || (isRead && code === 'InternalServerError')
}
