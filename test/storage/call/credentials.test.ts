import t from 'tap'
import type { Credentials } from '../../../src/storage/call/connection.js'
import { KeptCredentials } from '../../../src/storage/call/credentials.js'
import { Storage } from '../../../src/storage/client.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { refuse, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'
import { scaled } from '../../helpers/machine-speed.js'

const MINUTE_MS = 60_000

/** A provider with new credentials each time, which counts how often it is asked, and how often with `forceRefresh`. */
function start({ expireInMs, fail = () => false }: { expireInMs?: number; fail?: () => boolean } = {}) {
  const asked = { times: 0, forced: 0 }
  const kept = new KeptCredentials(async (options) => {
    asked.times++
    if (options?.forceRefresh === true) asked.forced++
    await new Promise(setImmediate)
    if (fail()) throw new Error('none found')
    return {
      accessKeyId: `key${asked.times}`,
      secretAccessKey: 'secret',
      ...(expireInMs !== undefined && { expiration: new Date(Date.now() + expireInMs) }),
    }
  })
  return { kept, asked }
}

t.test('credentials that do not expire are asked for once', async (t) => {
  const { kept, asked } = start()
  t.equal(kept.current, undefined)
  const all = await Promise.all([kept.renew(), kept.renew()])
  t.same(
    all.map(({ accessKeyId }) => accessKeyId),
    ['key1', 'key1'],
  )
  t.equal(kept.current, all[0])
  t.same(asked, { times: 1, forced: 0 })
})

t.test('in the last five minutes before credentials expire, the provider is asked each time', async (t) => {
  const early = start({ expireInMs: 6 * MINUTE_MS })
  await early.kept.renew()
  t.equal(early.kept.current?.accessKeyId, 'key1')
  const late = start({ expireInMs: 4 * MINUTE_MS })
  await late.kept.renew()
  t.equal(late.kept.current, undefined)
  t.equal((await late.kept.renew()).accessKeyId, 'key2')
  t.same(late.asked, { times: 2, forced: 0 })
})

t.test('credentials that DynamoDB finds expired are renewed by force, until that succeeds', async (t) => {
  let broken = false
  const { kept, asked } = start({ fail: () => broken })
  const first: Credentials = await kept.renew()
  kept.expire(first)
  t.equal(kept.current, undefined)
  broken = true
  await t.rejects(kept.renew(), { name: 'CredentialsError' })
  t.equal(kept.current, undefined)
  broken = false
  const second = await kept.renew()
  t.same(asked, { times: 3, forced: 2 })
  kept.expire(first)
  t.equal(kept.current, second, 'a late refusal of the old ones does not affect the new ones')
})

/** A provider that always returns the same credentials, as new objects, and counts how often it is asked. */
function startStatic() {
  const asked = { times: 0, forced: 0 }
  const provide = async (options?: { forceRefresh: boolean }): Promise<Credentials> => {
    asked.times++
    if (options?.forceRefresh === true) asked.forced++
    await new Promise(setImmediate)
    return { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' }
  }
  return { asked, provide }
}

t.test('expired credentials without a replacement are used for 30 s without asking again', async (t) => {
  const { asked, provide } = startStatic()
  const kept = new KeptCredentials(provide)
  const first = await kept.renew()
  const replaced = await Promise.all([kept.replace(first), kept.replace(first)])
  t.same(replaced, [false, false])
  t.same(asked, { times: 2, forced: 1 }, 'asked once for all')
  t.match(kept.current, first)
  t.equal(await kept.replace(first), false)
  t.same(asked, { times: 2, forced: 1 })

  const now = performance.now.bind(performance)
  const clock = t.intercept(performance, 'now', { value: () => now() + 30_001 })
  t.match(kept.current, first)
  t.equal(await kept.replace(first), false)
  t.same(asked, { times: 3, forced: 2 }, 'and asked again after that')
  clock.restore()
})

t.test('expired credentials are replaced by those that the provider has now', async (t) => {
  const { kept, asked } = start()
  const first = await kept.renew()
  t.same(await Promise.all([kept.replace(first), kept.replace(first)]), [true, true])
  t.equal(kept.current?.accessKeyId, 'key2')
  t.equal(await kept.replace(first), true, 'and by those that others have asked for already')
  t.same(asked, { times: 2, forced: 1 })
})

t.test('a renewal that started before the refusal is followed by a forced one', async (t) => {
  const { asked, provide } = startStatic()
  const kept = new KeptCredentials(provide)
  const first = await kept.renew()
  const renewal = kept.renew()
  t.equal(await kept.replace(first), false)
  await renewal
  t.same(asked, { times: 3, forced: 1 })
})

t.test('static credentials that have expired', async (t) => {
  const standIn = await startFakeDynamoDB(t, (_arrived, response) => {
    refuse(response, 400, 'ExpiredTokenException')
  })
  const connection = await connectionTo(standIn.endpoint)
  const { asked, provide } = startStatic()
  const storage = new Storage({ ...connection, credentials: provide }, testConfig())
  t.teardown(() => storage.close())
  const call = () =>
    storage.send('PutItem', { TableName: 'T' }, { deadline: performance.now() + scaled(10_000) })
  const refused = { kind: 'credentials', name: 'ExpiredTokenException', attempts: 1, maybeApplied: false }

  await t.test('fail the first call after one attempt and one question to the provider', async (t) => {
    await t.rejects(call(), refused)
    t.equal(standIn.requests.length, 1)
    t.same(asked, { times: 2, forced: 1 })
  })
  await t.test('fail later calls after one attempt without asking', async (t) => {
    for (const again of await Promise.allSettled([call(), call(), call()])) {
      t.match(again, { status: 'rejected', reason: refused })
    }
    t.equal(standIn.requests.length, 4)
    t.same(asked, { times: 2, forced: 1 })
  })
})

t.test('a call fails for its expired credentials if the provider fails too', async (t) => {
  const standIn = await startFakeDynamoDB(t, (_arrived, response) => {
    refuse(response, 400, 'ExpiredTokenException')
  })
  const connection = await connectionTo(standIn.endpoint)
  const credentials = async (options?: { forceRefresh: boolean }) => {
    if (options?.forceRefresh === true) throw new Error('no metadata service')
    return { accessKeyId: 'key', secretAccessKey: 'secret' }
  }
  const storage = new Storage({ ...connection, credentials }, testConfig())
  t.teardown(() => storage.close())
  const call = () =>
    storage.send('PutItem', { TableName: 'T' }, { deadline: performance.now() + scaled(10_000) })
  await t.rejects(call(), {
    kind: 'credentials',
    attempts: 1,
    cause: { name: 'CredentialsError', cause: { message: 'no metadata service' } },
  })
  await t.rejects(call(), { kind: 'no_credentials', name: 'CredentialsError', attempts: 0 })
})

t.test('a provider that does not answer holds a call up no longer than its limits allow', async (t) => {
  const standIn = await startFakeDynamoDB(t, (_arrived, response) => {
    refuse(response, 400, 'ExpiredTokenException')
  })
  const connection = await connectionTo(standIn.endpoint)
  const credentials = (options?: { forceRefresh: boolean }) =>
    options?.forceRefresh === true
      ? new Promise<never>(() => undefined)
      : Promise.resolve({ accessKeyId: 'key', secretAccessKey: 'secret' })
  const storage = new Storage(
    { ...connection, credentials },
    testConfig({ attemptTimeoutMs: scaled(500), maxAttempts: 2 }),
  )
  t.teardown(() => storage.close())
  const call = storage.send('PutItem', { TableName: 'T' }, { deadline: performance.now() + scaled(10_000) })
  await t.rejects(call, { kind: 'timeout', name: 'TimeoutError', attempts: 2, maybeApplied: false })
  t.equal(standIn.requests.length, 1)
})
