/** PartiQL statements, alone, in batches and in transactions. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { answer, type ReceivedRequest, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { createTable, needsDynamoDB, startService, TYPED } from '../helpers/service.js'
import { batch, execute, transact } from '../helpers/statements.js'

const typed = { 'content-type': TYPED }
t.test('statements', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true, index: true })
  const run = (statement: string, parameters?: readonly unknown[], more = {}, headers = {}) =>
    execute(service, { statement, ...(parameters && { parameters }), ...more }, headers)
  const insert = (id: string, n: number, x: unknown = null) =>
    run(`INSERT INTO "${table}" VALUE {'id': ?, 'n': ?, 'color': 'red', 'x': ?}`, [id, n, x])
  const one = `WHERE id = ? AND n = ?`

  t.test('a statement inserts, selects, updates and deletes an item, with every digit', async (t) => {
    const x = { list: [1, null, { $stringSet: ['a'] }], b: { $binary: 'AA==' } }
    const created = await insert('exact', 1, x)
    t.equal(created.status, 200)
    t.same(created.body, { items: [] })
    const digits =
      '{"statement":"UPDATE \\"Orders\\" SET d = ? WHERE id = ? AND n = ? RETURNING ALL NEW *","parameters":[12345678901234567890.10,"exact",1]}'
    const updated = await service.post('/v1/statements', digits.replace('Orders', table))
    t.equal(updated.status, 200)
    t.ok(updated.text.includes('"d":12345678901234567890.1'), updated.text)
    t.same(updated.body, {
      items: [{ id: 'exact', n: 1, color: 'red', x, d: Number('12345678901234567890.1') }],
    })

    const found = await run(`SELECT d, x FROM "${table}" ${one}`, ['exact', 1], { consistentRead: true })
    t.match(found.body, { items: [{ x }] })
    t.same((await run(`SELECT x FROM "${table}"."byColor" WHERE color = 'red' AND id = 'exact'`)).body, {
      items: [{ x }],
    })
    const deleted = await run(`DELETE FROM "${table}" ${one} RETURNING ALL OLD *`, ['exact', 1])
    t.match(deleted.body, { items: [{ id: 'exact' }] })
    t.same((await run(`SELECT * FROM "${table}" ${one}`, ['exact', 1])).body, { items: [] })
  })

  t.test('parameters and items have the representation of the request', async (t) => {
    const parameters = [{ S: 'typed' }, { N: '1' }, { NS: ['1', '2'] }]
    const statement = `INSERT INTO "${table}" VALUE {'id': ?, 'n': ?, 's': ?}`
    t.equal((await run(statement, parameters, {}, typed)).status, 200)
    const { body } = await run(`SELECT * FROM "${table}" ${one}`, parameters.slice(0, 2), {}, typed)
    t.match(body, { items: [{ id: { S: 'typed' }, n: { N: '1' }, s: { NS: Array } }] })
    const documents = await run(
      `SELECT id FROM "${table}" ${one}`,
      parameters.slice(0, 2),
      {},
      { ...typed, accept: 'application/json' },
    )
    t.same(documents.body, { items: [{ id: 'typed' }] })

    const typedInDocument = await run(`SELECT * FROM "${table}" WHERE id = ?`, [{ S: 'typed' }])
    t.match(typedInDocument.body, {
      code: 'ValidationException',
      detail: /The value of "parameters\/0" is written with DynamoDB’s type, \{"S": …\}/,
    })
    const untyped = await run(statement, ['typed', 1, { S: 'a', N: '1' }], {}, typed)
    t.match(untyped.body, {
      code: 'InvalidRequest',
      detail: /body\/parameters\/0 must be an AttributeValue.*body\/parameters\/2/,
    })
  })

  t.test('the pages of a SELECT are read with page tokens that belong to it', async (t) => {
    for (const n of [1, 2, 3]) await insert('pages', n)
    const statement = `SELECT n FROM "${table}" WHERE id = ?`
    const found: unknown[] = []
    let pageToken: string | undefined
    do {
      const { body } = await run(statement, ['pages'], { limit: 2, pageToken })
      found.push(...(body['items'] as unknown[]))
      pageToken = body['nextPageToken'] as string | undefined
      if (pageToken === undefined) break
      t.match(pageToken, /^[\w-]+$/)
      for (const other of [
        await run(statement, ['other'], { pageToken }),
        await run(`${statement} ORDER BY n DESC`, ['pages'], { pageToken }),
        await run(statement, ['pages'], { pageToken: `${pageToken}A` }),
      ]) {
        t.match(other.body, { status: 400, code: 'InvalidPageToken', detail: /^body\/pageToken/ })
      }
    } while (found.length < 10)
    t.same(found, [{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  t.test(
    'errors of statements are problems, with the item in the representation of the answer',
    async (t) => {
      await insert('errors', 1)
      t.match((await insert('errors', 1)).body, {
        status: 409,
        code: 'DuplicateItemException',
        retryable: false,
      })
      const update = `UPDATE "${table}" SET x = 1 ${one} AND x = 2`
      const more = { returnValuesOnConditionCheckFailure: 'ALL_OLD' }
      const condition = { status: 412, code: 'ConditionalCheckFailedException' }
      t.match((await run(update, ['errors', 1], more)).body, { ...condition, item: { id: 'errors', n: 1 } })
      t.match((await run(update, [{ S: 'errors' }, { N: '1' }], more, typed)).body, {
        ...condition,
        item: { n: { N: '1' } },
      })
      t.notOk('item' in (await run(update, ['errors', 1])).body)
      t.match((await run('SELECT * FROM Nobody')).body, { status: 404, code: 'ResourceNotFoundException' })
      t.match((await run(`UPDATE "${table}" SET x = 1`)).body, { status: 400, code: 'ValidationException' })
      for (const [statement, detail] of [
        ['DROP TABLE Orders', /^body\/statement must be SELECT …/],
        ['SELECT * FROM Orders -- all', /^body\/statement has a comment/],
        ['', 'body/statement must not be empty'],
        ['x'.repeat(8193), 'body/statement must have at most 8192 characters'],
      ] as const) {
        t.match((await run(statement)).body, { status: 400, code: 'InvalidRequest', detail })
      }
      const all = await execute(service, { statement: 'x', parameters: [], Limit: 1 })
      t.match(all.body, { code: 'InvalidRequest', detail: /unknown field "Limit".*body\/parameters/ })
    },
  )

  t.test('a batch of any size answers each statement in its place', async (t) => {
    const ids = Array.from({ length: 60 }, (_, n) => n)
    const statement = `INSERT INTO "${table}" VALUE {'id': 'batch', 'n': ?}`
    await insert('batch', 30)
    const written = await batch(
      service,
      ids.map((n) => ({ statement, parameters: [n] })),
    )
    t.equal(written.status, 200)
    const responses = written.body['responses'] as Record<string, unknown>[]
    t.equal(responses.length, 60)
    t.match(responses[30], { error: { code: 'DuplicateItem' } })
    t.same(responses[29], { tableName: table })

    const select = `SELECT n FROM "${table}" WHERE id = 'batch' AND n = ?`
    const read = await batch(
      service,
      ids.map((n) => ({ statement: select, parameters: [59 - n] })),
    )
    t.same(
      read.body['responses'],
      ids.map((n) => ({ tableName: table, item: { n: 59 - n } })),
    )
    const readTyped = await batch(
      service,
      [{ statement: select, parameters: [{ N: '1' }], consistentRead: true }],
      typed,
    )
    t.match(readTyped.body, { responses: [{ item: { n: { N: '1' } } }] })

    const update = {
      statement: `UPDATE "${table}" SET x = 1 ${one} AND x = 7`,
      returnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
    const failed = await batch(service, [
      { ...update, parameters: ['batch', 1] },
      { statement: 'UPDATE Nobody SET x = 1 WHERE id = 1' },
      { statement: `UPDATE "${table}" SET x = 2 ${one} RETURNING ALL NEW *`, parameters: ['batch', 2] },
    ])
    t.match(failed.body, {
      responses: [
        { error: { code: 'ConditionalCheckFailed', item: { id: 'batch', n: 1 } } },
        { error: { code: 'ResourceNotFound' } },
        { item: { id: 'batch', n: 2, x: 2 } },
      ],
    })
  })

  t.test(
    'a batch that reads and writes, or that is not understood, is refused before anything is sent',
    async (t) => {
      const select = { statement: `SELECT * FROM "${table}" ${one}`, parameters: ['mixed', 1] }
      const write = { statement: `INSERT INTO "${table}" VALUE {'id': 'mixed', 'n': 1}` }
      const mixed = await batch(service, [...Array.from({ length: 25 }, () => select), write])
      t.match(mixed.body, {
        status: 400,
        code: 'InvalidRequest',
        detail: /statements\/0\/statement reads, and body\/statements\/25\/statement writes/,
      })
      const unknown = await batch(service, [write, { statement: 'x' }, { statement: 'SELECT' }])
      t.match(unknown.body, {
        code: 'InvalidRequest',
        detail: /body\/statements\/1\/statement must .*body\/statements\/2\/statement must/,
      })
      t.match((await batch(service, [])).body, { code: 'InvalidRequest' })
      t.same((await run(select.statement, select.parameters)).body, { items: [] })
    },
  )

  t.test('a transaction executes all statements or none', async (t) => {
    await insert('tx', 1, 1)
    const update = (old: number) => ({
      statement: `UPDATE "${table}" SET x = x + 1 ${one} AND x = ?`,
      parameters: ['tx', 1, old],
      returnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    const create = (n: number) => ({
      statement: `INSERT INTO "${table}" VALUE {'id': 'tx', 'n': ?}`,
      parameters: [n],
    })
    const check = { statement: `EXISTS(SELECT * FROM "${table}" ${one} AND x = ?)`, parameters: ['tx', 1, 2] }
    const done = await transact(service, [update(1), create(2)])
    t.equal(done.status, 200)
    t.ok(Array.isArray(done.body['responses']))
    t.match(done.headers.get('idempotency-key'), /^[\da-f-]{36}$/)
    t.equal((await transact(service, [check, create(3)])).status, 200)

    const canceled = await transact(service, [create(4), update(7)])
    t.match(canceled.body, {
      status: 409,
      code: 'TransactionCanceledException',
      cancellationReasons: [{ code: 'None' }, { code: 'ConditionalCheckFailed', item: { id: 'tx', x: 2 } }],
    })
    const select = (n: number) => ({ statement: `SELECT n, x FROM "${table}" ${one}`, parameters: ['tx', n] })
    const read = await transact(service, [select(1), select(3), select(4)])
    t.same(read.body, { responses: [{ item: { n: 1, x: 2 } }, { item: { n: 3 } }, {}] })
    t.match((await transact(service, [{ statement: 'x' }])).body, {
      detail: /^body\/transactStatements\/0\/statement must/,
    })
  })

  t.test('a transaction that is sent twice with one key is applied once', async (t) => {
    await insert('once', 1, 1)
    const count = { statement: `UPDATE "${table}" SET x = x + 1 ${one}`, parameters: ['once', 1] }
    const clientRequestToken = randomUUID()
    const key = { 'idempotency-key': clientRequestToken }
    t.equal((await transact(service, [count], { clientRequestToken })).status, 200)
    t.equal((await transact(service, [count], {}, key)).status, 200)
    t.match((await run(`SELECT x FROM "${table}" ${one}`, ['once', 1])).body, { items: [{ x: 2 }] })
    const other = { ...count, parameters: ['once', 2] }
    t.match((await transact(service, [other], {}, key)).body, {
      status: 409,
      code: 'IdempotentParameterMismatchException',
    })
    t.equal(
      (await transact(service, [count], { clientRequestToken }, { 'idempotency-key': 'x' })).status,
      400,
    )
  })
})

const statementsOf = ({ body }: ReceivedRequest) =>
  (body['Statements'] as { Statement: string; Parameters?: unknown[] }[]).map(({ Statement }) => Statement)
const numbered = (count: number, statement = (n: number) => `DELETE FROM T WHERE id = ${n}`) =>
  Array.from({ length: count }, (_, n) => ({ statement: statement(n) }))

t.test(
  'a statement that writes is sent once: if its response is lost, the caller learns that it may be applied',
  async (t) => {
    const fake = await startFakeDynamoDB(t, (_received, response) => response.socket?.destroy())
    const service = await startService(t, {}, fake.endpoint)
    for (const statement of [
      "INSERT INTO T VALUE {'id': 1}",
      'UPDATE T SET n = 1 WHERE id = 1',
      'DELETE FROM T WHERE id = 1',
    ]) {
      fake.requests.length = 0
      const { body, status } = await execute(service, { statement })
      t.equal(status, 503)
      t.match(body, {
        maybeApplied: true,
        retryable: false,
        attempts: 1,
        detail: /unknown whether the write was applied/,
      })
      t.equal(fake.requests.length, 1)
    }
    fake.requests.length = 0
    t.match((await execute(service, { statement: 'SELECT * FROM T' })).body, {
      maybeApplied: false,
      retryable: true,
      attempts: 5,
    })
    t.equal(fake.requests.length, 5)

    fake.requests.length = 0
    const write = [{ statement: 'DELETE FROM T WHERE id = 1' }]
    t.match((await transact(service, write)).body, { maybeApplied: true, retryable: true, attempts: 5 })
    const tokens = fake.requests.map(({ body }) => body['ClientRequestToken'])
    t.equal(tokens.length, 5)
    t.equal(new Set(tokens).size, 1)
  },
)

t.test('a batch tells of each statement whether it was executed, was not, or may have been', async (t) => {
  const fake = await startFakeDynamoDB(t, (received, response) => {
    const statements = statementsOf(received)
    if (statements.some((text) => text.endsWith(' 25'))) response.socket?.destroy()
    else answer(response, { Responses: statements.map(() => ({ TableName: 'T' })) })
  })
  const service = await startService(t, {}, fake.endpoint)
  // Of the 8 requests at the same time one is lost. The others are finished, and what is behind them is not sent.
  const { status, body } = await batch(service, numbered(1000))
  t.equal(status, 503)
  t.match(body, {
    code: 'BatchIncomplete',
    retryable: false,
    maybeApplied: true,
    detail:
      /statements of the batch did not succeed; see statementResponses.*UnknownOutcome may have been applied.*NotExecuted again/,
  })
  const responses = body['statementResponses'] as { error?: { code: string } }[]
  t.equal(responses.length, 1000)
  const codes = responses.map(({ error }) => error?.code ?? 'done')
  t.same(new Set(codes.slice(0, 25)), new Set(['done']))
  t.same(new Set(codes.slice(25, 50)), new Set(['UnknownOutcome']))
  t.ok(codes.slice(50).every((code) => code === 'done' || code === 'NotExecuted'))
  const sent = fake.requests.flatMap(statementsOf)
  t.equal(new Set(sent).size, sent.length, 'nothing is sent twice')
  t.equal(sent.length, codes.filter((code) => code !== 'NotExecuted').length)

  fake.behave = (_received, response) => response.socket?.destroy()
  const read = await batch(
    service,
    numbered(1, () => 'SELECT * FROM T WHERE id = 1'),
  )
  t.match(read.body, {
    code: 'BatchIncomplete',
    retryable: true,
    maybeApplied: false,
    statementResponses: [{ error: { code: 'NotExecuted' } }],
  })
})

t.test('statements that were throttled are sent again, and no others', async (t) => {
  const failures = new Map<string, number>()
  let code = 'ThrottlingError'
  const fake = await startFakeDynamoDB(t, (received, response) => {
    const Responses = statementsOf(received).map((text, place) => {
      const before = failures.get(text) ?? 0
      failures.set(text, before + 1)
      if (before >= 2 || place % 2 === 0) return { TableName: text }
      return {
        Error: {
          Code: code,
          Message: 'by arn:aws:dynamodb:eu-central-1:123456789012:table/T of account 123456789012',
        },
      }
    })
    answer(response, { Responses })
  })
  const service = await startService(t, {}, fake.endpoint)
  const outcome = async (statements: readonly { statement: string }[]) => {
    failures.clear()
    fake.requests.length = 0
    const { status, body } = await batch(service, statements)
    t.equal(status, 200)
    return body['responses'] as { tableName?: string; error?: { code: string; message: string } }[]
  }
  const names = (some: readonly { statement: string }[]) =>
    some.map(({ statement }) => ({ tableName: statement }))
  const writes = numbered(30)
  const reads = numbered(30, (n) => `SELECT * FROM T WHERE id = ${n}`)
  for (const passing of [
    'ThrottlingError',
    'ProvisionedThroughputExceeded',
    'RequestLimitExceeded',
    'TransactionConflict',
  ]) {
    code = passing
    t.same(await outcome(writes), names(writes), passing)
  }
  t.ok([...failures.values()].every((times) => times <= 3))
  code = 'InternalServerError'
  t.same(await outcome(reads), names(reads), 'a read is read again')
  const failed = await outcome(writes)
  t.match(failed[1], { error: { code, message: 'by table/T of account (removed)' } })
  t.equal(fake.requests.length, 2, 'a write that may have been applied is not sent again')

  code = 'ThrottlingError'
  fake.behave = (received, response) => {
    answer(response, {
      Responses: statementsOf(received).map(() => ({ Error: { Code: code, Message: 'no' } })),
    })
  }
  t.match(await outcome(writes.slice(0, 2)), [{ error: { code } }, { error: { code } }])
  t.equal(fake.requests.length, 5)
})

t.test('errors of a whole request of a batch, and answers that do not fit it, are problems', async (t) => {
  const fake = await startFakeDynamoDB(t, (_received, response) => {
    refuse(response, 400, 'ValidationException', 'Provided list of item keys contains duplicates')
  })
  const service = await startService(t, {}, fake.endpoint)
  t.match((await batch(service, numbered(2))).body, {
    status: 400,
    code: 'ValidationException',
    maybeApplied: false,
    statementResponses: [{ error: { code: 'NotExecuted' } }, { error: { code: 'NotExecuted' } }],
  })
  for (const Responses of [undefined, [{}], [{}, 5], 'x']) {
    fake.behave = (_received, response) => {
      answer(response, { Responses })
    }
    t.match((await batch(service, numbered(2))).body, {
      status: 502,
      code: 'UpstreamError',
      maybeApplied: true,
      statementResponses: [{ error: { code: 'UnknownOutcome' } }, {}],
    })
  }
})
