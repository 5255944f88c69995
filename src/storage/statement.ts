/**
 * PartiQL statements (Developer Guide, "PartiQL for DynamoDB"), as far as it takes to know what they do to which table. The
 * rest is DynamoDB's to read. A statement that is not understood for sure is refused, because access control rests on it.
 */
import { equalNames } from './statement-conditions.js'
import { StatementError, type Token, tokensOf } from './statement-tokens.js'

export type Verb = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'EXISTS'

export interface Statement {
  readonly verb: Verb
  /** The name or the ARN of the table. */
  readonly table: string
  readonly index: string | undefined
  /** Whether the answer to a write has values of the item: it has a `RETURNING` clause. */
  readonly returnsItem: boolean
  /** See {@link equalNames}. */
  readonly equalNames: ReadonlySet<string>
}

/**
 * Programs send the same statements again and again, and a request looks into each of them several times. To parse one takes
 * 25 times as long as to find it here.
 */
const parsed = new Map<string, Statement>()
const MOST_PARSED = 256

/**
 * What a statement is about.
 * @throws StatementError if that cannot be told for sure
 */
export function parseStatement(text: string): Statement {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const statement = parse(tokensOf(text))
  if (parsed.size === MOST_PARSED) parsed.clear()
  parsed.set(text, statement)
  return statement
}

/** In place of a keyword behind the last token. */
const END = 'its end'

interface Form {
  readonly verb: Verb
  /** What may come behind the table. */
  readonly followers: readonly string[]
}

/**
 * All statements, by the keywords in them that name a table or begin a statement. There are no subqueries and no joins, and no
 * attribute has such a name without quotes, since they are reserved words.
 */
const forms: ReadonlyMap<string, Form> = new Map([
  ['SELECT FROM', { verb: 'SELECT', followers: ['WHERE', 'ORDER', END] }],
  ['INSERT INTO', { verb: 'INSERT', followers: ['VALUE'] }],
  ['UPDATE', { verb: 'UPDATE', followers: ['SET', 'REMOVE'] }],
  ['DELETE FROM', { verb: 'DELETE', followers: ['WHERE', END] }],
  ['EXISTS SELECT FROM', { verb: 'EXISTS', followers: ['WHERE'] }],
])
const tableWords: ReadonlySet<string> = new Set([
  ...['SELECT', 'FROM', 'INSERT', 'INTO', 'UPDATE', 'DELETE', 'EXISTS'],
  ...['JOIN', 'UNION', 'INTERSECT', 'EXCEPT', 'UPSERT', 'REPLACE', 'MERGE'],
])

function parse(written: readonly Token[]): Statement {
  const tokens = written.at(-1)?.keyword === ';' ? written.slice(0, -1) : written
  const words = tokens.filter(({ keyword }) => tableWords.has(keyword))
  const form = forms.get(words.map(({ keyword }) => keyword).join(' '))
  const [first] = words
  const last = words.at(-1)
  if (form === undefined || last === undefined || first !== tokens[0]) {
    throw new StatementError(
      'must be SELECT … FROM table, INSERT INTO table VALUE …, UPDATE table SET …, DELETE FROM table … or, in a ' +
        'transaction, EXISTS(SELECT … FROM table …). Write attributes whose names are keywords in double quotes',
    )
  }
  if (tokens.some(({ keyword }) => keyword === ';')) throw new StatementError('must be one statement only')

  const place = tokens.indexOf(last) + 1
  const table = tableNameAt(tokens, place, last.keyword)
  const hasIndex = tokens[place + 1]?.keyword === '.'
  const index = hasIndex ? tableNameAt(tokens, place + 2, `the name of the table and a dot`) : undefined
  const rest = tokens.slice(place + (hasIndex ? 3 : 1))
  const follower = rest[0] === undefined ? END : rest[0].keyword
  if (!form.followers.includes(follower)) {
    const expected = form.followers.map((word) => (word === END ? 'nothing' : word)).join(' or ')
    throw new StatementError(
      `must have ${expected} behind the table ${table}. Write other names than letters, digits and _ in double quotes`,
    )
  }
  return {
    verb: form.verb,
    table,
    index,
    returnsItem: rest.some(({ keyword }) => keyword === 'RETURNING'),
    equalNames: equalNames(rest),
  }
}

/** The names of tables and indexes (Developer Guide, "Naming rules"), and ARNs. */
const NAME = /^(?:[\w.-]{1,255}|arn:[\w:./-]{1,1020})$/

function tableNameAt(tokens: readonly Token[], place: number, behind: string): string {
  const token = tokens[place]
  if ((token?.kind === 'word' || token?.kind === 'name') && NAME.test(token.text)) return token.text
  throw new StatementError(
    `must have the name of a table or an index behind ${behind}, such as Orders or "Orders"."byStatus"`,
  )
}
