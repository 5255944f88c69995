import type { Token } from './statement-tokens.js'

/**
 * The attributes that the `WHERE` clause of a SELECT wants to be equal to a value, or to one of a list: `name = 'a'`,
 * `name IN ['a', ?]`. If the partition key is among them, DynamoDB reads those partitions only; otherwise it may read the
 * whole table (Developer Guide, "PartiQL select statements for DynamoDB"). Where this cannot be told for sure, there are none.
 * @param tokens behind the table
 */
export function equalNames(tokens: readonly Token[]): ReadonlySet<string> {
  const names = new Set<string>()
  if (tokens[0]?.keyword !== 'WHERE' || tokens.some(({ keyword }) => keyword === 'OR' || keyword === 'NOT')) {
    return names
  }
  for (const condition of conditionsIn(tokens.slice(1))) {
    const [name, operator, ...values] = condition
    if (name === undefined || (name.kind !== 'word' && name.kind !== 'name')) continue
    const isEqual = operator?.keyword === '=' && isValue(values)
    if (isEqual || (operator?.keyword === 'IN' && isList(values))) names.add(name.text)
  }
  return names
}

const OPENING: ReadonlySet<string> = new Set(['(', '[', '{', '<<'])
const CLOSING: ReadonlySet<string> = new Set([')', ']', '}', '>>'])

/** What is joined by AND outside of all brackets, up to the next clause. */
function conditionsIn(tokens: readonly Token[]): Token[][] {
  let current: Token[] = []
  const conditions = [current]
  let depth = 0
  let inBetween = false
  for (const token of tokens) {
    const { keyword } = token
    if (OPENING.has(keyword)) depth++
    else if (CLOSING.has(keyword)) depth--
    if (depth === 0 && keyword === 'ORDER') break
    if (depth === 0 && keyword === 'AND' && !inBetween) {
      current = []
      conditions.push(current)
      continue
    }
    // The AND of `BETWEEN 1 AND 2` joins nothing.
    if (depth === 0 && (keyword === 'BETWEEN' || keyword === 'AND')) inBetween = keyword === 'BETWEEN'
    current.push(token)
  }
  return conditions
}

/** `'a'`, `?`, `1`, `-1` */
function isValue(tokens: readonly Token[]): boolean {
  const [value, ...others] = tokens[0]?.keyword === '-' ? tokens.slice(1) : tokens
  return others.length === 0 && isScalar(value)
}

function isScalar(token: Token | undefined): boolean {
  return token !== undefined && (token.kind === 'string' || token.kind === 'number' || token.keyword === '?')
}

/** `['a', ?]` or `('a', ?)` */
function isList(tokens: readonly Token[]): boolean {
  const brackets = `${tokens[0]?.keyword ?? ''}${tokens.at(-1)?.keyword ?? ''}`
  if (brackets !== '[]' && brackets !== '()') return false
  const inner = tokens.slice(1, -1)
  return (
    inner.length % 2 === 1 &&
    inner.every((token, i) => (i % 2 === 0 ? isScalar(token) : token.keyword === ','))
  )
}
