/** Every decision, against a reference of a few lines: operations, grants, and shapes of keys. */
import fc from 'fast-check'
import t from 'tap'
import { createKey } from '../../src/access/api-keys.js'
import { authorize } from '../../src/access/authorize.js'
import type { Caller } from '../../src/access/caller.js'
import { Policy } from '../../src/access/policy.js'
import { parsePolicyFile } from '../../src/access/policy-file.js'
import { ProblemError } from '../../src/problem/problem-error.js'
import { type Operation, targetsOf } from '../../src/storage/operations.js'
import type { DynamoDBRequest } from '../../src/storage/request.js'
import type { TableKeys } from '../../src/storage/tables/key-schemas.js'
import { isAllowed, type ReferenceAccess, type ReferenceGrant } from './reference.js'

/** All tables have the same keys: a partition key, a sort key, and an index with each of them as the partition key. */
const keys: TableKeys = {
  key: [
    { name: 'pk', type: 'S' },
    { name: 'sk', type: 'S' },
  ],
  indexes: new Map([
    ['byOwner', [{ name: 'pk', type: 'S' }]],
    ['bySort', [{ name: 'sk', type: 'S' }]],
  ]),
  arn: undefined,
}

const caller = createKey('caller')

/** A caller with these grants; a partition is written as a template of an attribute. */
function callerWith(grants: readonly ReferenceGrant[]): Caller {
  const roles = {
    role: grants.map(({ tables, actions, partition }) => ({
      tables: [...tables],
      actions: [...actions],
      ...(partition !== undefined && { partitionKey: partition.replace('1', '{number}') }),
    })),
  }
  const keys = [{ ...caller.entry, roles: ['role'], attributes: { number: '1' } }]
  return new Policy({ roles, keys, awsKeys: [], jwt: [], anonymous: [] }).callerOfKey(caller.key)
}

function isAuthorized(
  grants: readonly ReferenceGrant[],
  operation: Operation,
  request: DynamoDBRequest,
): boolean {
  try {
    t.equal(
      authorize(callerWith(grants), targetsOf(operation, request), () => keys),
      undefined,
    )
    return true
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'Forbidden') return false
    throw error
  }
}

const tables = ['Orders', 'Orders-eu', 'Carts']
const partitions = ['T#1', 'T#12', 'T#1#a', 'T#2', '1']
const grant: fc.Arbitrary<ReferenceGrant> = fc
  .record({
    tables: fc.subarray(['Orders', 'Orders-*', 'Carts*', '*'], { minLength: 1 }),
    actions: fc.subarray(
      [
        ...['read', 'write', 'admin', 'GetItem', 'PutItem', 'Query', 'ConditionCheckItem', 'DeleteTable'],
        ...['ExecuteStatement', 'BatchExecuteStatement', 'PartiQLSelect', 'PartiQLUpdate'],
      ],
      {
        minLength: 1,
      },
    ),
    partition: fc.option(fc.constantFrom('T#1', 'T#1#*', '1'), { nil: undefined }),
    scan: fc.boolean(),
  })
  .map(({ tables, actions, partition, scan }) => ({
    tables,
    actions: partition === undefined && scan ? [...actions, 'scan'] : actions,
    ...(partition !== undefined && { partition }),
  }))

interface Asked {
  readonly operation: Operation
  readonly request: DynamoDBRequest
  readonly accesses: readonly ReferenceAccess[]
}

const table = fc.constantFrom(...tables)
const partition = fc.constantFrom(...partitions)
const json = (value: object) => Buffer.from(JSON.stringify(value))
const keyOf = (pk: string, sk: string) => json({ sk: { S: sk }, pk: { S: pk } })
const entry = fc.record({ table, pk: partition, sk: partition, returns: fc.boolean() })

const single: fc.Arbitrary<Asked> = fc
  .tuple(fc.constantFrom('GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'), entry)
  .map(([operation, { table, pk, sk, returns }]) => ({
    operation,
    request: {
      TableName: table,
      [operation === 'PutItem' ? 'Item' : 'Key']: keyOf(pk, sk),
      ...(returns && operation !== 'GetItem' && { ReturnValues: 'ALL_OLD' }),
    },
    accesses: [{ action: operation, table, partition: pk, returnsItem: returns && operation !== 'GetItem' }],
  }))

const query: fc.Arbitrary<Asked> = fc
  .record({
    table,
    pk: partition,
    sk: partition,
    start: fc.option(partition, { nil: undefined }),
    index: fc.constantFrom(undefined, 'byOwner', 'bySort', 'missing'),
    form: fc.constantFrom(
      '#p = :p',
      'pk = :p',
      '(pk=:p) AND sk > :s',
      'sk = :p',
      'pk >= :p',
      'pk = :p AND pk = :s',
      'sk BETWEEN :s AND :s AND pk = :p',
    ),
  })
  .map(({ table, pk, sk, start, index, form }) => {
    const isOne = !['sk = :p', 'pk >= :p', 'pk = :p AND pk = :s'].includes(form)
    const inTable = index === undefined || index === 'byOwner'
    const own = isOne && inTable ? pk : undefined
    return {
      operation: 'Query',
      request: {
        TableName: table,
        IndexName: index,
        KeyConditionExpression: form,
        ExpressionAttributeNames: { '#p': 'pk' },
        ExpressionAttributeValues: json({ ':p': { S: pk }, ':s': { S: sk } }),
        ...(start !== undefined && { ExclusiveStartKey: keyOf(start, 'x') }),
      },
      accesses: [
        { action: 'Query', table, partition: own },
        // The page goes on in the same partition.
        ...(start === undefined
          ? []
          : [{ action: 'Query', table, partition: own === undefined ? undefined : start }]),
      ],
    }
  })

const scan: fc.Arbitrary<Asked> = table.map((table) => ({
  operation: 'Scan',
  request: { TableName: table, ExclusiveStartKey: keyOf('T#1', 'x') },
  accesses: [{ action: 'Scan', table }],
}))

const admin: fc.Arbitrary<Asked> = fc
  .tuple(fc.constantFrom('CreateTable', 'DeleteTable'), table)
  .map(([operation, table]) => ({
    operation,
    request: { TableName: table },
    accesses: [{ action: operation, table }],
  }))

const batchGet: fc.Arbitrary<Asked> = fc.array(entry, { minLength: 1, maxLength: 4 }).map((entries) => ({
  operation: 'BatchGetItem',
  request: {
    RequestItems: Object.fromEntries(
      tables.map((table) => [
        table,
        { Keys: entries.filter((one) => one.table === table).map(({ pk, sk }) => keyOf(pk, sk)) },
      ]),
    ),
  },
  accesses: entries.map(({ table, pk }) => ({ action: 'GetItem', table, partition: pk })),
}))

const kinds = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
} as const
const kind = fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]))
const transaction: fc.Arbitrary<Asked> = fc
  .array(fc.tuple(kind, entry), { minLength: 1, maxLength: 4 })
  .map((entries) => ({
    operation: 'TransactWriteItems',
    request: {
      TransactItems: entries.map(([kind, { table, pk, sk, returns }]) => ({
        [kind]: {
          TableName: table,
          [kind === 'Put' ? 'Item' : 'Key']: keyOf(pk, sk),
          ReturnValuesOnConditionCheckFailure: returns ? 'ALL_OLD' : 'NONE',
        },
      })),
    },
    accesses: entries.map(([kind, { table, pk, returns }]) => ({
      action: kinds[kind],
      table,
      partition: pk,
      returnsItem: returns,
    })),
  }))

const verbs = {
  SELECT: ['Scan', 'PartiQLSelect', (table: string) => `SELECT * FROM "${table}" WHERE pk = 'T#1'`],
  INSERT: ['PutItem', 'PartiQLInsert', (table: string) => `INSERT INTO "${table}" VALUE {'pk': 'T#1'}`],
  UPDATE: ['UpdateItem', 'PartiQLUpdate', (table: string) => `UPDATE "${table}" SET a = 1 WHERE pk = 'T#1'`],
  DELETE: ['DeleteItem', 'PartiQLDelete', (table: string) => `DELETE FROM "${table}" WHERE pk = 'T#1'`],
  EXISTS: [
    'ConditionCheckItem',
    'PartiQLSelect',
    (table: string) => `EXISTS(SELECT * FROM "${table}" WHERE pk = 'T#1')`,
  ],
} as const
const verb = fc.constantFrom(...(Object.keys(verbs) as (keyof typeof verbs)[]))
/** A statement is never allowed by a grant that is bound to a partition, though it may be about that one. */
const statements: fc.Arbitrary<Asked> = fc
  .record({
    operation: fc.constantFrom('ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'),
    entries: fc.array(fc.tuple(verb, entry), { minLength: 1, maxLength: 3 }),
  })
  .map(({ operation, entries }) => {
    const some = operation === 'ExecuteStatement' ? entries.slice(0, 1) : entries
    const list = some.map(([verb, { table, returns }]) => ({
      Statement: verbs[verb][2](table),
      ReturnValuesOnConditionCheckFailure: returns ? 'ALL_OLD' : 'NONE',
    }))
    const [first = {}] = list
    return {
      operation,
      request: operation === 'ExecuteStatement' ? first : { Statements: list, TransactStatements: list },
      accesses: some.map(([verb, { table, returns }]) => {
        const [action, partiql] = verbs[verb]
        const isGet = verb === 'SELECT' && operation !== 'ExecuteStatement'
        return {
          action: isGet ? 'GetItem' : action,
          alias: [operation, partiql],
          table,
          returnsItem: returns,
        }
      }),
    }
  })

t.test('every decision is that of the reference', async (t) => {
  let allowed = 0
  let decided = 0
  fc.assert(
    fc.property(
      fc.array(grant, { maxLength: 3 }),
      fc.oneof(single, query, scan, admin, batchGet, transaction, statements),
      (grants, { operation, request, accesses }) => {
        // A page has to go on in the partition of the query; two grants for the two do not add up.
        const isPage = operation === 'Query' && accesses.length === 2
        const wanted = isPage
          ? grants.some((grant) => isAllowed([grant], accesses))
          : isAllowed(grants, accesses)
        decided++
        if (wanted) allowed++
        return isAuthorized(grants, operation, request) === wanted
      },
    ),
    { numRuns: 20_000, seed: 10 },
  )
  t.ok(allowed > decided / 20 && allowed < decided / 2, `${allowed} of ${decided} allowed`)
})

t.test(
  'a request about nothing is refused, since "all its entries are allowed" is true of none',
  async (t) => {
    const everything = [{ tables: ['*'], actions: ['read', 'write', 'scan', 'admin'] }]
    t.notOk(isAuthorized(everything, 'BatchGetItem', { RequestItems: {} }))
    t.notOk(isAuthorized(everything, 'BatchWriteItem', { RequestItems: { Orders: [] } }))
    t.notOk(isAuthorized(everything, 'TransactGetItems', { TransactItems: [] }))
  },
)

t.test('a key from one grant and a table from another do not add up', async (t) => {
  const grants = [
    { tables: ['Orders'], actions: ['read'], partition: 'T#1' },
    { tables: ['Carts'], actions: ['read'] },
  ]
  t.ok(isAuthorized(grants, 'GetItem', { TableName: 'Orders', Key: keyOf('T#1', 'x') }))
  t.ok(isAuthorized(grants, 'GetItem', { TableName: 'Carts', Key: keyOf('T#2', 'x') }))
  t.notOk(isAuthorized(grants, 'GetItem', { TableName: 'Orders', Key: keyOf('T#2', 'x') }))
})

t.test('writing by one grant and reading the old item by another do add up', async (t) => {
  const grants = [
    { tables: ['Orders'], actions: ['PutItem'] },
    { tables: ['Orders'], actions: ['GetItem'] },
  ]
  t.ok(
    isAuthorized(grants, 'PutItem', {
      TableName: 'Orders',
      Item: keyOf('T#1', 'x'),
      ReturnValues: 'ALL_OLD',
    }),
  )
})

t.test('a bound grant', async (t) => {
  const own = [{ tables: ['Orders'], actions: ['read', 'write'], partition: 'T#1' }]
  const get = (key: object) => isAuthorized(own, 'GetItem', { TableName: 'Orders', Key: json(key) })

  t.test('wants the value in the partition key, not in another attribute', async (t) => {
    t.notOk(get({ pk: { S: 'T#2' }, sk: { S: 'T#1' } }))
    t.notOk(get({ sk: { S: 'T#1' } }))
    t.notOk(get({}))
    const item = json({ pk: { S: 'T#2' }, sk: { S: 'T#1' }, owner: { S: 'T#1' } })
    t.notOk(isAuthorized(own, 'PutItem', { TableName: 'Orders', Item: item }))
  })

  t.test('wants a value of a type that keys have', async (t) => {
    for (const value of [
      { L: [{ S: 'T#1' }] },
      { SS: ['T#1'] },
      { M: { pk: { S: 'T#1' } } },
      { NULL: true },
      { S: 'T#1', N: '1' },
      {},
    ]) {
      t.notOk(get({ pk: value, sk: { S: 'x' } }), JSON.stringify(value))
    }
  })

  t.test('compares characters, whatever escapes they are written with', async (t) => {
    const escaped = (pk: string) =>
      isAuthorized(own, 'GetItem', {
        TableName: 'Orders',
        Key: Buffer.from(`{"p\\u006b":{"S":"${pk}"},"sk":{"S":"x"}}`),
      })
    t.ok(escaped('T#1'))
    t.ok(escaped('T\\u00231'))
    t.notOk(escaped('T#1\\u0000'))
    t.notOk(escaped('t#1'))
    t.notOk(escaped(' T#1'))
  })

  t.test('refuses a key with other attributes than the table has', async (t) => {
    t.throws(() => get({ pk: { S: 'T#1' }, other: { S: 'T#2' } }), { code: 'InvalidRequest' })
    t.throws(() => get({ pk: { S: 'T#1' } }), { code: 'InvalidRequest' })
  })

  t.test('never covers a scan or table administration', async (t) => {
    t.notOk(isAuthorized(own, 'Scan', { TableName: 'Orders' }))
    t.notOk(isAuthorized(own, 'DeleteTable', { TableName: 'Orders' }))
    t.ok(isAuthorized(own, 'DescribeTable', { TableName: 'Orders' }))
  })
})

t.test('numbers and binary partition keys are compared by their value', async (t) => {
  const grants = [{ tables: ['Orders'], actions: ['read'], partition: '1' }]
  const get = (pk: object) =>
    isAuthorized(grants, 'GetItem', { TableName: 'Orders', Key: json({ pk, sk: { S: 'x' } }) })
  for (const same of ['1', '1.0', '+1', '10e-1', '0.1E1', '01']) t.ok(get({ N: same }), same)
  for (const other of ['2', '1.1', '-1', '10', '', 'one']) t.notOk(get({ N: other }), other)
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  t.ok(get({ B: base64('1') }))
  for (const other of [base64('12'), base64('2'), '', 'MQ', 'MQ=', 'MR==', 'M Q==', 'MQ==MQ=='])
    t.notOk(get({ B: other }), other)
  const bound = [{ tables: ['Orders'], actions: ['read'], partition: 'T#1#*' }]
  const binary = (text: string) =>
    isAuthorized(bound, 'GetItem', {
      TableName: 'Orders',
      Key: json({ pk: { B: base64(text) }, sk: { S: 'x' } }),
    })
  t.ok(binary('T#1#x'))
  t.notOk(binary('T#12'))
})

t.test('DynamoDB’s names of batches and transactions cover their entries there only', async (t) => {
  const grants = [{ tables: ['Orders'], actions: ['BatchGetItem'] }]
  t.ok(isAuthorized(grants, 'BatchGetItem', { RequestItems: { Orders: { Keys: [keyOf('a', 'b')] } } }))
  t.notOk(isAuthorized(grants, 'GetItem', { TableName: 'Orders', Key: keyOf('a', 'b') }))
})

t.test('a caller without credentials is asked to authenticate', async (t) => {
  const { anonymous } = new Policy(
    parsePolicyFile(
      JSON.stringify({
        roles: { visitor: [{ tables: ['Public'], actions: ['read'] }] },
        anonymous: ['visitor'],
      }),
      'f',
    ),
  )
  if (anonymous === undefined) throw new Error('no anonymous caller')
  const targets = targetsOf('GetItem', { TableName: 'Orders', Key: keyOf('a', 'b') })
  t.throws(() => authorize(anonymous, targets, () => keys), { code: 'Unauthenticated' })
})

t.test(
  'keys of a table that cannot be requested are the error of the request, and of nothing else',
  async (t) => {
    const caller = callerWith([{ tables: ['*'], actions: ['read'], partition: 'T#1' }])
    const asked: string[] = []
    const targets = targetsOf('TransactGetItems', {
      TransactItems: ['Orders', 'Carts'].map((TableName) => ({ Get: { TableName, Key: keyOf('T#1', 'x') } })),
    })
    const failure = new Error('no such table')
    const decision = authorize(caller, targets, async (table) => {
      asked.push(table)
      if (table === 'Carts') throw failure
      return keys
    })
    await t.rejects(Promise.resolve(decision), failure)
    t.same(asked, ['Orders', 'Carts'], 'each is asked for once: a second promise would reject unhandled')
  },
)
