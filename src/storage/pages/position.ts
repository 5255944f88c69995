import type { Json } from '../../json/json.js'
import { members, objectOf } from '../../json/parts.js'
import { AnswerError } from '../errors.js'

/**
 * Some attributes of an item: its key, or its position in a table or an index, in the form of `LastEvaluatedKey`.
 * @throws AnswerError if it lacks one: DynamoDB has another table of this name by now
 */
export function positionOf(item: Json, names: readonly string[]): Json {
  const found = members(item)
  const own = names.map((name) => [name, found.get(name)] as const)
  if (own.some(([, value]) => value === undefined)) throw new AnswerError('an item lacks its key')
  return objectOf(own)
}
