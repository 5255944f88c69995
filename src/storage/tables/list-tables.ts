import { EMPTY_ARRAY, type Json, parse } from '../../json/json.js'
import { elements, members } from '../../json/parts.js'
import { asAnswerError } from '../errors.js'
import { type DynamoDBRequest, jsonOf, serialize } from '../request.js'

/** The most tables that DynamoDB returns in one answer, and the most that a request may ask for. */
const MAX_TABLES = 100

/**
 * Reads pages until they have as many visible tables as one page may have.
 * @param request ListTables', with or without a `Limit`
 * @returns an answer of ListTables. Its `LastEvaluatedTableName` is one of its own tables, so it tells nothing of the others.
 * @throws AnswerError if an answer is malformed
 */
export async function listTables(
  request: DynamoDBRequest,
  send: (request: DynamoDBRequest) => Promise<Json>,
  isVisible: (table: string) => boolean,
): Promise<Json> {
  const limit = Number(request['Limit'] ?? MAX_TABLES)
  const visible: string[] = []
  let start = request['ExclusiveStartTableName']
  for (;;) {
    // Few of the tables may be visible, so each page is as large as it can be.
    const Limit = Math.max(limit, MAX_TABLES)
    const { tables, last } = readPage(await send({ ExclusiveStartTableName: start, Limit }))
    for (const table of tables) if (isVisible(table)) visible.push(table)
    if (visible.length > limit || (visible.length === limit && last !== undefined)) {
      const TableNames = visible.slice(0, limit)
      return serialize({ TableNames, LastEvaluatedTableName: TableNames.at(-1) })
    }
    if (last === undefined) return serialize({ TableNames: visible })
    start = jsonOf(last)
  }
}

function readPage(answer: Json): { readonly tables: readonly string[]; readonly last: Json | undefined } {
  try {
    const page = members(answer)
    const tables = elements(page.get('TableNames') ?? EMPTY_ARRAY).map((name) => String(parse(name)))
    return { tables, last: page.get('LastEvaluatedTableName') }
  } catch (error) {
    throw asAnswerError(error)
  }
}
