/** Who may execute which statements. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { keyHolder } from '../helpers/access.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'
import { batch, execute, transact } from '../helpers/statements.js'

t.test('access to statements', needsDynamoDB, async (t) => {
  const own = `Test-${randomUUID()}`
  const other = `Test-${randomUUID()}`
  const grants = {
    reader: { actions: ['read'] },
    scanner: { actions: ['scan'] },
    writer: { actions: ['write'] },
    selecter: { actions: ['PartiQLSelect'] },
    executer: { actions: ['ExecuteStatement'] },
    tenant: { actions: ['read', 'write'], partitionKey: '{tenant}' },
  }
  const keys = Object.keys(grants).map(
    (role) => [role, keyHolder(role, [role], { attributes: { tenant: 'a' } })] as const,
  )
  const admin = keyHolder('admin', ['admin'])
  const service = await startService(t, {}, undefined, {
    roles: {
      ...Object.fromEntries(
        Object.entries(grants).map(([role, grant]) => [role, [{ tables: [own], ...grant }]]),
      ),
      admin: [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }],
    },
    keys: [admin.entry, ...keys.map(([, { entry }]) => entry)],
  })
  const asAdmin = {
    ...service,
    post: (path: string, body: unknown) => service.post(path, body, admin.headers),
  }
  for (const tableName of [own, other]) await createTable(t, asAdmin, { tableName, index: true })
  t.teardown(async () => {
    for (const table of [own, other])
      await service.request(`/v1/tables/${table}`, { method: 'DELETE', headers: admin.headers })
  })
  const holders = Object.fromEntries(keys)
  const statuses = async (statement: string) => {
    const roles = Object.keys(grants)
    const answers = await Promise.all(
      roles.map((role) => execute(service, { statement }, holders[role]?.headers)),
    )
    return roles.filter((_role, i) => answers[i]?.status !== 403)
  }
  const select = `SELECT * FROM "${own}"`

  t.test('a SELECT is a Scan, or a Query if it wants the partition key to be equal to a value', async (t) => {
    t.same(await statuses(select), ['scanner', 'selecter', 'executer'])
    t.same(await statuses(`${select} WHERE color = 'a'`), ['scanner', 'selecter', 'executer'])
    t.same(await statuses(`${select} WHERE id = 'a' OR color = 'b'`), ['scanner', 'selecter', 'executer'])
    const asQuery = ['reader', 'scanner', 'selecter', 'executer']
    t.same(await statuses(`${select} WHERE id = 'a'`), asQuery)
    t.same(await statuses(`${select} WHERE color = 'a' AND id IN ['a', 'b']`), asQuery)
    t.same(await statuses(`SELECT * FROM "${own}"."byColor" WHERE color = 'a'`), asQuery)
    t.same(await statuses(`SELECT * FROM "${own}"."byColor" WHERE id = 'a'`), [
      'scanner',
      'selecter',
      'executer',
    ])
    t.same(await statuses(`SELECT * FROM "${own}"."none" WHERE id = 'a'`), [
      'scanner',
      'selecter',
      'executer',
    ])
  })

  t.test('a write needs the right to write, and to read for the values that it returns', async (t) => {
    t.same(await statuses(`UPDATE "${own}" SET x = 1 WHERE id = 'none'`), ['writer', 'executer'])
    t.same(await statuses(`INSERT INTO "${own}" VALUE {'id': 'a'}`), ['writer', 'executer'])
    t.same(await statuses(`DELETE FROM "${own}" WHERE id = 'a'`), ['writer', 'executer'])
    t.same(await statuses(`DELETE FROM "${own}" WHERE id = 'a' RETURNING ALL OLD *`), [])
    const withItem = {
      statement: `UPDATE "${own}" SET x = 1 WHERE id = 'a' AND x = 2`,
      returnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
    t.equal((await execute(service, withItem, holders['writer']?.headers)).status, 403)
  })

  t.test('a caller that is bound to a partition cannot use statements, not even for that one', async (t) => {
    const refused = await execute(
      service,
      { statement: `${select} WHERE id = 'a'` },
      holders['tenant']?.headers,
    )
    t.match(refused.body, { status: 403, code: 'Forbidden', detail: /^Scan on .* needs a grant/ })
    for (const statement of [`${select} WHERE id = 'a'`, `DELETE FROM "${own}" WHERE id = 'a'`]) {
      const inBatch = await batch(service, [{ statement }], holders['tenant']?.headers)
      t.match(inBatch.body, {
        status: 403,
        detail: /own partitions only \(partitionKey\), and cannot be done by a PartiQL statement/,
      })
      t.equal((await transact(service, [{ statement }], {}, holders['tenant']?.headers)).status, 403)
    }
  })

  t.test('one statement that is not allowed refuses all of a batch or a transaction', async (t) => {
    const insert = (table: string) => ({ statement: `INSERT INTO "${table}" VALUE {'id': 'all'}` })
    for (const send of [batch, transact]) {
      const refused = await send(
        service,
        [insert(own), insert(other)],
        ...(send === batch ? [holders['writer']?.headers] : [{}, holders['writer']?.headers]),
      )
      t.match(refused.body, {
        status: 403,
        code: 'Forbidden',
        detail: `PutItem on ${other} needs a grant of "write" or "PutItem".`,
      })
    }
    const found = await execute(
      service,
      { statement: `${select} WHERE id = 'all'` },
      holders['reader']?.headers,
    )
    t.same(found.body, { items: [] })
    t.equal((await batch(service, [insert(own)], holders['writer']?.headers)).status, 200)
  })

  t.test('a refusal does not tell whether the table exists', async (t) => {
    const ask = async (table: string, where: string) => {
      const { body } = await execute(
        service,
        { statement: `SELECT * FROM "${table}" ${where}` },
        holders['reader']?.headers,
      )
      return String(body['detail']).replace(table, 'T')
    }
    for (const where of ['', "WHERE id = 'a'"]) t.equal(await ask(other, where), await ask('Missing', where))
  })
})
