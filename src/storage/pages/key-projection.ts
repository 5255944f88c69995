/** Projections with the attributes of the key, so that every item that is read tells its position. */
import { type DynamoDBRequest, membersOf, type Parameter, textOf } from '../request.js'

export interface KeyProjection {
  /** The request with the key in its projection. */
  readonly request: DynamoDBRequest
  /** The attributes that the request itself did not ask for. */
  readonly added: readonly string[]
}

/** The attribute that a path begins with: `#a` of `#a.b[0]`. */
const ROOT = /^[^.[]+/

/**
 * The request of a Query or a Scan, with a projection that has at least these attributes. A request without a projection
 * has them anyway.
 * @param names of the key's attributes, which are scalars: a path into one would lead nowhere, and is replaced by it
 */
export function withKeyProjected(request: DynamoDBRequest, names: readonly string[]): KeyProjection {
  const projection = textOf(request['ProjectionExpression'])
  if (projection === undefined) return { request, added: [] }
  const placeholders = new Map(membersOf(request['ExpressionAttributeNames']))
  const nameOf = (part: string) => (part.startsWith('#') ? textOf(placeholders.get(part)) : part)
  const paths = projection.split(',').map((path) => path.trim())
  const asked = new Set(paths.map(nameOf))
  const added = names.filter((name) => !asked.has(name))
  if (added.length === 0) return { request, added }
  const kept = paths.map((path) => {
    const [root = path] = ROOT.exec(path) ?? []
    return added.includes(nameOf(root) ?? '') ? root : path
  })
  const missing = added.filter((name) => !kept.some((path) => nameOf(path) === name))
  return { request: projectingAlso(request, [...new Set(kept)], missing), added }
}

/**
 * The request of a Query or a Scan with only these attributes in its projection. The placeholders that only its own
 * projection used are removed, since DynamoDB refuses those that nothing uses.
 */
export function projectingOnly(request: DynamoDBRequest, names: readonly string[]): DynamoDBRequest {
  return projectingAlso(withoutProjection(request), [], names)
}

/** The request of a Query or a Scan without its projection. */
export function withoutProjection(request: DynamoDBRequest): DynamoDBRequest {
  const others: DynamoDBRequest = { ...request, ProjectionExpression: undefined, Select: undefined }
  const only = new Set(placeholdersIn(request['ProjectionExpression']))
  for (const expression of ['KeyConditionExpression', 'FilterExpression'])
    for (const used of placeholdersIn(others[expression])) only.delete(used)
  if (only.size === 0) return others
  const names = [...membersOf(others['ExpressionAttributeNames'])].filter(([name]) => !only.has(name))
  return { ...others, ExpressionAttributeNames: namesOf(names) }
}

function placeholdersIn(expression: Parameter): readonly string[] {
  return textOf(expression)?.match(/#\w+/g) ?? []
}

function projectingAlso(
  request: DynamoDBRequest,
  paths: readonly string[],
  names: readonly string[],
): DynamoDBRequest {
  const placeholders = [...membersOf(request['ExpressionAttributeNames'])]
  let prefix = '#key'
  while (placeholders.some(([name]) => name.startsWith(prefix))) prefix += '_'
  const own = names.map((name, index) => [`${prefix}${index}`, name] as const)
  return {
    ...request,
    ProjectionExpression: [...paths, ...own.map(([placeholder]) => placeholder)].join(', '),
    ExpressionAttributeNames: namesOf([...placeholders, ...own]),
  }
}

/** DynamoDB refuses an empty map of names. */
function namesOf(names: readonly (readonly [string, Parameter])[]): Parameter {
  return names.length === 0 ? undefined : Object.fromEntries(names)
}
