/** Key schemas of tables: described once for all callers, cached, and described again when they may be outdated. */
import t, { type Test } from 'tap'
import { KeyMismatchError, NO_CALL, StorageError } from '../../../src/storage/errors.js'
import type { KeySchema } from '../../../src/storage/tables/key-schemas.js'
import { Storage } from '../../../src/storage/client.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'
import { scaled } from '../../helpers/machine-speed.js'
import { within } from '../../helpers/within.js'

const soon = (ms = scaled(10_000)) => ({ deadline: performance.now() + ms })
const refusal = (name: string, message: string, earlierMaybeApplied = false) =>
  new StorageError(
    { kind: 'refused', name, message, maybeApplied: false },
    { ...NO_CALL, earlierMaybeApplied },
  )
const itself = async (schema: KeySchema) => schema

/** A description of a table with these key attributes, the partition key first. */
const description = (key: Record<string, string>) => ({
  Table: {
    KeySchema: Object.keys(key).map((name, index) => ({
      AttributeName: name,
      KeyType: index === 0 ? 'HASH' : 'RANGE',
    })),
    AttributeDefinitions: Object.entries({ ...key, indexed: 'S' }).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
  },
})

async function start(t: Test, behave: Behavior) {
  const standIn = await startFakeDynamoDB(t, behave)
  const storage = new Storage(await connectionTo(standIn.endpoint), testConfig())
  t.teardown(() => storage.close())
  return { standIn, storage }
}

t.test('the key of a table', async (t) => {
  t.test('is requested once for any number of callers', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, description({ id: 'S', n: 'N' }))
    })
    const all = await Promise.all(
      Array.from({ length: 100 }, () => storage.withKeySchema('T', soon(), itself)),
    )
    const again = await storage.withKeySchema('T', soon(), itself)
    for (const schema of [...all, again]) {
      t.same(schema, [
        { name: 'id', type: 'S' },
        { name: 'n', type: 'N' },
      ])
    }
    t.equal(standIn.requests.length, 1)
    await storage.withKeySchema('U', soon(), itself)
    t.equal(standIn.requests.length, 2, 'for each table')
  })

  t.test('reaches the other callers when one of them cancels or times out', async (t) => {
    let reply: (() => void) | undefined
    const { standIn, storage } = await start(t, (_arrived, response) => {
      reply = () => {
        answer(response, description({ id: 'S' }))
      }
    })
    const gone = new AbortController()
    const first = storage.withKeySchema('T', { ...soon(), signal: gone.signal }, itself)
    const hurried = storage.withKeySchema('T', soon(50), itself)
    const patient = storage.withKeySchema('T', soon(), itself)
    t.ok(await within(5000, () => reply !== undefined))
    gone.abort()
    await t.rejects(first, { name: 'Canceled', maybeApplied: false })
    await t.rejects(hurried, { name: 'TimeoutError', maybeApplied: false })
    await t.rejects(storage.withKeySchema('T', { ...soon(), signal: gone.signal }, itself), {
      name: 'Canceled',
    })
    reply?.()
    t.same(await patient, [{ name: 'id', type: 'S' }])
    t.equal(standIn.requests.length, 1)
  })

  t.test('is no longer requested when all callers have canceled', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response, number) => {
      if (number > 1) answer(response, description({ id: 'S' }))
    })
    const gone = new AbortController()
    const call = storage.withKeySchema('T', { ...soon(), signal: gone.signal }, itself)
    t.ok(await within(5000, () => standIn.requests.length === 1))
    gone.abort()
    await t.rejects(call, { name: 'Canceled' })
    t.ok(await within(5000, () => standIn.requests[0]?.ended !== undefined), 'its connection is closed')
    t.same(await storage.withKeySchema('T', soon(), itself), [{ name: 'id', type: 'S' }])
  })

  t.test('is requested again after a request for it failed', async (t) => {
    const { storage } = await start(t, (_arrived, response, number) => {
      if (number === 1) refuse(response, 400, 'ResourceNotFoundException')
      else if (number === 2) answer(response, {})
      else answer(response, description({ id: 'S' }))
    })
    await t.rejects(storage.withKeySchema('T', soon(), itself), { name: 'ResourceNotFoundException' })
    await t.rejects(storage.withKeySchema('T', soon(), itself), { name: 'MalformedAnswer' })
    t.same(await storage.withKeySchema('T', soon(), itself), [{ name: 'id', type: 'S' }])
  })

  const signs: [name: string, error: () => Error][] = [
    ['a key does not match it', () => new KeyMismatchError('does not fit')],
    ['DynamoDB finds the request invalid', () => refusal('ValidationException', 'key')],
    ['DynamoDB does not know the table', () => refusal('ResourceNotFoundException', 'table')],
  ]
  for (const [name, error] of signs) {
    t.test(`is requested again when ${name}, and the call is repeated only if it has changed`, async (t) => {
      let key: Record<string, string> = { id: 'S' }
      const { standIn, storage } = await start(t, (_arrived, response) => {
        answer(response, description(key))
      })
      await storage.withKeySchema('T', soon(), itself)
      const seen: KeySchema[] = []
      const call = async (schema: KeySchema) => {
        seen.push(schema)
        if (schema[0]?.type === 'S') throw error()
        return 'done'
      }
      await t.rejects(storage.withKeySchema('T', soon(), call), error())
      t.equal(seen.length, 1, 'the key schema has not changed')
      t.equal(standIn.requests.length, 2)

      key = { id: 'N' }
      const calls = Array.from({ length: 10 }, () => storage.withKeySchema('T', soon(), call))
      t.same(new Set(await Promise.all(calls)), new Set(['done']))
      t.same(seen.at(-1), [{ name: 'id', type: 'N' }])
      t.equal(standIn.requests.length, 3, 'requested once')
    })
  }

  t.test('stays cached when requesting it again fails', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response, number) => {
      if (number === 1) answer(response, description({ id: 'S' }))
      else refuse(response, 400, 'ThrottlingException', 'slow down')
    })
    await storage.withKeySchema('T', soon(), itself)
    const wrong = storage.withKeySchema('T', soon(), async () => {
      throw new KeyMismatchError('does not fit')
    })
    await t.rejects(wrong, { name: 'KeyMismatchError' }, 'with the error of the call')
    const { length } = standIn.requests
    t.same(await storage.withKeySchema('T', soon(), itself), [{ name: 'id', type: 'S' }])
    t.equal(standIn.requests.length, length)
  })

  t.test('is not requested twice by one call', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, description({ id: 'S' }))
    })
    const call = storage.withKeySchema('T', soon(), async () => {
      throw new KeyMismatchError('does not fit')
    })
    await t.rejects(call, { name: 'KeyMismatchError' })
    t.equal(standIn.requests.length, 1)
  })

  t.test('is not requested again after other errors, or if the call may have been applied', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, description({ id: 'S' }))
    })
    await storage.withKeySchema('T', soon(), itself)
    const after = refusal('ValidationException', 'key', true)
    const other = refusal('ValidationException', 'Two document paths overlap')
    const gone = new StorageError(
      { kind: 'network', name: 'NetworkError', message: 'gone', maybeApplied: false },
      NO_CALL,
    )
    for (const error of [after, other, gone, new Error('fault')]) {
      const call = storage.withKeySchema('T', soon(), async () => {
        throw error
      })
      await t.rejects(call, error)
    }
    t.equal(standIn.requests.length, 1)
  })
})
