/** Which writes are the same when they are done twice. */
import t from 'tap'
import { isRepeatable } from '../../src/storage/repeatable.js'

const update = (expression: string) => JSON.stringify({ TableName: 'T', UpdateExpression: expression })

t.test('an update that only sets, removes and takes out of sets may be repeated', async (t) => {
  for (const expression of [
    'SET a = :a',
    'set a=:a,b = :b',
    'SET #a = :a, b.c.#d = :d REMOVE e, f.g DELETE tags :tags',
    'SET a = if_not_exists(a, :a), b = :b',
    'REMOVE added, #add, set_1',
    'DELETE tags :add',
  ]) {
    t.ok(isRepeatable('UpdateItem', Buffer.from(update(expression))), expression)
  }
  t.ok(isRepeatable('UpdateItem', Buffer.from('{"TableName":"T"}')), 'without an expression')
})

t.test('an update that counts, appends, copies or moves may not', async (t) => {
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
    t.notOk(isRepeatable('UpdateItem', Buffer.from(update(expression))), expression)
  }
})

t.test('a write that answers with what was there before may not', async (t) => {
  for (const operation of ['PutItem', 'DeleteItem', 'UpdateItem'] as const) {
    t.notOk(isRepeatable(operation, Buffer.from('{"TableName":"T","ReturnValues":"ALL_OLD"}')))
    t.ok(isRepeatable(operation, Buffer.from('{"TableName":"T","ReturnValues":"NONE"}')))
  }
  t.notOk(
    isRepeatable('UpdateItem', Buffer.from('{"ReturnValues":"UPDATED_OLD","UpdateExpression":"SET a = :a"}')),
  )
  t.ok(isRepeatable('UpdateItem', Buffer.from('{"ReturnValues":"ALL_NEW","UpdateExpression":"SET a = :a"}')))
})

t.test('all others may: they are reads, bring a token, or name whole items', async (t) => {
  for (const operation of ['GetItem', 'BatchWriteItem', 'TransactWriteItems', 'CreateTable'] as const) {
    t.ok(isRepeatable(operation, Buffer.from('{}')))
  }
})
