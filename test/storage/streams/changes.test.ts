/** Subscribers of changes: what is called for them, what ends them, and what they cost. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Cancellation } from '../../../src/storage/call/cancellation.js'
import { Storage } from '../../../src/storage/client.js'
import type { StorageObserver } from '../../../src/storage/events.js'
import { refuse } from '../../helpers/fake-dynamodb.js'
import { type FakeStreams, startFakeStreams } from '../../helpers/fake-streams.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { failureOf, subscribe, summary, take } from '../../helpers/subscriber.js'
import { within } from '../../helpers/within.js'

async function start(t: Test, shards = 1) {
  const streams = await startFakeStreams(t)
  const stream = streams.enable(shards)
  const storage = await startStorage(t, streams)
  const [shard] = stream.shards
  if (shard === undefined) throw new Error('no shard')
  return { streams, stream, storage, shard }
}

async function startStorage(t: Test, { endpoint }: FakeStreams): Promise<Storage> {
  const storage = new Storage(await connectionTo(endpoint), testConfig())
  t.teardown(() => storage.close())
  return storage
}

const summaries = (taken: Awaited<ReturnType<typeof take>>) => taken.map(summary)

t.test('calls', async (t) => {
  for (const count of [1, 100]) {
    t.test(
      `one reader for each shard serves ${count} subscribers, and rests when there is nothing`,
      async (t) => {
        const { streams, stream, storage } = await start(t, 5)
        const all = await Promise.all(Array.from({ length: count }, () => subscribe(storage, 'T', 'now')))
        for (const shard of stream.shards) t.equal(streams.calls('GetShardIterator', shard), 1)
        t.equal(streams.calls('DescribeTable'), 1)
        t.equal(streams.calls('DescribeStream'), 2, 'two pages')
        await sleep(2000)
        const before = stream.shards.map((shard) => streams.calls('GetRecords', shard))
        await sleep(3000)
        const calls = stream.shards.map((shard, n) => streams.calls('GetRecords', shard) - (before[n] ?? 0))
        t.ok(
          calls.every((called) => called <= 3),
          `at most one call a second: ${calls.join(' ')}`,
        )
        for (const [n, shard] of stream.shards.entries()) streams.write(shard, `item-${n}`, n)
        const taken = await Promise.all(all.map((subscription) => take(subscription, 5)))
        for (const changes of taken)
          t.strictSame(summaries(changes).sort(), [
            'item-0 0',
            'item-1 1',
            'item-2 2',
            'item-3 3',
            'item-4 4',
          ])

        const after = streams.dynamodb.requests.length
        await sleep(1500)
        t.equal(streams.dynamodb.requests.length, after, 'none without subscribers')
      },
    )
  }

  t.test('a subscriber that was behind needs a reader of its own only until it has arrived', async (t) => {
    const { streams, storage, shard } = await start(t)
    const live = await subscribe(storage, 'T', 'now')
    for (let n = 0; n < 10; n++) streams.write(shard, 'a', n)
    t.equal((await take(await subscribe(storage, 'T', 'start'), 10)).length, 10)
    const behind = await Promise.all([1, 2, 3].map(() => subscribe(storage, 'T', 'start')))
    for (const subscription of behind) t.ok(subscription.position())
    await sleep(1000)
    const before = streams.calls('GetRecords')
    await sleep(3000)
    t.ok(streams.calls('GetRecords') - before <= 3)
    for (const subscription of [live, ...behind]) subscription.close()
  })

  t.test('shards are read behind their parents only', async (t) => {
    const { streams, stream, storage, shard } = await start(t)
    for (let n = 1; n <= 50; n++) streams.write(shard, 'a', n)
    const [first, second] = streams.split(stream, shard, 2)
    if (first === undefined || second === undefined) throw new Error('no children')
    second.hidden = true
    for (let n = 51; n <= 100; n++) streams.write(first, 'a', n)
    for (let n = 1; n <= 10; n++) streams.write(second, 'b', n)
    streams.page = 7
    const subscription = await subscribe(storage, 'T', 'start')
    const taken = summaries(await take(subscription, 100))
    t.strictSame(
      taken,
      Array.from({ length: 100 }, (_, n) => `a ${n + 1}`),
    )
    // A child that is listed late is not forgotten.
    second.hidden = false
    const resumed = await subscribe(storage, 'T', { after: subscription.position() })
    t.strictSame(
      summaries(await take(resumed, 10)),
      Array.from({ length: 10 }, (_, n) => `b ${n + 1}`),
    )
  })

  t.test('the observer is told of subscribers, changes and their lag', async (t) => {
    const { streams, storage, shard } = await start(t)
    const told: object[] = []
    const nothing = () => undefined
    const observer: StorageObserver = {
      attemptEnded: nothing,
      retrying: nothing,
      batchEntries: nothing,
      writeMaybeApplied: nothing,
      capacityConsumed: nothing,
      readsShared: nothing,
      sharingFailed: nothing,
      changesRead: (event) => told.push(event),
      changeSubscribers: (event) => told.push(event),
    }
    storage.subscribe(observer, false)
    const subscription = await subscribe(storage, 'T', 'now')
    streams.write(shard, 'a', 1)
    await take(subscription, 1)
    t.match(told, [
      { table: 'T', count: 1 },
      { table: 'T', count: 1, lagSeconds: Number },
      { table: 'T', count: 0 },
    ])
  })
})

t.test('a position', async (t) => {
  t.test('that has expired is refused: its changes are trimmed, or its shard is gone', async (t) => {
    const { streams, stream, storage, shard } = await start(t)
    for (let n = 0; n < 10; n++) streams.write(shard, 'a', n)
    const [, second] = await take(await subscribe(storage, 'T', 'start'), 10)
    const after = second?.id() ?? ''
    shard.trimmed = 5
    t.match(await failureOf(subscribe(storage, 'T', { after })), { name: 'PositionExpiredError' })
    stream.shards.splice(0, 1)
    t.match(await failureOf(subscribe(storage, 'T', { after })), { name: 'PositionExpiredError' })
    streams.streams.splice(0, 1)
    streams.enable()
    t.match(await failureOf(subscribe(storage, 'T', { after })), { name: 'PositionExpiredError' })
  })

  t.test('of another table, or that was made up, is refused', async (t) => {
    const { streams, storage, shard } = await start(t)
    const other = await startFakeStreams(t, 'Other')
    other.enable()
    const otherStorage = await startStorage(t, other)
    streams.write(shard, 'a', 1)
    const [change] = await take(await subscribe(storage, 'T', 'start'), 1)
    const after = change?.id() ?? ''
    for (const [from, some] of [
      [after, otherStorage],
      ['', storage],
      ['made up', storage],
    ] as const) {
      t.match(await failureOf(subscribe(some, 'T', { after: from })), { name: 'InvalidPositionError' })
    }
    shard.records.length = 0
    t.match(await failureOf(subscribe(storage, 'T', { after })), { name: 'InvalidPositionError' })
  })

  t.test('at the end of a shard that is trimmed goes on with its children', async (t) => {
    const { streams, stream, storage, shard } = await start(t)
    streams.write(shard, 'a', 1)
    const [child] = streams.split(stream, shard, 1)
    if (child === undefined) throw new Error('no child')
    const subscription = await subscribe(storage, 'T', 'start')
    await take(subscription, 1)
    shard.trimmed = 1
    streams.write(child, 'a', 2)
    const resumed = await subscribe(storage, 'T', { after: subscription.position() })
    t.strictSame(summaries(await take(resumed, 1)), ['a 2'])
  })

  t.test('stays behind what is not wanted', async (t) => {
    const { streams, storage, shard } = await start(t)
    const position = await subscribe(storage, 'T', 'start', { wants: () => false })
    for (let n = 0; n < 5; n++) streams.write(shard, 'a', n)
    const before = position.position()
    t.ok(await within(10_000, () => position.position() !== before))
    const after = position.position()
    position.close()
    streams.write(shard, 'a', 5)
    t.strictSame(summaries(await take(await subscribe(storage, 'T', { after }), 1)), ['a 5'])
  })
})

t.test('failures', async (t) => {
  t.test('throttling, errors and lost connections delay changes, however long they last', async (t) => {
    const { streams, storage, shard } = await start(t)
    const subscription = await subscribe(storage, 'T', 'now')
    let faults = 0
    streams.fault = ({ operation }, response) => {
      if (operation !== 'GetRecords' || faults >= 12) return false
      faults++
      if (faults % 3 === 0) refuse(response, 400, 'LimitExceededException')
      else if (faults % 3 === 1) refuse(response, 500, 'InternalServerError')
      else response.socket?.resetAndDestroy()
      return true
    }
    streams.write(shard, 'a', 1)
    t.strictSame(summaries(await take(subscription, 1)), ['a 1'])
    t.equal(faults, 12)
  })

  t.test('a refusal that does not pass ends all subscriptions', async (t) => {
    const { streams, storage } = await start(t)
    const all = await Promise.all([1, 2].map(() => subscribe(storage, 'T', 'now')))
    streams.fault = ({ operation }, response) => {
      if (operation !== 'GetRecords') return false
      refuse(response, 400, 'AccessDeniedException')
      return true
    }
    for (const subscription of all) t.match(await failureOf(subscription), { name: 'AccessDeniedException' })
    const { length } = streams.dynamodb.requests
    await sleep(1000)
    t.equal(streams.dynamodb.requests.length, length)
  })

  t.test('a table without a stream has no changes', async (t) => {
    const streams = await startFakeStreams(t)
    const storage = await startStorage(t, streams)
    t.match(await failureOf(subscribe(storage, 'T', 'now')), { name: 'StreamNotEnabledError' })
    streams.disable(streams.enable())
    t.match(await failureOf(subscribe(storage, 'T', 'start')), { name: 'StreamNotEnabledError' })
  })

  t.test('a stream that is disabled ends behind its last change', async (t) => {
    const { streams, stream, storage, shard } = await start(t)
    const subscription = await subscribe(storage, 'T', 'now')
    streams.write(shard, 'a', 1)
    streams.disable(stream)
    const taken: string[] = []
    try {
      for await (const batch of subscription) taken.push(...summaries([...batch]))
    } catch (error) {
      t.match(error, { name: 'StreamNotEnabledError' })
    }
    t.strictSame(taken, ['a 1'])
    // Once there are other streams, they are read one after the other.
    for (const n of [2, 3]) {
      const next = streams.enable()
      for (const other of next.shards) streams.write(other, 'a', n)
      if (n === 2) streams.disable(next)
    }
    const resumed = await subscribe(storage, 'T', { after: subscription.position() })
    t.strictSame(summaries(await take(resumed, 2)), ['a 2', 'a 3'])
  })

  t.test(
    'a canceled start, a cancellation and the end of the storage layer end a subscription',
    async (t) => {
      const { streams, storage } = await start(t)
      const signal = new Cancellation()
      const subscription = await subscribe(storage, 'T', 'now', { signal })
      signal.abort()
      t.equal(await failureOf(subscription), undefined)
      streams.fault = () => true
      const starting = new Cancellation()
      const failure = failureOf(subscribe(storage, 'T', 'now', { signal: starting }))
      starting.abort()
      t.match(await failure, { name: 'Canceled' })
      streams.fault = () => false
      const last = await subscribe(storage, 'T', 'now')
      await storage.close()
      t.equal(await failureOf(last), undefined)
    },
  )
})

t.test('a subscriber', async (t) => {
  t.test(
    'that does not read is cut off when its buffer is full, and goes on behind what it has taken',
    async (t) => {
      const { streams, storage, shard } = await start(t)
      const slow = await subscribe(storage, 'T', 'now', { maxBufferedBytes: 20_000 })
      const fast = await subscribe(storage, 'T', 'now', { maxBufferedBytes: 20_000 })
      const position = slow.position()
      const taking = take(fast, 60)
      for (let n = 0; n < 60; n++) {
        streams.write(shard, 'a', n, 1000)
        if (n % 10 === 9) await sleep(300)
      }
      t.equal((await taking).length, 60)
      t.match(await failureOf(slow), { name: 'SlowSubscriberError' })
      t.equal(slow.position(), position)
      const resumed = await subscribe(storage, 'T', { after: position })
      t.equal((await take(resumed, 60)).length, 60)
    },
  )

  t.test('that does not read does not hold up those who begin elsewhere', async (t) => {
    const { streams, storage, shard } = await start(t)
    for (let n = 0; n < 100; n++) streams.write(shard, 'a', n, 1000, 3600)
    streams.page = 10
    const begins = await subscribe(storage, 'T', 'start')
    const [last] = (await take(begins, 50)).slice(-1)
    const before = streams.calls('GetRecords')
    const slow = [1, 2, 3].map(() => subscribe(storage, 'T', 'start', { maxBufferedBytes: 5000 }))
    await Promise.all(slow)
    t.ok(await within(5000, () => streams.calls('GetRecords') > before))
    const resumed = await subscribe(storage, 'T', { after: last?.id() ?? '' })
    t.equal((await take(resumed, 40)).length, 40)
    for (const subscription of slow) t.notOk((await subscription).cutOff.aborted, 'they are still waited for')
    for (const subscription of slow) (await subscription).close()
  })

  t.test('is waited for as long as it is behind', async (t) => {
    const { streams, storage, shard } = await start(t)
    for (let n = 0; n < 300; n++) streams.write(shard, 'a', n, 1000)
    streams.page = 30
    const subscription = await subscribe(storage, 'T', 'start', { maxBufferedBytes: 20_000 })
    const taken: string[] = []
    for await (const batch of subscription) {
      taken.push(...summaries([...batch]))
      await sleep(50)
      if (taken.length >= 300) break
    }
    t.strictSame(
      taken,
      Array.from({ length: 300 }, (_, n) => `a ${n}`),
    )
  })

  t.test('that is behind is read for in turns, at most 5 times a second for all of them', async (t) => {
    const { streams, storage, shard } = await start(t)
    for (let n = 0; n < 300; n++) streams.write(shard, 'a', n, 0, 3600)
    const taken = await take(await subscribe(storage, 'T', 'start'), 300)
    streams.page = 1
    const iterators = streams.calls('GetShardIterator')
    const behind = await Promise.all(
      [0, 100, 200].map((n) => subscribe(storage, 'T', { after: taken[n]?.id() ?? '' })),
    )
    t.equal(streams.calls('GetShardIterator') - iterators, 3, 'each has a reader')
    const before = streams.calls('GetRecords')
    const startedAt = performance.now()
    await sleep(3000)
    const calls = streams.calls('GetRecords') - before
    // One more at each end of the time.
    t.ok(calls <= (performance.now() - startedAt) / 200 + 2, `${calls} calls`)
    for (const subscription of behind) subscription.close()
  })

  t.test('is served in a turn of its own', async (t) => {
    const { streams, storage, shard } = await start(t)
    const all = await Promise.all(Array.from({ length: 50 }, () => subscribe(storage, 'T', 'now')))
    let turn = 0
    const count = () => {
      turn++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    const taken = all.map(async (subscription) => {
      await take(subscription, 1)
      return turn
    })
    streams.write(shard, 'a', 1)
    const turns = await Promise.all(taken)
    clearImmediate(next)
    t.equal(new Set(turns).size, all.length, 'other requests are served in between')
  })

  t.test('shares the memory of changes with 999 others', async (t) => {
    const { streams, storage, shard } = await start(t)
    const all = await Promise.all(Array.from({ length: 1000 }, () => subscribe(storage, 'T', 'now')))
    const before = process.memoryUsage()
    for (let n = 0; n < 90; n++) streams.write(shard, 'a', n, 10_000)
    const [first] = all
    if (first === undefined) throw new Error('no subscriber')
    let count = 0
    for await (const batch of first) if ((count += batch.length) >= 90) break
    const { rss, arrayBuffers } = process.memoryUsage()
    // One copy for each would be 900 MB.
    t.ok(arrayBuffers - before.arrayBuffers < 50_000_000, String(arrayBuffers - before.arrayBuffers))
    t.ok(rss - before.rss < 300_000_000, String(rss - before.rss))
    for (const subscription of all) subscription.close()
  })
})
