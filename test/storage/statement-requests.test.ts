/** Reading the statements of a request: thousands of them must not block others. */
import t from 'tap'
import { atOnce } from '../../src/json/in-slices.js'
import { isRepeatable, isWrite, targetsOf } from '../../src/storage/operations.js'
import { type DynamoDBRequest, serialize } from '../../src/storage/request.js'
import {
  MAX_CHARACTERS,
  onlyTableOfStatements,
  readStatements,
} from '../../src/storage/statement-requests.js'
import { StatementError } from '../../src/storage/statement-tokens.js'

const operation = 'BatchExecuteStatement'
const LENGTH = 8000

/** Different statements of `LENGTH` characters. */
function longStatements(count: number): DynamoDBRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const begin = `SELECT * FROM T WHERE id = '${index}`
    return { Statement: `${begin}${'x'.repeat(LENGTH - begin.length - 1)}'` }
  })
}

/** How often it pauses. */
function pausesOf(request: DynamoDBRequest): number {
  const work = readStatements(operation, request)
  let pauses = 0
  while (work.next().done !== true) pauses++
  return pauses
}

t.test('long statements are parsed in slices, and only once in a request', async (t) => {
  const Statements = longStatements(100)
  const written = serialize({ Statements })
  const list = written.subarray(written.indexOf('['), -1)
  for (const request of [{ Statements }, { Statements: list }]) {
    const pauses = pausesOf(request)
    t.ok(pauses >= 49, `${pauses} pauses`)
    const read = atOnce(readStatements(operation, request))
    t.equal(read.length, 100)
    t.equal(targetsOf(operation, request).length, 100)
    t.notOk(isWrite(operation, request))
    t.ok(isRepeatable(operation, request))
    t.equal(pausesOf({ ...request, ReturnConsumedCapacity: 'TOTAL' }), 0)
    t.equal(atOnce(readStatements(operation, { ...request })), read, 'nothing is parsed again')
  }
  // As in the requests in which a batch is sent.
  const all = atOnce(readStatements(operation, { Statements }))
  const some = atOnce(readStatements(operation, { Statements: Statements.slice(50, 75) }))
  t.ok(
    some.every((statement, index) => statement === all[50 + index]),
    'nor in a part of the batch',
  )
})

t.test(
  'all different statements of a request have a limit together, which equal ones do not reach',
  async (t) => {
    const most = Math.floor(MAX_CHARACTERS / LENGTH)
    const read = atOnce(readStatements(operation, { Statements: longStatements(most + 2) }))
    const refused = read.flatMap((statement, index) =>
      statement instanceof StatementError ? [{ index, message: statement.message }] : [],
    )
    t.match(refused, [
      { index: most, message: /^is behind 1048576 characters of other statements/ },
      { index: most + 1 },
    ])
    t.throws(() => targetsOf(operation, { Statements: longStatements(most + 1) }), {
      name: 'RequestError',
      message: `Statements[${most}].Statement is behind`,
    })

    const [one = {}] = longStatements(1)
    const equal = { Statements: Array.from({ length: 10_000 }, () => ({ ...one })) }
    t.equal(pausesOf(equal), 0)
    t.equal(targetsOf(operation, equal).length, 10_000)
  },
)

t.test('a request whose statements cannot be read is a write of which nothing is known', async (t) => {
  for (const list of ['{}', '"x"', '5', '[5]', '["x"]', '[[]]', '[{"Statement":5}]', '[]', '[null]']) {
    const request = { Statements: Buffer.from(list) }
    t.ok(isWrite(operation, request), list)
    t.notOk(isRepeatable(operation, request), list)
    t.equal(onlyTableOfStatements(operation, request), undefined, list)
  }
})
