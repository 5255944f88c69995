/** Batches of any size when DynamoDB leaves entries unprocessed or fails: every entry is done, or listed. */
import t, { type Test } from 'tap'
import { parse } from '../../../src/json/json.js'
import { BatchIncompleteError, StorageError } from '../../../src/storage/errors.js'
import { Storage } from '../../../src/storage/client.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import {
  answer,
  type ReceivedRequest,
  type Behavior,
  refuse,
  startFakeDynamoDB,
} from '../../helpers/fake-dynamodb.js'
import { scaled } from '../../helpers/machine-speed.js'

const soon = (ms = scaled(20_000)) => ({ deadline: performance.now() + ms })

async function start(t: Test, behave: Behavior, settings: Parameters<typeof testConfig>[0] = {}) {
  const standIn = await startFakeDynamoDB(t, (arrived, response, number) => {
    if (arrived.operation !== 'DescribeTable') behave(arrived, response, number)
    else answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
  })
  const storage = new Storage(await connectionTo(standIn.endpoint), testConfig(settings))
  t.teardown(() => storage.close())
  return { standIn, storage }
}

interface Keys {
  Keys: { id: { S: string } }[]
  ConsistentRead?: boolean
}

const put = (id: string) => ({ PutRequest: { Item: { id: { S: id } } } })
type Put = ReturnType<typeof put>
const idOf = ({ PutRequest }: Put) => PutRequest.Item.id.S
const ids = (count: number) => Array.from({ length: count }, (_, n) => `id-${n}`)
const writesOf = (arrived: ReceivedRequest) => (arrived.body['RequestItems'] as { T: Put[] }).T
const keysOf = (arrived: ReceivedRequest) => (arrived.body['RequestItems'] as { T: Keys }).T

async function incomplete(call: Promise<unknown>): Promise<BatchIncompleteError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof BatchIncompleteError))
    throw new Error(`no BatchIncompleteError but ${String(error)}`)
  return error
}

t.test(
  'large entries are sent in smaller requests, which block other callers for a shorter time',
  async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, {})
    })
    const text = 'x'.repeat(400_000)
    const writes = ids(25).map((id) => Buffer.from(JSON.stringify({ id: { S: id }, text: { S: text } })))
    const T = writes.map((Item) => ({ PutRequest: { Item } }))
    await storage.batchWrite({ RequestItems: { T } }, soon())
    const sent = standIn.requests.filter(({ operation }) => operation === 'BatchWriteItem')
    t.same(sent.map((arrived) => writesOf(arrived).length).sort(), [11, 11, 3].sort())
    t.same(sent.flatMap(writesOf).map(idOf).sort(), ids(25).sort())
    // In different requests they would race, and DynamoDB would not notice.
    const twice = { RequestItems: { T: [...T.slice(1), ...T.slice(1, 2)] } }
    await t.rejects(storage.batchWrite(twice, soon()), { name: 'DuplicateKeyError' })
  },
)

t.test('a batch of writes', async (t) => {
  t.test('sends unprocessed entries again until none is left', async (t) => {
    const written = new Map<string, number>()
    const { standIn, storage } = await start(t, (arrived, response, number) => {
      const writes = writesOf(arrived)
      const done = number % 2 === 0 ? writes : writes.slice(0, Math.ceil(writes.length / 3))
      for (const write of done) written.set(idOf(write), (written.get(idOf(write)) ?? 0) + 1)
      const left = writes.slice(done.length)
      answer(response, {
        UnprocessedItems: left.length > 0 ? { T: left } : {},
        ConsumedCapacity: [
          { TableName: 'T', CapacityUnits: done.length, Table: { CapacityUnits: done.length } },
        ],
        ItemCollectionMetrics: { T: [{ SizeEstimateRangeGB: [0, 1] }] },
      })
    })
    const all = ids(1000)
    const output = parse(
      await storage.batchWrite(
        { RequestItems: { T: all.map(put) }, ReturnConsumedCapacity: 'INDEXES' },
        soon(),
      ),
    ) as { ConsumedCapacity: unknown; ItemCollectionMetrics: { T: unknown[] } }
    t.same([...written.keys()].sort(), [...all].sort())
    t.ok(
      [...written.values()].every((times) => times === 1),
      'each once',
    )
    const requests = standIn.requests.filter(({ operation }) => operation === 'BatchWriteItem')
    t.ok(requests.every((arrived) => writesOf(arrived).length <= 25))
    t.ok(requests.every(({ body }) => body['ReturnConsumedCapacity'] === 'INDEXES'))
    t.same(output.ConsumedCapacity, [{ TableName: 'T', CapacityUnits: 1000, Table: { CapacityUnits: 1000 } }])
    t.equal(output.ItemCollectionMetrics.T.length, requests.length)
  })

  t.test('gives up entries after 5 attempts without progress, and goes on with the others', async (t) => {
    const { standIn, storage } = await start(t, (arrived, response) => {
      const stuck = writesOf(arrived).filter((write) => idOf(write) === 'id-3')
      answer(response, { UnprocessedItems: stuck.length > 0 ? { T: stuck } : {} })
    })
    const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(100).map(put) } }, soon()))
    t.same(parse(error.output), { UnprocessedItems: { T: [put('id-3')] } })
    t.equal(error.cause, undefined)
    const alone = standIn.requests.filter(
      (arrived) => arrived.operation === 'BatchWriteItem' && writesOf(arrived).length === 1,
    )
    t.equal(alone.length, 5)
    const sent = standIn.requests.flatMap((arrived) =>
      arrived.operation === 'BatchWriteItem' ? writesOf(arrived).map(idOf) : [],
    )
    t.equal(new Set(sent).size, 100)
  })

  t.test(
    'stops at an error that is not retryable, and lists all entries that are not confirmed',
    async (t) => {
      const written = new Set<string>()
      const { standIn, storage } = await start(t, (arrived, response) => {
        const writes = writesOf(arrived)
        if (writes.some((write) => idOf(write) === 'id-500')) {
          refuse(response, 400, 'ValidationException')
          return
        }
        for (const write of writes) written.add(idOf(write))
        answer(response, { UnprocessedItems: {} })
      })
      const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(5000).map(put) } }, soon()))
      t.match(error.cause, { name: 'ValidationException' })
      const { UnprocessedItems: left } = parse(error.output) as { UnprocessedItems: { T: Put[] } }
      t.same([...written, ...left.T.map(idOf)].sort(), ids(5000).sort(), 'each is either written or listed')
      t.ok(standIn.requests.length < 100, 'the rest was not sent')
    },
  )

  t.test('lists a hundred thousand entries that were not sent', async (t) => {
    const { storage } = await start(t, (_arrived, response) => {
      refuse(response, 400, 'AccessDeniedException')
    })
    const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(150_000).map(put) } }, soon()))
    t.match(error.message, /^150000 entries/)
  })

  t.test('stops at a malformed answer, and lists all entries that are not confirmed', async (t) => {
    for (const nonsense of ['{"UnprocessedItems":nonsense}', '{"UnprocessedItems":null}']) {
      let answered = 0
      const { standIn, storage } = await start(t, (_arrived, response) => {
        answer(response, ++answered > 2 ? nonsense : {})
      })
      const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(2000).map(put) } }, soon()))
      t.match(error.cause, { name: 'MalformedAnswer', maybeApplied: true })
      const { UnprocessedItems: left } = parse(error.output) as { UnprocessedItems: { T: Put[] } }
      t.equal(left.T.length, 2000 - 50, 'all but those of the two requests that were answered')
      const sent = standIn.requests.length
      await new Promise((resolve) => setTimeout(resolve, 50))
      t.equal(standIn.requests.length, sent, 'no more requests are sent')
    }
  })

  t.test('stops when all attempts have failed', async (t) => {
    const { storage } = await start(t, (_arrived, response) => {
      refuse(response, 500, 'InternalServerError')
    })
    const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(3).map(put) } }, soon()))
    t.match(error, { message: '3 entries of the batch are not confirmed' })
    const one = await incomplete(storage.batchWrite({ RequestItems: { T: [put('a')] } }, soon()))
    t.match(one, { message: '1 entry of the batch is not confirmed' })
    t.match(error.cause, { name: 'InternalServerError', attempts: 5 })
  })

  t.test('ends at its deadline with a list of what is not confirmed', async (t) => {
    const { storage } = await start(
      t,
      (arrived, response) => {
        answer(response, { UnprocessedItems: { T: writesOf(arrived) } })
      },
      { baseDelayMs: 20_000 },
    )
    const began = performance.now()
    const error = await incomplete(storage.batchWrite({ RequestItems: { T: ids(30).map(put) } }, soon(500)))
    t.match(error.message, /^30 entries/)
    t.ok(performance.now() - began < scaled(3000))
  })

  t.test('keeps a bounded number of requests in flight', async (t) => {
    let inFlight = 0
    let most = 0
    const { storage } = await start(t, (_arrived, response) => {
      most = Math.max(most, ++inFlight)
      setTimeout(() => {
        inFlight--
        answer(response, {})
      }, 5)
    })
    await storage.batchWrite({ RequestItems: { T: ids(1000).map(put) } }, soon())
    t.ok(most > 1 && most <= 8, `${most} at a time`)
  })

  t.test('fails if DynamoDB returns no key schema, because all writes would have the same key', async (t) => {
    const standIn = await startFakeDynamoDB(t, (_arrived, response) => {
      answer(response, { Table: {} })
    })
    const storage = new Storage(await connectionTo(standIn.endpoint), testConfig())
    t.teardown(() => storage.close())
    const call = storage.batchWrite({ RequestItems: { T: ids(26).map(put) } }, soon())
    await t.rejects(call, { name: 'MalformedAnswer' })
    t.equal(standIn.requests.length, 1)
  })

  t.test('describes a table once for several batches', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, {})
    })
    const request = (table: string) => ({ RequestItems: { [table]: ids(26).map(put) } })
    await storage.batchWrite(request('T'), soon())
    await storage.batchWrite(request('T'), soon())
    const described = () => standIn.requests.filter(({ operation }) => operation === 'DescribeTable').length
    t.equal(described(), 1)
  })
})

t.test('a table called __proto__ is a table like any other', async (t) => {
  const requested = { Keys: [{ id: { S: 'a' } }] }
  const { standIn, storage } = await start(t, (arrived, response, number) => {
    t.same(Object.keys(arrived.body['RequestItems'] ?? {}), ['__proto__'])
    const left = number === 1 ? arrived.text.slice('{"RequestItems":'.length, -1) : '{}'
    const name = arrived.operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems'
    const consumed =
      '[{"TableName":"__proto__","CapacityUnits":1,"GlobalSecondaryIndexes":{"__proto__":{"CapacityUnits":1}}}]'
    answer(response, `{"${name}":${left},"ConsumedCapacity":${consumed}}`)
  })
  const sum =
    '[{"TableName":"__proto__","CapacityUnits":2,"GlobalSecondaryIndexes":{"__proto__":{"CapacityUnits":2}}}]'
  const get = { RequestItems: Object.fromEntries([['__proto__', requested]]) }
  t.equal(
    String((await storage.batchGet(get, soon())).whole),
    `{"Responses":{"__proto__":[]},"ConsumedCapacity":${sum}}`,
  )
  standIn.requests.length = 0
  const write = { RequestItems: Object.fromEntries([['__proto__', [put('a')]]]) }
  t.equal(String(await storage.batchWrite(write, soon())), `{"ConsumedCapacity":${sum}}`)
  t.notOk('CapacityUnits' in {}, 'no prototype is changed')
})

t.test('items that are bytes are sent as the bytes that they are', async (t) => {
  const { standIn, storage } = await start(t, (_arrived, response) => {
    answer(response, {})
  })
  const Item = Buffer.from('{"id":{"S":"a"}, "n":{"N":"1.50"}}')
  await storage.batchWrite({ RequestItems: { T: [{ PutRequest: { Item } }] } }, soon())
  t.equal(standIn.requests[0]?.text, `{"RequestItems":{"T":[{"PutRequest":{"Item":${String(Item)}}}]}}`)
  const twice = Array.from({ length: 26 }, () => ({ PutRequest: { Item } }))
  await t.rejects(storage.batchWrite({ RequestItems: { T: twice } }, soon()), { name: 'DuplicateKeyError' })
})

t.test('a batch of gets', async (t) => {
  t.test(
    'sends unprocessed keys again with the options of their table, and merges all answers',
    async (t) => {
      const { standIn, storage } = await start(t, (arrived, response, number) => {
        const { Keys: keys, ...options } = keysOf(arrived)
        const found = number % 2 === 0 ? keys : keys.slice(0, Math.ceil(keys.length / 2))
        const left = keys.slice(found.length)
        answer(response, {
          Responses: { T: found.filter(({ id }) => id.S !== 'id-7') },
          UnprocessedKeys: left.length > 0 ? { T: { Keys: left, ...options } } : {},
          ConsumedCapacity: [{ TableName: 'T', CapacityUnits: 0.5 }],
        })
      })
      const request = {
        RequestItems: { T: { Keys: ids(950).map((id) => ({ id: { S: id } })), ConsistentRead: true } },
      }
      const output = parse((await storage.batchGet(request, soon())).whole) as {
        Responses: { T: { id: { S: string } }[] }
        UnprocessedKeys?: unknown
        ConsumedCapacity: unknown
      }
      t.same(
        output.Responses.T.map(({ id }) => id.S).sort(),
        ids(950)
          .filter((id) => id !== 'id-7')
          .sort(),
      )
      t.notOk('UnprocessedKeys' in output)
      t.ok(standIn.requests.every((arrived) => keysOf(arrived).Keys.length <= 100))
      t.ok(standIn.requests.every((arrived) => keysOf(arrived).ConsistentRead === true))
      t.same(output.ConsumedCapacity, [{ TableName: 'T', CapacityUnits: standIn.requests.length * 0.5 }])
    },
  )

  t.test('returns the items found and lists the other keys when an error stops it', async (t) => {
    const { storage } = await start(t, (arrived, response, number) => {
      const { Keys: keys } = keysOf(arrived)
      if (number > 3) refuse(response, 400, 'AccessDeniedException')
      else answer(response, { Responses: { T: keys } })
    })
    const request = {
      RequestItems: { T: { Keys: ids(3000).map((id) => ({ id: { S: id } })), ConsistentRead: true } },
    }
    const error = await incomplete(storage.batchGet(request, soon()))
    t.match(error.cause, { name: 'AccessDeniedException' })
    const output = parse(error.output) as {
      Responses: { T: Keys['Keys'] }
      UnprocessedKeys: { T: Keys }
    }
    t.equal(output.UnprocessedKeys.T.ConsistentRead, true, 'in the shape it was sent in')
    t.same(
      [...output.Responses.T, ...output.UnprocessedKeys.T.Keys].map(({ id }) => id.S).sort(),
      ids(3000).sort(),
    )
  })

  t.test('ends when its caller cancels it', async (t) => {
    const { storage } = await start(t, () => undefined)
    const gone = new AbortController()
    const request = { RequestItems: { T: { Keys: ids(300).map((id) => ({ id: { S: id } })) } } }
    setTimeout(() => {
      gone.abort()
    }, 100)
    const error = await incomplete(storage.batchGet(request, { ...soon(), signal: gone.signal }))
    t.ok(error.cause instanceof StorageError)
    t.match(error.cause, { name: 'Canceled' })
  })
})
