/**
 * The tokens of a PartiQL statement (PartiQL Specification, "Lexical structure"). What two readers could divide into tokens in
 * different ways is refused, because access control must see the table that DynamoDB sees.
 */

/** `message` completes a sentence that begins with the statement: `must be one statement`. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
}

export interface Token {
  /** An unquoted word, a name in double quotes, a string in single quotes, a number, or an operator or bracket. */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign'
  /** As written; of a name, what is between its quotes. */
  readonly text: string
  /** Of a word, in upper case, since keywords have no case; of a sign, the sign. Empty for all others. */
  readonly keyword: string
}

const WHITE_SPACE = /[ \t\r\n]*/y
const WORD = /[A-Za-z_$][\w$]*/y
/** A quote in a name or a string is written twice. */
const NAME = /"[^"]*(?:""[^"]*)*"/y
const STRING = /'[^']*(?:''[^']*)*'/y
const NUMBER = /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y
const SIGN = /<=|>=|<>|!=|<<|>>|[()[\]{},.:;*?=<>+/%-]/y

const kinds = [
  ['word', WORD],
  ['name', NAME],
  ['string', STRING],
  ['number', NUMBER],
  ['sign', SIGN],
] as const

/** In characters. DynamoDB's own limit (API Reference, ExecuteStatement). */
const MAX_LENGTH = 8192

/**
 * Divides a statement into tokens, in time that is linear in its length.
 * @throws StatementError
 */
export function tokensOf(statement: string): readonly Token[] {
  if (statement.length > MAX_LENGTH) throw new StatementError(`must have at most ${MAX_LENGTH} characters`)
  const tokens: Token[] = []
  for (let position = endOf(WHITE_SPACE, statement, 0); position < statement.length;) {
    const [token, end] = tokenAt(statement, position)
    refuseAmbiguous(statement, token, end)
    tokens.push(token)
    position = endOf(WHITE_SPACE, statement, end)
  }
  return tokens
}

function tokenAt(statement: string, position: number): readonly [Token, number] {
  // A comment would be two signs.
  const two = statement.slice(position, position + 2)
  if (two === '--' || two === '/*') {
    throw new StatementError(
      'has a comment, or two minus signs in a row. Leave comments out, and write a space between signs',
    )
  }
  for (const [kind, pattern] of kinds) {
    const end = endOf(pattern, statement, position)
    if (end > position) return [tokenOf(kind, statement.slice(position, end)), end]
  }
  const [character = ''] = statement.slice(position)
  throw new StatementError(
    character === '"' || character === "'"
      ? `has a ${character} that is not closed`
      : `has ${JSON.stringify(character)} outside of quotes. Write names with other characters than letters, digits and _ in double quotes`,
  )
}

function tokenOf(kind: Token['kind'], written: string): Token {
  switch (kind) {
    case 'word':
      return { kind, text: written, keyword: written.toUpperCase() }
    case 'name':
      return { kind, text: written.slice(1, -1).replaceAll('""', '"'), keyword: '' }
    case 'sign':
      return { kind, text: written, keyword: written }
    default:
      return { kind, text: written, keyword: '' }
  }
}

/** Other dialects have `N'text'`, and `E'text'` with escapes of its own; and `1FROM` could be one token or two. */
function refuseAmbiguous(statement: string, { kind, text }: Token, end: number): void {
  const next = statement.charAt(end)
  if ((kind === 'word' && next === "'") || (kind === 'number' && /[\w$'"]/.test(next))) {
    throw new StatementError(`must have white space behind ${text.slice(0, 50)}`)
  }
}

/** Where the match that begins at a position ends; the position itself if there is none. */
function endOf(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position
  return pattern.test(text) ? pattern.lastIndex : position
}
