/** The facts about each operation: whether a write may be repeated, and the items that a request is about. */
import t from 'tap'
import {
  apiOf,
  isRepeatable,
  isWrite,
  type Operation,
  operations,
  targetsOf,
} from '../../src/storage/operations.js'
import type { DynamoDBRequest } from '../../src/storage/request.js'
import { growth, TOO_MUCH } from '../helpers/growth.js'

const isRepeatableUpdate = (UpdateExpression: string) =>
  isRepeatable('UpdateItem', { TableName: 'T', UpdateExpression })

t.test('an update that only sets, removes and deletes from sets may be repeated', async (t) => {
  for (const expression of [
    'SET a = :a',
    'set a=:a,b = :b',
    'SET #a = :a, b.c.#d = :d REMOVE e, f.g DELETE tags :tags',
    'SET a = if_not_exists(a, :a), b = :b',
    'REMOVE added, #add, set_1',
    'DELETE tags :add',
  ]) {
    t.ok(isRepeatableUpdate(expression), expression)
  }
  t.ok(isRepeatable('UpdateItem', { TableName: 'T' }), 'without an expression')
  const bytes = Buffer.from('"SET a = :a"')
  t.ok(isRepeatable('UpdateItem', { UpdateExpression: bytes }), 'as JSON')
})

t.test('an update that counts, appends, copies or moves must not be repeated', async (t) => {
  for (const expression of [
    'ADD n :one',
    'SET a = :a ADD n :one',
    'SET a = :a\nadd n :one',
    'SET n = n + :one',
    'SET n = :one - n',
    'SET n = if_not_exists(n, :zero) + :one',
    'SET l = list_append(l, :more)',
    'SET a = b, b = a',
    'SET a = if_not_exists(b, :a)',
    'SET l[7] = :last',
    'REMOVE l[0]',
    'what is this',
    'SET',
  ]) {
    t.notOk(isRepeatableUpdate(expression), expression)
  }
  t.notOk(isRepeatable('UpdateItem', { UpdateExpression: Buffer.from('"ADD n :one"') }), 'as JSON')
  t.notOk(isRepeatable('UpdateItem', { AttributeUpdates: {} }), 'in its legacy form')
})

t.test('a long expression is read in linear time', async (t) => {
  for (const start of ['SET a = :a', 'SET a = (']) {
    t.notOk(isRepeatableUpdate(`${start}${','.repeat(1_000_000)}`))
    // With a pattern for commas outside parentheses, 80,000 of them took 18 s.
    const grown = await growth((length) => isRepeatableUpdate(`${start}${','.repeat(length)}`), 60_000)
    t.ok(grown < TOO_MUCH, grown.toFixed(1))
  }
})

t.test('a write that returns the old item must not be repeated', async (t) => {
  for (const operation of ['PutItem', 'DeleteItem', 'UpdateItem'] as const) {
    t.notOk(isRepeatable(operation, { TableName: 'T', ReturnValues: 'ALL_OLD' }))
    t.notOk(isRepeatable(operation, { TableName: 'T', ReturnValues: Buffer.from('"ALL_OLD"') }))
    t.ok(isRepeatable(operation, { TableName: 'T', ReturnValues: 'NONE' }))
  }
  t.notOk(isRepeatable('UpdateItem', { ReturnValues: 'UPDATED_OLD', UpdateExpression: 'SET a = :a' }))
  t.ok(isRepeatable('UpdateItem', { ReturnValues: 'ALL_NEW', UpdateExpression: 'SET a = :a' }))
})

t.test('reads, writes of whole items and requests with a token may be repeated', async (t) => {
  for (const operation of ['GetItem', 'BatchWriteItem', 'CreateTable'] as const) {
    t.ok(isRepeatable(operation, {}))
  }
  t.ok(isRepeatable('TransactWriteItems', { ClientRequestToken: 'token' }))
})

t.test('a transaction without a token must not be repeated: DynamoDB could apply it twice', async (t) => {
  t.notOk(isRepeatable('TransactWriteItems', { TransactItems: [] }))
})

t.test('each operation is a read or a write', async (t) => {
  const names = Object.keys(operations) as Operation[]
  // A statement that is not understood is a write.
  t.same(names.filter((name) => isWrite(name, {})).sort(), [
    'BatchExecuteStatement',
    'BatchWriteItem',
    'CreateTable',
    'DeleteItem',
    'DeleteTable',
    'ExecuteStatement',
    'ExecuteTransaction',
    'PutItem',
    'TransactWriteItems',
    'UpdateItem',
    'UpdateTable',
    'UpdateTimeToLive',
  ])
  t.equal(names.length, 24)
})

/** The targets of a request, with the keys as text, for its objects and for the same as JSON. */
function targetsIn(operation: Operation, request: DynamoDBRequest) {
  const read = (some: DynamoDBRequest) =>
    targetsOf(operation, some).map(({ action, table, index, key }) => ({
      action,
      table,
      ...(index !== undefined && { index }),
      ...(key !== undefined && { key: key.toString() }),
    }))
  const asJson = Object.entries(request).map(
    ([name, value]) => [name, Buffer.from(JSON.stringify(value))] as const,
  )
  return [read(request), read(Object.fromEntries(asJson))]
}

const A = { id: { S: 'a' } }
const KEY = '{"id":{"S":"a"}}'

t.test('the target of a request about one item is its key, or the item that contains the key', async (t) => {
  for (const [operation, request] of [
    ['GetItem', { TableName: 'T', Key: A }],
    ['PutItem', { TableName: 'T', Item: A }],
    ['UpdateItem', { TableName: 'T', Key: A, UpdateExpression: 'ADD n :one' }],
    ['DeleteItem', { TableName: 'T', Key: A }],
  ] as const) {
    const targets = [{ action: operation, table: 'T', key: KEY }]
    t.same(targetsIn(operation, request), [targets, targets])
  }
  const key = Buffer.from(KEY)
  t.equal(targetsOf('GetItem', { TableName: 'T', Key: key })[0]?.key, key, 'without a copy')
})

t.test('the target of a query or scan is its table or index', async (t) => {
  for (const operation of ['Query', 'Scan'] as const) {
    const table = [{ action: operation, table: 'T' }]
    t.same(targetsIn(operation, { TableName: 'T' }), [table, table])
    const index = [{ action: operation, table: 'T', index: 'I' }]
    t.same(targetsIn(operation, { TableName: 'T', IndexName: 'I' }), [index, index])
  }
})

t.test('the target of a query has what chooses its items, and where it goes on', async (t) => {
  const names = { '#p': 'id' }
  const values = Buffer.from('{":p":{"S":"a"}}')
  const [target] = targetsOf('Query', {
    TableName: 'T',
    KeyConditionExpression: '#p = :p',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ExclusiveStartKey: Buffer.from(KEY),
  })
  t.same(target?.keyCondition, { expression: '#p = :p', names, values })
  t.equal(target?.startKey?.toString(), KEY)
  const [scan] = targetsOf('Scan', { TableName: 'T', ExclusiveStartKey: Buffer.from(KEY) })
  t.equal(scan?.startKey?.toString(), KEY)
})

t.test('the target of a write tells whether the caller asks for values of the item', async (t) => {
  const returns = (parameters: DynamoDBRequest) =>
    targetsOf('DeleteItem', { TableName: 'T', Key: A, ...parameters })[0]?.returnsItem
  t.equal(returns({}), false)
  t.equal(returns({ ReturnValues: 'NONE', ReturnValuesOnConditionCheckFailure: 'NONE' }), false)
  t.equal(returns({ ReturnValues: 'ALL_OLD' }), true)
  t.equal(returns({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), true)
  const check = { TableName: 'T', Key: A, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }
  const TransactItems = [{ ConditionCheck: check }, { Delete: { TableName: 'T', Key: A } }]
  const targets = targetsOf('TransactWriteItems', { TransactItems })
  t.same(
    targets.map(({ returnsItem }) => returnsItem),
    [true, false],
  )
})

t.test('the target of an operation on a table is the table, and ListTables has none', async (t) => {
  for (const action of [
    'CreateTable',
    'UpdateTable',
    'DeleteTable',
    'DescribeTable',
    'UpdateTimeToLive',
    'DescribeTimeToLive',
  ] as const) {
    t.same(targetsOf(action, { TableName: 'T' }), [{ action, table: 'T' }])
  }
  t.same(targetsOf('ListTables', {}), [])
})

t.test('the target of an operation on a stream is its table', async (t) => {
  const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/T/stream/2026-11-30T10:24:59.297'
  const requests = {
    ListStreams: { TableName: 'T' },
    DescribeStream: { StreamArn: arn },
    GetShardIterator: { StreamArn: arn, ShardId: 'shardId-1' },
    GetRecords: { ShardIterator: `${arn}|1|AAAA` },
  }
  for (const action of ['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords'] as const) {
    t.same(targetsOf(action, requests[action]), [{ action, table: 'T' }])
    t.equal(apiOf(action), 'DynamoDBStreams_20120810')
  }
  t.equal(apiOf('GetItem'), 'DynamoDB_20120810')
  t.throws(() => targetsOf('GetRecords', { ShardIterator: 'AAAA' }), { name: 'RequestError' })
})

t.test('each entry of a batch or transaction is a target with its own action', async (t) => {
  const requests: [operation: Operation, request: DynamoDBRequest, actions: string[]][] = [
    [
      'BatchGetItem',
      Object.fromEntries([
        [
          'RequestItems',
          Object.fromEntries([['__proto__', { Keys: [A] }] as const, ['U', { Keys: [A, A] }]]),
        ],
      ]),
      ['GetItem __proto__', 'GetItem U', 'GetItem U'],
    ],
    [
      'BatchWriteItem',
      { RequestItems: { T: [{ PutRequest: { Item: A } }, { DeleteRequest: { Key: A } }], U: [] } },
      ['PutItem T', 'DeleteItem T'],
    ],
    [
      'TransactGetItems',
      { TransactItems: [{ Get: { TableName: 'T', Key: A } }, { Get: { TableName: 'U', Key: A } }] },
      ['GetItem T', 'GetItem U'],
    ],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'T', Item: A } },
          { Update: { TableName: 'T', Key: A, UpdateExpression: 'ADD n :one' } },
          { Delete: { TableName: 'U', Key: A } },
          { ConditionCheck: { TableName: 'U', Key: A, ConditionExpression: 'n = :one' } },
        ],
      },
      ['PutItem T', 'UpdateItem T', 'DeleteItem U', 'ConditionCheckItem U'],
    ],
  ]
  for (const [operation, request, actions] of requests) {
    for (const targets of targetsIn(operation, request)) {
      t.same(
        targets.map(({ action, table }) => `${action} ${table}`),
        actions,
      )
      t.ok(targets.every((target) => 'key' in target && target.key === KEY))
    }
  }
  // As DynamoDB returns entries that it did not process.
  const entry = Buffer.from(`{"DeleteRequest":{"Key":${KEY}}}`)
  t.match(targetsOf('BatchWriteItem', { RequestItems: { T: [entry] } }), [
    { action: 'DeleteItem', table: 'T', key: Buffer.from(KEY) },
  ])
})

const select = 'SELECT * FROM T.I WHERE a = 1'
const update = 'UPDATE U SET a = 1 WHERE b = 2'
const listOf = (...statements: string[]) => statements.map((Statement) => ({ Statement }))

t.test('the targets of statements are what they do to which table, without a key', async (t) => {
  const actions = (operation: Operation, request: DynamoDBRequest) =>
    targetsIn(operation, request).map((targets) => targets.map(({ action, table }) => `${action} ${table}`))
  const twice = (...targets: string[]) => [targets, targets]
  t.same(actions('ExecuteStatement', { Statement: select }), twice('Scan T'))
  t.same(actions('ExecuteStatement', { Statement: update }), twice('UpdateItem U'))
  const all = listOf(
    select,
    update,
    'INSERT INTO V VALUE {}',
    'DELETE FROM W',
    'EXISTS(SELECT * FROM X WHERE a = 1)',
  )
  const each = ['GetItem T', 'UpdateItem U', 'PutItem V', 'DeleteItem W', 'ConditionCheckItem X']
  t.same(actions('BatchExecuteStatement', { Statements: all }), twice(...each))
  t.same(actions('ExecuteTransaction', { TransactStatements: all }), twice(...each))
  // DynamoDB does not read the parameters of other operations.
  t.same(
    actions('BatchExecuteStatement', {
      Statement: select,
      TransactStatements: all,
      Statements: listOf(update),
    }),
    twice('UpdateItem U'),
  )

  const [target] = targetsOf('ExecuteStatement', { Statement: select })
  t.same(target, {
    action: 'Scan',
    within: 'ExecuteStatement',
    partiql: 'PartiQLSelect',
    table: 'T',
    index: 'I',
    returnsItem: false,
    equalNames: new Set(['a']),
  })
  const returns = (Statement: string, more = {}) =>
    targetsOf('BatchExecuteStatement', { Statements: [{ Statement, ...more }] })[0]?.returnsItem
  t.equal(returns(`${update} RETURNING ALL OLD *`), true)
  t.equal(returns(update, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), true)
  t.equal(returns(update, { ReturnValuesOnConditionCheckFailure: 'NONE' }), false)
})

t.test('statements are repeatable if they only read, or if their transaction has a token', async (t) => {
  const requests = (statement: string) =>
    [
      ['ExecuteStatement', { Statement: statement }],
      ['BatchExecuteStatement', { Statements: listOf(select, statement) }],
      ['ExecuteTransaction', { TransactStatements: listOf(select, statement) }],
    ] as const
  for (const [operation, request] of requests(select)) {
    t.ok(isRepeatable(operation, request), operation)
    t.notOk(isWrite(operation, request), operation)
  }
  for (const [operation, request] of requests(update)) {
    t.notOk(isRepeatable(operation, request), operation)
    t.ok(isWrite(operation, request), operation)
    const withToken = { ...request, ClientRequestToken: 'token' }
    t.equal(isRepeatable(operation, withToken), operation === 'ExecuteTransaction', operation)
  }
})

t.test('a malformed request has no targets: they are refused with RequestError', async (t) => {
  for (const [operation, request] of [
    ['GetItem', { Key: A }],
    ['GetItem', { TableName: 'T' }],
    ['GetItem', { TableName: 5, Key: A }],
    ['BatchGetItem', { RequestItems: 'T' }],
    ['BatchGetItem', { RequestItems: { T: { Keys: A } } }],
    ['TransactWriteItems', { TransactItems: [{ Copy: { TableName: 'T', Key: A } }] }],
    ['ExecuteStatement', { Statements: listOf(select) }],
    ['ExecuteStatement', { Statement: 'SELECT * FROM T -- U' }],
    ['BatchExecuteStatement', { Statements: [] }],
    ['BatchExecuteStatement', { Statements: [{}] }],
    ['ExecuteTransaction', { TransactStatements: listOf(select, 'DROP TABLE T') }],
  ] as const) {
    t.throws(() => targetsOf(operation, request), { name: 'RequestError' })
  }
})
