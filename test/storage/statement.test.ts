/** What a PartiQL statement does to which table. Access control rests on it, so DynamoDB has to see the same. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { StatementError } from '../../src/storage/statement-tokens.js'
import { parseStatement } from '../../src/storage/statement.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'
import { scaled } from '../helpers/machine-speed.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

t.test(
  'a statement tells what it does, to which table and index, in any case and with any quotes',
  async (t) => {
    const cases: readonly (readonly [string, ...unknown[]])[] = [
      ['SELECT * FROM Orders', 'SELECT', 'Orders'],
      ['select a,"b".c[0] from "Orders-2.0" where x = 1;', 'SELECT', 'Orders-2.0'],
      ['SELECT*FROM"Orders"."byStatus"WHERE a = \'FROM Users\'', 'SELECT', 'Orders', 'byStatus'],
      ['\n SELECT "FROM" FROM Orders . byStatus ORDER BY "SELECT" DESC ; ', 'SELECT', 'Orders', 'byStatus'],
      ["INSERT INTO \"Orders\" VALUE {'a': ?, 'b': <<1, 2>>}", 'INSERT', 'Orders'],
      ["update Orders set a = list_append(a, [1.5e3]) remove b where c = 'it''s'", 'UPDATE', 'Orders'],
      ['DELETE FROM Orders WHERE a = ?', 'DELETE', 'Orders'],
      ['EXISTS (SELECT * FROM Orders WHERE a = 1 AND b > 2)', 'EXISTS', 'Orders'],
      [
        'SELECT * FROM "arn:aws:dynamodb:eu-central-1:123456789012:table/Orders"',
        'SELECT',
        'arn:aws:dynamodb:eu-central-1:123456789012:table/Orders',
      ],
    ]
    for (const [text, verb, table, index] of cases) {
      t.match(parseStatement(text), { verb, table, index, returnsItem: false }, text)
    }
    for (const text of [
      'UPDATE T SET a = 1 WHERE b = 2 RETURNING ALL NEW *',
      'delete from T where b = 2 returning all old *',
    ]) {
      t.ok(parseStatement(text).returnsItem, text)
    }
    t.notOk(parseStatement('UPDATE T SET "RETURNING" = \'RETURNING\' WHERE a = 1').returnsItem)
  },
)

t.test('a statement that is not understood for sure is refused, with what is expected', async (t) => {
  const refused = (text: string, message: RegExp) => {
    t.throws(() => parseStatement(text), { name: 'StatementError', message }, text)
  }
  for (const text of [
    ...['', ';', 'x', 'DROP TABLE T', 'EXEC x', 'FROM T WHERE a = 1 SET b = 2', '(SELECT * FROM T)'],
    ...['SELECT 1', 'SELECT (SELECT a FROM U) FROM T', 'SELECT * FROM T WHERE a IN (SELECT b FROM U)'],
    ...['SELECT * FROM T UNION SELECT * FROM U', 'WITH x AS (SELECT * FROM U) SELECT * FROM T'],
    ...['INSERT INTO T (SELECT * FROM U)', 'UPDATE T SET a = 1 FROM U', 'REPLACE INTO T VALUE {}'],
    ...[
      'UPDATE T INSERT INTO U VALUE {}',
      'EXISTS(SELECT * FROM T WHERE a = 1) AND EXISTS(SELECT * FROM U WHERE b = 1)',
    ],
    ...['SELECT * FROM T; SELECT * FROM U', 'NOT EXISTS(SELECT * FROM T WHERE a = 1)'],
  ]) {
    refused(text, /^must be SELECT … FROM table, INSERT/)
  }
  refused('SELECT * FROM T;;', /^must be one statement only/)
  for (const text of [
    ...[
      'SELECT * FROM T, U',
      'SELECT * FROM T AS t',
      'SELECT * FROM T t',
      'SELECT * FROM T[0]',
      'SELECT * FROM T.i.j',
    ],
    ...[
      'SELECT * FROM Orders-eu',
      'INSERT INTO T {}',
      'INSERT INTO T VALUES {}',
      'UPDATE T',
      'UPDATE T, U SET a = 1',
    ],
    ...['DELETE FROM T t WHERE a = 1', 'EXISTS(SELECT * FROM T)', 'SELECT * FROM T BY x'],
  ]) {
    refused(text, /^must have (?:WHERE|VALUE|SET|nothing).* behind the table/)
  }
  for (const text of [
    ...[
      'SELECT * FROM (T)',
      "SELECT * FROM 'T'",
      'SELECT * FROM ?',
      'SELECT * FROM',
      'SELECT * FROM "T""U"',
      'INSERT INTO',
    ],
    ...[
      'SELECT * FROM "T "',
      'SELECT * FROM "T/U"',
      'SELECT * FROM T.',
      'SELECT * FROM "é"',
      'SELECT * FROM ""',
    ],
  ]) {
    refused(text, /^must have the name of a table/)
  }
  for (const text of [
    'SELECT * FROM T -- U',
    '-- x\nSELECT * FROM T',
    '/**/SELECT * FROM T',
    'SELECT 1--1 FROM T',
  ]) {
    refused(text, /^has a comment/)
  }
  refused("SELECT * FROM T WHERE a = 'b", /^has a ' that is not closed/)
  refused('SELECT * FROM T WHERE "a = 1', /^has a " that is not closed/)
  for (const text of [
    'SELECT * FROM @T',
    'SELECT * FROM `T`',
    'SELECT\u00a0* FROM T',
    'SELECT é FROM T',
    "SELECT 'a\\'b' FROM T",
    'SELECT a\0 FROM T',
  ]) {
    t.throws(() => parseStatement(text), StatementError, text)
  }
  for (const text of ["SELECT * FROM T WHERE a = N'b'", 'SELECT 1FROM T', 'SELECT 1"a" FROM T']) {
    refused(text, /^must have white space behind/)
  }
  refused(`SELECT * FROM T WHERE a = '${'x'.repeat(8192)}'`, /^must have at most 8192 characters/)
})

t.test(
  'the attributes that must be equal to a value tell whether a SELECT reads some partitions only',
  async (t) => {
    const cases: readonly (readonly [string, ...string[]])[] = [
      ["WHERE a = 'x'", 'a'],
      ['WHERE "a" = ? AND b=-1.5 AND c IN [?, 2] and d in (\'x\') ORDER BY e DESC', 'a', 'b', 'c', 'd'],
      ['WHERE a BETWEEN 1 AND 2 AND b = 3', 'b'],
      ['WHERE a BETWEEN 1 AND b = 3'],
      ['WHERE a = b AND c = size(d) AND e = 1 + 2 AND f = [1] AND g = ? = true'],
      ['WHERE a > 1 AND b <= 2 AND c <> 3 AND d != 4 AND m.e = 5 AND l[0] = 6'],
      ['WHERE (a = 1) AND contains(b, 1) AND c IN [d] AND e IN []'],
      ['WHERE a = 1 OR b = 2'],
      ['WHERE a = 1 AND NOT b = 2'],
      ['WHERE a = 1 AND b IS NOT MISSING'],
      [''],
      ['ORDER BY a'],
    ]
    for (const [where, ...names] of cases) {
      t.same([...parseStatement(`SELECT * FROM T ${where}`).equalNames], names, where)
    }
  },
)

t.test('a statement is read in linear time', async (t) => {
  const parts = ["''", '""', "'", '"', '1.', '1e', '(', ' ', 'a', '- ', 'AND ', 'BETWEEN ', '"a".', '<']
  for (const part of parts) {
    const grown = await growth((length) => {
      for (let round = 0; round < 50; round++) {
        try {
          parseStatement(`SELECT * FROM T WHERE a = ${round} ${part.repeat(length / part.length)}`)
        } catch (error) {
          if (!(error instanceof StatementError)) throw error
        }
      }
    }, 500)
    t.ok(grown < TOO_MUCH, `${part}: ${grown.toFixed(1)}`)
  }
})

const noise = [
  ...[
    'Other',
    '"Other"',
    'FROM Other',
    'FROM "Other"',
    'INTO Other',
    'JOIN Other',
    ', Other',
    'AS Other',
    '. Other',
    'UPDATE Other',
  ],
  ...[
    'SELECT * FROM Other',
    '(SELECT * FROM Other)',
    'UNION SELECT * FROM Other',
    ';',
    '; DELETE FROM Other',
    'EXISTS(SELECT * FROM Other)',
  ],
  ...[
    '--',
    '-- Other\n',
    '/*',
    '*/',
    '/* FROM Other */',
    "'",
    '"',
    '""',
    "''",
    "'Other'",
    '\\',
    "\\'",
    '\\"',
    '`',
    '`Other`',
    '@',
    'N',
    'E',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '<<',
    '>>',
    '.',
    ',',
    '*',
    '?',
    ':',
    '=',
    '\n',
    '\t',
    '\0',
    '\u00a0',
    '\ufeff',
    'é',
    '#',
    '$',
    '|',
  ],
  ...[
    'WHERE',
    'AND',
    'OR',
    'NOT',
    'SET',
    'VALUE',
    'RETURNING ALL OLD *',
    'ORDER BY id',
    'LIMIT 1',
    'id',
    "id = 'a'",
    'AT x',
    'BY x',
    'WITH',
    'LET x = Other',
  ],
]
const valid = [
  "SELECT * FROM Named WHERE id = 'a'",
  'SELECT id , color FROM "Named"',
  'SELECT * FROM "Named" . "byColor" WHERE color = \'red\'',
  "INSERT INTO Named VALUE { 'id' : 'new' , 'color' : 'FROM Other' }",
  "UPDATE \"Named\" SET color = 'Other' REMOVE x WHERE id = 'a' RETURNING ALL NEW *",
  "DELETE FROM Named WHERE id = 'a' RETURNING ALL OLD *",
]
/** A valid statement with words replaced, removed, or put in between. */
const mutated = fc
  .record({
    statement: fc.constantFrom(...valid),
    edits: fc.array(
      fc.record({
        place: fc.nat(30),
        remove: fc.nat(1),
        insert: fc.constantFrom('', ...noise),
        glue: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ statement, edits }) => {
    const words = statement.split(' ')
    for (const { place, remove, insert, glue } of edits) {
      const at = place % (words.length + 1)
      words.splice(at, remove, glue ? insert + (words[at] ?? '') : insert)
    }
    return words.join(' ')
  })

t.test(
  'whatever is understood and executed is done to the table that was understood, and to no other',
  needsDynamoDB,
  async (t) => {
    const service = await startService(t)
    const id = randomUUID().slice(0, 8)
    const names = { Named: `Named${id}`, Other: `Other${id}` }
    for (const tableName of Object.values(names)) await createTable(t, service, { tableName, index: true })
    const limits = () => ({ deadline: performance.now() + scaled(20_000) })
    const put = (table: string, id: string) =>
      service.post(`/v1/tables/${table}/put`, { item: { id, color: 'red', secret: `of ${table}` } })
    const contents = async (table: string) => (await service.get(`/v1/tables/${table}/items`)).body['items']
    await put(names.Other, 'a')
    const untouched = await contents(names.Other)
    const counts = { understood: 0, executed: 0 }

    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        const statement = text.replace(/Named|Other/g, (name) =>
          name === 'Named' ? names.Named : names.Other,
        )
        let parsed
        try {
          parsed = parseStatement(statement)
        } catch (error) {
          if (error instanceof StatementError) return
          throw error
        }
        counts.understood++
        if (parsed.table !== names.Named) return
        if (parsed.verb !== 'SELECT') await put(names.Named, 'a')
        try {
          const answer = await service.storage.send('ExecuteStatement', { Statement: statement }, limits())
          counts.executed++
          t.notOk(answer.includes(`of ${names.Other}`), `${statement} reads the other table`)
        } catch {
          // DynamoDB refuses it.
        }
        if (parsed.verb !== 'SELECT') t.same(await contents(names.Other), untouched, statement)
      }),
      { numRuns: 400, seed: 20 },
    )
    t.ok(counts.executed > 50 && counts.understood > counts.executed, JSON.stringify(counts))
  },
)
