/**
 * `KeyConditionExpression` of Query (Developer Guide, "Key condition expressions for the Query operation"):
 * `pk = :p`, or with a condition on the sort key, `pk = :p AND sk …`, in either order and in parentheses.
 */
import type { Json } from '../json/json.js'
import type { KeyCondition } from './targets.js'
import { jsonOf, membersOf, type Parameter, textOf } from './request.js'

/** A word or a name, a placeholder of a name, a placeholder of a value, or an operator. */
const TOKEN = /[A-Za-z_]\w*|#\w+|:\w+|<=|>=|[=<>(),]/y
const WHITE_SPACE: ReadonlySet<string | undefined> = new Set([' ', '\t', '\r', '\n'])
const COMPARATORS: ReadonlySet<string | undefined> = new Set(['=', '<', '<=', '>', '>='])
/** DynamoDB refuses more than two conditions; nobody nests them deeper than this. */
const MAX_DEPTH = 8

/** A condition on one attribute. `equals` is the placeholder of its only value, if there is one. */
interface Condition {
  readonly name: string
  readonly equals: string | undefined
}

/**
 * The value that a key condition wants an attribute to be equal to, as an AttributeValue.
 * @param name of the attribute, such as the partition key
 * @returns undefined if it wants anything else, or if it is not understood: then it may be about any partition
 */
export function partitionValueOf(keyCondition: KeyCondition, name: string): Json | undefined {
  const { names, values } = keyCondition
  const about = conditionsIn(keyCondition).filter((condition) => nameIn(condition, names) === name)
  const [only] = about
  if (only?.equals === undefined || about.length > 1) return undefined
  return memberOf(values, only.equals, jsonOf)
}

/** All values that a key condition wants some attribute to be equal to: the partition key is among them, if it is known. */
export function equalValuesIn(keyCondition: KeyCondition): readonly Json[] {
  return conditionsIn(keyCondition)
    .map(({ equals }) => (equals === undefined ? undefined : memberOf(keyCondition.values, equals, jsonOf)))
    .filter((value) => value !== undefined)
}

function conditionsIn({ expression }: KeyCondition): readonly Condition[] {
  const conditions = expression === undefined ? undefined : parse(expression)
  return conditions === undefined || conditions.length > 2 ? [] : conditions
}

function nameIn({ name }: Condition, names: Parameter): string | undefined {
  return name.startsWith('#') ? memberOf(names, name, textOf) : name
}

function memberOf<Value>(
  object: Parameter,
  name: string,
  read: (value: Exclude<Parameter, undefined>) => Value,
): Value | undefined {
  for (const [member, value] of membersOf(object)) {
    if (member === name && value !== undefined) return read(value)
  }
  return undefined
}

/** The conditions, all of which have to hold; undefined if the expression is anything else. */
function parse(expression: string): readonly Condition[] | undefined {
  const tokens = tokensOf(expression)
  if (tokens === undefined) return undefined
  const parser = new Parser(tokens)
  return parser.conjunction(0) && parser.isAtEnd ? parser.conditions : undefined
}

function tokensOf(expression: string): readonly string[] | undefined {
  const tokens: string[] = []
  let at = 0
  for (;;) {
    while (WHITE_SPACE.has(expression[at])) at++
    if (at === expression.length) return tokens
    TOKEN.lastIndex = at
    const token = TOKEN.exec(expression)?.[0]
    if (token === undefined) return undefined
    tokens.push(token)
    at += token.length
  }
}

/** Each method reads one part of the grammar, and returns false if something else comes. */
class Parser {
  readonly conditions: Condition[] = []
  readonly #tokens: readonly string[]
  #position = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get isAtEnd(): boolean {
    return this.#position === this.#tokens.length
  }

  conjunction(depth: number): boolean {
    do if (!this.#term(depth)) return false
    while (this.#word('AND'))
    return true
  }

  #term(depth: number): boolean {
    if (!this.#symbol('(')) return this.#condition()
    return depth < MAX_DEPTH && this.conjunction(depth + 1) && this.#symbol(')')
  }

  #condition(): boolean {
    if (this.#peek(1) === '(') return this.#beginsWith()
    const name = this.#name()
    if (name === undefined) return false
    if (this.#word('BETWEEN')) {
      this.conditions.push({ name, equals: undefined })
      return this.#value() !== undefined && this.#word('AND') && this.#value() !== undefined
    }
    const comparator = this.#next()
    const value = this.#value()
    this.conditions.push({ name, equals: comparator === '=' ? value : undefined })
    return COMPARATORS.has(comparator) && value !== undefined
  }

  #beginsWith(): boolean {
    // Names of functions are case-sensitive.
    if (this.#next() !== 'begins_with' || !this.#symbol('(')) return false
    const name = this.#name()
    if (name === undefined) return false
    this.conditions.push({ name, equals: undefined })
    return this.#symbol(',') && this.#value() !== undefined && this.#symbol(')')
  }

  #name(): string | undefined {
    const token = this.#next()
    return token !== undefined && /^[A-Za-z_#]/.test(token) ? token : undefined
  }

  #value(): string | undefined {
    const token = this.#next()
    return token?.startsWith(':') === true ? token : undefined
  }

  #symbol(symbol: string): boolean {
    if (this.#peek() !== symbol) return false
    this.#position++
    return true
  }

  /** Keywords are not case-sensitive. */
  #word(word: string): boolean {
    if (this.#peek()?.toUpperCase() !== word) return false
    this.#position++
    return true
  }

  #peek(ahead = 0): string | undefined {
    return this.#tokens[this.#position + ahead]
  }

  #next(): string | undefined {
    return this.#tokens[this.#position++]
  }
}
