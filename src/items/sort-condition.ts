/** Conditions on the sort key in a query string, such as `sort.gte=2026-11&sort.lt=2026-12`. */
import { KeyMismatchError } from '../storage/errors.js'
import type { KeyAttribute } from '../storage/tables/key-schemas.js'
import { readKeyValue } from './path-key.js'

/** The condition on the sort key in a key condition expression, in which `#s` is its name. */
export interface SortCondition {
  /** Such as ` AND #s < :s0`; empty if there is no condition. */
  readonly expression: string
  /** Each placeholder, with its AttributeValue as JSON. */
  readonly values: readonly (readonly [placeholder: string, value: string])[]
}

/** By the names of the query parameters. */
const CONDITIONS: ReadonlyMap<string, string> = new Map([
  ['sort.eq', '#s = :s0'],
  ['sort.lt', '#s < :s0'],
  ['sort.lte', '#s <= :s0'],
  ['sort.gt', '#s > :s0'],
  ['sort.gte', '#s >= :s0'],
  ['sort.begins', 'begins_with(#s, :s0)'],
  // DynamoDB takes one condition, and this is the only one with two bounds.
  ['sort.gte,sort.lte', '#s BETWEEN :s0 AND :s1'],
])
const NONE: SortCondition = { expression: '', values: [] }

/** The names of the query parameters in it that are about the sort key. */
export function sortParametersIn(query: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(query).filter((name) => name.startsWith('sort.'))
}

/**
 * @param sortKey undefined if there is none
 * @throws KeyMismatchError if the table or the index cannot have this condition
 */
export function sortCondition(
  query: Readonly<Record<string, string>>,
  sortKey: KeyAttribute | undefined,
): SortCondition {
  const names = sortParametersIn(query).toSorted()
  if (names.length === 0) return NONE
  const all = names.map((name) => `querystring/${name}`).join(' and ')
  if (sortKey === undefined) throw new KeyMismatchError(`${all}: there is no sort key`)
  const condition = CONDITIONS.get(names.join(','))
  if (condition === undefined) {
    throw new KeyMismatchError(
      `${all} cannot be combined. DynamoDB takes one condition on the sort key, or sort.gte with sort.lte`,
    )
  }
  if (names[0] === 'sort.begins' && sortKey.type === 'N') {
    throw new KeyMismatchError(
      `${all}: the sort key "${sortKey.name}" is a number, which begins with nothing`,
    )
  }
  return {
    expression: ` AND ${condition}`,
    values: names.map((name, index) => [
      `:s${index}`,
      readKeyValue(query[name] ?? '', sortKey, `querystring/${name}`),
    ]),
  }
}
