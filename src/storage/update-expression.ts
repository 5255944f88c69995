/**
 * Update expressions (Developer Guide, "Using update expressions in DynamoDB"), as far as it takes to decide whether
 * applying one twice leaves the same item as applying it once.
 *
 * The patterns below are the part of the grammar that is idempotent. They exclude ADD, arithmetic, list_append, copies
 * of other attributes, and list indexes, because removing an element moves the ones behind it.
 */
const PATH = String.raw`[\w.#]+`
const VALUE = String.raw`:\w+`
const IF_NOT_EXISTS = String.raw`if_not_exists\s*\(\s*\1\s*,\s*${VALUE}\s*\)`

/** For each clause, the form that every one of its actions must have. */
const idempotentActions: ReadonlyMap<string, RegExp> = new Map([
  ['SET', new RegExp(`^(${PATH})\\s*=\\s*(?:${VALUE}|${IF_NOT_EXISTS})$`)],
  ['REMOVE', new RegExp(`^${PATH}$`)],
  ['DELETE', new RegExp(`^${PATH}\\s+${VALUE}$`)],
])

const CLAUSE = /(?<![\w#:.])(SET|REMOVE|ADD|DELETE)(?!\w)/i

/**
 * Whether applying the expression twice leaves the same item as applying it once.
 * @param expression such as `SET a = :a REMOVE b`; false if it cannot be read
 */
export function isIdempotent(expression: string): boolean {
  const [before, ...clauses] = expression.split(CLAUSE)
  if (before?.trim() !== '') return false
  for (let index = 0; index < clauses.length; index += 2) {
    const [name, actions] = clauses.slice(index, index + 2)
    if (name === undefined || actions === undefined) return false
    const form = idempotentActions.get(name.toUpperCase())
    if (form === undefined) return false
    if (!actionsIn(actions).every((action) => form.test(action.trim()))) return false
  }
  return true
}

/** The actions of a clause, which are separated by commas outside parentheses. */
function actionsIn(actions: string): string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < actions.length; at++) {
    const character = actions[at]
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) {
      found.push(actions.slice(start, at))
      start = at + 1
    }
  }
  return [...found, actions.slice(start)]
}
