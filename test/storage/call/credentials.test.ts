import t from 'tap'
import type { Credentials } from '../../../src/storage/call/connection.js'
import { KeptCredentials } from '../../../src/storage/call/credentials.js'

const MINUTE_MS = 60_000

/** Credentials that say how often they were asked for, and how often with `forceRefresh`. */
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

t.test('those without an end are asked for once', async (t) => {
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

t.test('in the last five minutes before they expire, they are asked for each time', async (t) => {
  const early = start({ expireInMs: 6 * MINUTE_MS })
  await early.kept.renew()
  t.equal(early.kept.current?.accessKeyId, 'key1')
  const late = start({ expireInMs: 4 * MINUTE_MS })
  await late.kept.renew()
  t.equal(late.kept.current, undefined)
  t.equal((await late.kept.renew()).accessKeyId, 'key2')
  t.same(late.asked, { times: 2, forced: 0 })
})

t.test('those that DynamoDB finds expired are renewed by force, until that has worked', async (t) => {
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
  t.equal(kept.current, second, 'that old ones have expired says nothing about the new ones')
})
