/**
 * A projection in a query string: attribute paths, separated by commas, such as `status,lines[0].sku`. Names are sent to
 * DynamoDB as placeholders, so reserved words are allowed. Names with white space or one of `, . [ ]` are not.
 */

import { type DynamoDBRequest, membersOf, textOf } from '../storage/request.js'

const NAME = String.raw`[^\s,.[\]]+(?:\[\d+\])*`
const PATH = String.raw`${NAME}(?:\.${NAME})*`
/**
 * Matched in linear time: no character that ends a repetition can be part of it. The pattern is not in the schema of the
 * query string, because tools that generate examples from patterns take minutes for this one.
 */
const PROJECTION = new RegExp(String.raw`^${PATH}(?:,\s*${PATH})*$`)

const placeOrName = /\[\d+\]|[^\s,.[\]]+/g

/**
 * The top-level attributes that a request projects, each once; undefined if it has no projection. Their names are
 * without placeholders.
 */
export function projectedNames({
  ProjectionExpression,
  ExpressionAttributeNames,
}: DynamoDBRequest): readonly string[] | undefined {
  const expression = textOf(ProjectionExpression)
  if (expression === undefined) return undefined
  const names = new Map(
    [...membersOf(ExpressionAttributeNames)].map(([name, value]) => [name, textOf(value)]),
  )
  const projected = expression.split(',').map((path) => {
    const [name = ''] = path.trim().split(/[.[\s]/, 1)
    return names.get(name) ?? name
  })
  return [...new Set(projected)]
}

/**
 * The parameters of DynamoDB's request for a projection: `status` becomes `ProjectionExpression: '#0'` and
 * `ExpressionAttributeNames: { '#0': 'status' }`. Undefined if the text is not a projection.
 */
export function projectionParameters(projection: string):
  | {
      readonly ProjectionExpression: string
      readonly ExpressionAttributeNames: Readonly<Record<string, string>>
    }
  | undefined {
  if (!PROJECTION.test(projection)) return undefined
  const placeholders = new Map<string, string>()
  const ProjectionExpression = projection.replace(placeOrName, (part) => {
    if (part.startsWith('[')) return part
    const placeholder = placeholders.get(part) ?? `#${placeholders.size}`
    placeholders.set(part, placeholder)
    return placeholder
  })
  const names = [...placeholders].map(([name, placeholder]) => [placeholder, name] as const)
  return { ProjectionExpression, ExpressionAttributeNames: Object.fromEntries(names) }
}
