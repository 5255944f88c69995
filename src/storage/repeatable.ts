/**
 * Whether a write may be sent again after it may have been applied: only if doing it twice is the same as doing it
 * once. A counter would count twice, and an answer with the old item would hold the new one.
 */
import { type Json, members, parse } from '../json/reader.js'
import type { Operation } from './operations.js'

/** @param request DynamoDB's, such as `{"TableName": "t", "Key": …, "UpdateExpression": "ADD n :one"}` */
export function isRepeatable(operation: Operation, request: Json): boolean {
  if (operation !== 'PutItem' && operation !== 'UpdateItem' && operation !== 'DeleteItem') return true
  const fields = members(request)
  if (fields.get('ReturnValues')?.toString().endsWith('_OLD"') === true || fields.has('AttributeUpdates'))
    return false
  const expression = fields.get('UpdateExpression')
  return expression === undefined || isIdempotent(String(parse(expression)))
}

// The grammar of update expressions (Developer Guide, "Using update expressions in DynamoDB"), as far as it is
// idempotent: without ADD, arithmetic, list_append, other attributes' values, and places in a list, which move.
const PATH = String.raw`[\w.#]+`
const VALUE = String.raw`:\w+`
const idempotent: Readonly<Record<string, RegExp>> = {
  SET: new RegExp(`^(${PATH})\\s*=\\s*(?:${VALUE}|if_not_exists\\s*\\(\\s*\\1\\s*,\\s*${VALUE}\\s*\\))$`),
  REMOVE: new RegExp(`^${PATH}$`),
  DELETE: new RegExp(`^${PATH}\\s+${VALUE}$`),
}
const CLAUSE = /(?<![\w#:.])(SET|REMOVE|ADD|DELETE)(?!\w)/i
const COMMA_OUTSIDE_PARENTHESES = /,(?![^(]*\))/

function isIdempotent(updateExpression: string): boolean {
  const [before = '', ...clauses] = updateExpression.split(CLAUSE)
  if (before.trim() !== '') return false
  for (let at = 0; at < clauses.length; at += 2) {
    const action = idempotent[clauses[at]?.toUpperCase() ?? '']
    const actions = (clauses[at + 1] ?? '').split(COMMA_OUTSIDE_PARENTHESES)
    if (action === undefined || !actions.every((text) => action.test(text.trim()))) return false
  }
  return true
}
