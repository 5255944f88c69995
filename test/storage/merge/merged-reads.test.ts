/** Reads that share a call, and everything that must not go wrong with them. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Pieces } from '../../../src/json/pieces.js'
import { Cancellation } from '../../../src/storage/call/cancellation.js'
import { StorageError } from '../../../src/storage/errors.js'
import type { StorageObserver } from '../../../src/storage/events.js'
import { Storage } from '../../../src/storage/client.js'
import type { Parameter } from '../../../src/storage/request.js'
import { answer, type ReceivedRequest, refuse, startFakeDynamoDB } from '../../helpers/fake-dynamodb.js'
import { scaled } from '../../helpers/machine-speed.js'
import { connectionTo, testConfig } from '../../helpers/service.js'
import { PATIENCE } from '../../helpers/within.js'

type Item = Readonly<Record<string, Parameter>>
type Asked = Record<string, { Keys: Item[]; ConsistentRead?: boolean }>
type Behave = (received: ReceivedRequest, response: ServerResponse) => void

const soon = () => ({ deadline: performance.now() + scaled(10_000) })

/** The id in a key, `{"id":{"S":"a"}}`. */
const idOf = (key: unknown): string => (key as { id?: { S?: string } }).id?.S ?? ''

/** The items that a BatchGetItem asks for, in another order than it does. */
function found(items: ReadonlyMap<string, Item>, keys: readonly Item[]): Item[] {
  return keys
    .map((key) => items.get(idOf(key)))
    .filter((item) => item !== undefined)
    .toReversed()
}

function asked({ body }: ReceivedRequest): { table: string; keys: Item[] } {
  const [[table, { Keys: keys }] = ['', { Keys: [] }]] = Object.entries(body['RequestItems'] as Asked)
  return { table, keys }
}

const item = (id: string): Item => ({ v: { S: `value of ${id}` }, id: { S: id }, l: { L: [{ N: '1.50' }] } })

/**
 * A storage layer that merges reads, in front of a fake with the items `a` to `z`. It has read one already, so that it knows how
 * large items are.
 */
async function start(
  t: Test,
  settings: Parameters<typeof testConfig>[0] = {},
  items = new Map(Array.from('abcdefghijklmnopqrstuvwxyz', (id) => [id, item(id)])),
) {
  const behaviors: { batch: Behave; get: Behave } = {
    batch: (received, response) => {
      const { table, keys } = asked(received)
      answer(response, { Responses: { [table]: found(items, keys) }, UnprocessedKeys: {} })
    },
    get: ({ body }, response) => {
      const Item = items.get(idOf(body['Key']))
      answer(response, Item === undefined ? {} : { Item })
    },
  }
  const fake = await startFakeDynamoDB(t, (received, response) => {
    behaviors[received.operation === 'BatchGetItem' ? 'batch' : 'get'](received, response)
  })
  const storage = new Storage(
    await connectionTo(fake.endpoint),
    testConfig({ mergeReads: true, ...settings }),
  )
  t.teardown(() => storage.close())
  const get = async (
    id: string | Parameter,
    parameters: Record<string, Parameter> = {},
    limits: Parameters<Storage['send']>[2] = soon(),
  ) => {
    const Key = typeof id === 'string' ? { id: { S: id } } : id
    return String(await storage.send('GetItem', { TableName: 'T', Key, ...parameters }, limits))
  }
  await get('a')
  const operations = () => fake.requests.map(({ operation }) => operation)
  fake.requests.length = 0
  return { fake, storage, get, behaviors, operations }
}

const answerOf = (id: string) => JSON.stringify({ Item: item(id) })

/** Everything that the storage layer is told of. */
function watch(): { observer: StorageObserver; told: [name: string, event: unknown][] } {
  const told: [string, unknown][] = []
  const tell = (name: string) => (event: unknown) => told.push([name, event])
  const observer = {
    attemptEnded: tell('attemptEnded'),
    retrying: tell('retrying'),
    batchEntries: tell('batchEntries'),
    writeMaybeApplied: tell('writeMaybeApplied'),
    capacityConsumed: tell('capacityConsumed'),
    readsShared: tell('readsShared'),
    sharingFailed: tell('sharingFailed'),
    changesRead: tell('changesRead'),
    changeSubscribers: tell('changeSubscribers'),
  }
  return { observer, told }
}

async function failure(call: Promise<unknown>): Promise<StorageError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StorageError)) throw new Error(`no StorageError but ${String(error)}`)
  return error
}

t.test('gets that arrive together', async (t) => {
  t.test('share one call, and each has its own answer', async (t) => {
    const { get, fake } = await start(t)
    t.same(await Promise.all(['c', 'nobody', 'a', 'b'].map((id) => get(id))), [
      answerOf('c'),
      '{}',
      answerOf('a'),
      answerOf('b'),
    ])
    t.equal(fake.requests.length, 1)
    const Keys = ['c', 'nobody', 'a', 'b'].map((id) => ({ id: { S: id } }))
    t.same(fake.requests[0]?.body, { RequestItems: { T: { Keys } } })
  })

  t.test('share none without MERGE_READS', async (t) => {
    const { get, operations } = await start(t, { mergeReads: false })
    await Promise.all([get('a'), get('b')])
    t.same(operations(), ['GetItem', 'GetItem'])
  })

  t.test('share none if nothing is known of the size of items', async (t) => {
    const { get, operations } = await start(t)
    await Promise.all([get('a', { TableName: 'U' }), get('b', { TableName: 'U' })])
    t.same(operations(), ['GetItem', 'GetItem'])
  })

  t.test('share none with gets of other tables', async (t) => {
    const { get, fake } = await start(t)
    await get('a', { TableName: 'U' })
    fake.requests.length = 0
    await Promise.all([get('a'), get('a', { TableName: 'U' }), get('b', { TableName: 'U' }), get('b')])
    t.same(
      fake.requests.map(({ body }) => Object.keys(body['RequestItems'] as Asked)),
      [['T'], ['U']],
    )
  })

  t.test('share none with gets of another consistency', async (t) => {
    const { get, fake } = await start(t)
    const consistent = { ConsistentRead: Buffer.from('true') }
    await Promise.all([
      get('a', { ConsistentRead: true }),
      get('a'),
      get('b', consistent),
      get('b', { ConsistentRead: false }),
    ])
    t.same(
      fake.requests.map(({ body }) => (body['RequestItems'] as Asked)['T']?.ConsistentRead),
      [true, undefined],
    )
  })

  t.test('are sent by themselves if they ask for anything else', async (t) => {
    const { get, operations } = await start(t)
    await Promise.all([
      get('a', { ProjectionExpression: 'id' }),
      get('b', { ReturnConsumedCapacity: 'TOTAL' }),
      get('c', { AttributesToGet: [] }),
      get('d', { ConsistentRead: Buffer.from('"yes"') }),
      get('e'),
    ])
    t.same(operations(), Array(5).fill('GetItem'))
  })

  t.test('of more than 100 keys share several calls', async (t) => {
    const { get, fake } = await start(t)
    await Promise.all(Array.from({ length: 205 }, (_, n) => get(`item ${n}`)))
    t.same(
      fake.requests.map((request) => asked(request).keys.length),
      [100, 100, 5],
    )
  })

  t.test('of one key share its entry', async (t) => {
    const { get, fake } = await start(t)
    const answers = await Promise.all(Array.from({ length: 250 }, () => get('a')))
    t.same(new Set(answers), new Set([answerOf('a')]))
    t.same(
      fake.requests.map((request) => asked(request).keys.length),
      [1],
    )
  })

  t.test('ask for as many items as make half a megabyte, and for the largest ones alone', async (t) => {
    const large = (id: string, bytes: number): [string, Item] => [
      id,
      { id: { S: id }, v: { S: 'x'.repeat(bytes) } },
    ]
    const ids = ['a', ...Array.from({ length: 59 }, (_, n) => `item ${n}`)]
    const items = new Map(ids.map((id) => large(id, 10_000)))
    const { get, fake, operations } = await start(t, {}, items)
    await Promise.all(ids.map((id) => get(id)))
    t.same(
      fake.requests.map((request) => asked(request).keys.length),
      [52, 8],
    )
    for (const id of ids) items.set(...large(id, 100_000))
    for (let time = 0; time < 10; time++) await get('a')
    fake.requests.length = 0
    await Promise.all(ids.map((id) => get(id)))
    t.same(operations(), Array(60).fill('GetItem'))
  })
})

t.test('a strongly consistent read never joins a call that began before it arrived', async (t) => {
  const { get, behaviors, fake } = await start(t)
  const consistent = { ConsistentRead: true }
  const held: (() => void)[] = []
  const { batch } = behaviors
  behaviors.batch = (received, response) => {
    // The items are read when the request arrives; the answer waits.
    if (held.length === 0)
      held.push(() => {
        answer(response, { Responses: { T: [item('a'), item('b')] } })
      })
    else batch(received, response)
  }
  const first = [get('a', consistent), get('b', consistent)]
  while (held.length === 0) await sleep(1)
  t.same(await Promise.all([get('a', consistent), get('b', consistent)]), [answerOf('a'), answerOf('b')])
  t.equal(fake.requests.length, 2)
  held[0]?.()
  await Promise.all(first)
})

t.test('a key that can be written in several ways', async (t) => {
  const json = (text: string) => Buffer.from(text)

  t.test('is matched with the item that DynamoDB returns', async (t) => {
    const { get, behaviors, fake } = await start(t)
    const returned = [
      { n: { N: '1' }, id: { S: 'ä/"' } },
      { id: { S: 'x' }, n: { N: '-0.015' } },
      { n: { N: '100' }, id: { S: '' } },
    ]
    behaviors.batch = (_received, response) => {
      answer(response, { Responses: { T: returned } })
    }
    const answers = await Promise.all([
      get(json(String.raw`{ "n" : {"N":"1.0"}, "\u0069d": {"S":"\u00e4\/\""} }`)),
      get(json('{"n":{"N":"-1.5E-2"},"id":{"S":"x"}}')),
      get(json('{"id":{"S":""},"n":{"N":"1e2"}}')),
      get(json('{"id":{"S":"none"},"n":{"N":"1e2"}}')),
    ])
    t.same(answers, [...returned.map((Item) => JSON.stringify({ Item })), '{}'])
    t.equal(fake.requests.length, 1)
  })

  t.test('is asked for by itself if it is there in another way', async (t) => {
    const { get, fake, operations, behaviors } = await start(t)
    behaviors.batch = (_received, response) => {
      answer(response, { Responses: { T: [{ id: { N: '1' } }] } })
    }
    behaviors.get = (_received, response) => {
      answer(response, { Item: { id: { N: '1' } } })
    }
    const answers = await Promise.all(['1', '1.0', '2', '1'].map((N) => get(json(`{"id":{"N":"${N}"}}`))))
    const one = '{"Item":{"id":{"N":"1"}}}'
    t.same(answers, [one, one, '{}', one])
    t.same(operations().toSorted(), ['BatchGetItem', 'GetItem'])
    t.match(fake.requests.find(({ operation }) => operation === 'GetItem')?.text, '{"id":{"N":"1.0"}}')
  })

  t.test('that is no number is not taken for 0', async (t) => {
    const { get, behaviors, operations } = await start(t)
    behaviors.batch = (_received, response) => {
      answer(response, { Responses: { T: [{ id: { N: '0' } }] } })
    }
    behaviors.get = ({ text }, response) => {
      if (text.includes('none')) refuse(response, 400, 'ValidationException')
      else answer(response, { Item: { id: { N: '0' } } })
    }
    const calls = ['0', 'none', '0'].map((N) => get(json(`{"id":{"N":"${N}"}}`)))
    t.equal((await failure(calls[1] ?? Promise.resolve())).name, 'ValidationException')
    const zero = '{"Item":{"id":{"N":"0"}}}'
    t.same(await Promise.all([calls[0], calls[2]]), [zero, zero])
    t.same(operations().toSorted(), ['BatchGetItem', 'GetItem'])
  })

  t.test('with other names or types fails no others', async (t) => {
    const { get, operations } = await start(t)
    const others = ['{"key":{"S":"a"}}', '{"id":{"N":"1"}}', '{"id":{"S":"a"},"n":{"N":"1"}}', '{}']
    const strange = [
      '{"id":{"BOOL":true}}',
      '{"id":"a"}',
      '[]',
      '{"a":{"S":"a"},"b":{"S":"b"},"c":{"S":"c"}}',
    ]
    const calls = [...others, ...strange].map((key) => get(json(key)))
    t.same(await Promise.all([get('a'), get('b')]), [answerOf('a'), answerOf('b')])
    await Promise.allSettled(calls)
    t.same(operations().toSorted(), ['BatchGetItem', ...Array<string>(8).fill('GetItem')])
  })
})

t.test('after a shared call has failed', async (t) => {
  const failures: [name: string, batch: Behave][] = [
    [
      'a bad key',
      (_received, response) => {
        refuse(response, 400, 'ValidationException')
      },
    ],
    [
      'no table',
      (_received, response) => {
        refuse(response, 400, 'ResourceNotFoundException')
      },
    ],
    [
      'throttling',
      (_received, response) => {
        refuse(response, 400, 'ProvisionedThroughputExceededException')
      },
    ],
    [
      'an error of DynamoDB',
      (_received, response) => {
        refuse(response, 500, 'InternalServerError')
      },
    ],
    ['a lost connection', (_received, response) => response.socket?.resetAndDestroy()],
    ['no answer', () => undefined],
    [
      'a wrong checksum',
      (_received, response) => {
        answer(response, '{}', { 'x-amz-crc32': '1' })
      },
    ],
    ['a response that is too large', (_received, response) => response.writeHead(413).end()],
    [
      'no JSON',
      (_received, response) => {
        answer(response, '{"Responses":{"T":[{]}}')
      },
    ],
    [
      'no list',
      (_received, response) => {
        answer(response, '{"Responses":{"T":{}}}')
      },
    ],
    [
      'no items of the table',
      (_received, response) => {
        answer(response, '{"Responses":{}}')
      },
    ],
    [
      'an item that was not asked for',
      (_received, response) => {
        answer(response, { Responses: { T: [item('a'), item('x')] } })
      },
    ],
    [
      'an item without its key',
      (_received, response) => {
        answer(response, { Responses: { T: [item('a'), { v: { S: 'b' } }] } })
      },
    ],
    [
      'an item twice',
      (_received, response) => {
        answer(response, { Responses: { T: [item('a'), item('a')] } })
      },
    ],
    [
      'items of another table',
      (_received, response) => {
        answer(response, { Responses: { U: [item('a'), item('b')] } })
      },
    ],
    [
      'a key both answered and unprocessed',
      (_received, response) => {
        const UnprocessedKeys = { T: { Keys: [{ id: { S: 'a' } }] } }
        answer(response, { Responses: { T: [item('a'), item('b')] }, UnprocessedKeys })
      },
    ],
    [
      'an unprocessed key that was not asked for',
      (_received, response) => {
        const UnprocessedKeys = { T: { Keys: [{ id: { S: 'x' } }] } }
        answer(response, { Responses: { T: [item('a')] }, UnprocessedKeys })
      },
    ],
  ]
  for (const [name, batch] of failures) {
    t.test(`for ${name}, its gets are sent by themselves, and so are later ones`, async (t) => {
      const { get, storage, behaviors, operations } = await start(t, { attemptTimeoutMs: 200 * PATIENCE })
      behaviors.batch = batch
      const { observer, told } = watch()
      storage.subscribe(observer, false)
      t.same(await Promise.all([get('a'), get('b'), get('nobody')]), [answerOf('a'), answerOf('b'), '{}'])
      t.same(operations(), ['BatchGetItem', 'GetItem', 'GetItem', 'GetItem'])
      t.match(
        told.filter(([event]) => event === 'sharingFailed'),
        [['sharingFailed', { table: 'T', reads: 3, pauseMs: 5000 }]],
      )
      await Promise.all([get('a'), get('b')])
      t.same(operations().slice(4), ['GetItem', 'GetItem'])
      t.equal(storage.retryBudget('throttling'), 1000)
      t.equal(storage.retryBudget('transient'), 1000)
    })
  }

  t.test('for a missing permission, gets share no call for minutes', async (t) => {
    const { get, storage, behaviors, operations } = await start(t)
    behaviors.batch = (_received, response) => {
      refuse(response, 400, 'AccessDeniedException')
    }
    const { observer, told } = watch()
    storage.subscribe(observer, false)
    t.same(await Promise.all([get('a'), get('b')]), [answerOf('a'), answerOf('b')])
    t.same(operations(), ['BatchGetItem', 'GetItem', 'GetItem'])
    t.match(
      told.filter(([event]) => event === 'sharingFailed'),
      [['sharingFailed', { failure: { kind: 'access_denied' }, pauseMs: 300_000 }]],
    )
  })

  t.test('each get has an error, retries and an outcome of its own', async (t) => {
    const { get, behaviors, operations } = await start(t, { maxAttempts: 3 })
    behaviors.batch = (_received, response) => {
      refuse(response, 400, 'ValidationException', 'of the batch')
    }
    const { get: usual } = behaviors
    behaviors.get = (received, response) => {
      if (received.text.includes('"b"')) refuse(response, 400, 'ValidationException', 'of the get')
      else if (received.text.includes('"c"')) refuse(response, 500, 'InternalServerError')
      else usual(received, response)
    }
    const [a, b, c] = ['a', 'b', 'c'].map((id) => get(id))
    const errors = await Promise.all([failure(b ?? Promise.resolve()), failure(c ?? Promise.resolve())])
    t.equal(await a, answerOf('a'))
    t.match(errors, [
      { name: 'ValidationException', message: 'of the get', operation: 'GetItem', attempts: 1 },
      { name: 'InternalServerError', attempts: 3 },
    ])
    t.equal(operations().length, 1 + 1 + 1 + 3)
  })

  t.test('for lack of credentials, each get says so, and no attempt is told', async (t) => {
    const { fake } = await start(t)
    const connection = await connectionTo(fake.endpoint)
    const first = { ...(await connection.credentials()), expiration: new Date(Date.now() + 60_000) }
    const provided = [first]
    const credentials = async () => {
      const [next] = provided.splice(0)
      if (next === undefined) throw new Error('none')
      return next
    }
    const storage = new Storage({ ...connection, credentials }, testConfig({ mergeReads: true }))
    t.teardown(() => storage.close())
    const get = (id: string) => storage.send('GetItem', { TableName: 'T', Key: { id: { S: id } } }, soon())
    await get('a')
    const { observer, told } = watch()
    storage.subscribe(observer, false)
    const errors = await Promise.all([failure(get('a')), failure(get('b'))])
    t.match(errors, Array(2).fill({ kind: 'no_credentials', attempts: 0 }))
    t.match(told, [['sharingFailed', { failure: { kind: 'no_credentials' } }]])
  })
})

t.test('unprocessed keys are sent by themselves', async (t) => {
  const { get, behaviors, storage, operations } = await start(t)
  behaviors.batch = (_received, response) => {
    const UnprocessedKeys = { T: { Keys: [{ id: { S: 'b' } }, { id: { S: 'nobody' } }] } }
    answer(response, { Responses: { T: [item('a')] }, UnprocessedKeys })
  }
  const { observer, told } = watch()
  storage.subscribe(observer, false)
  const answers = ['a', 'b', 'nobody', 'c'].map((id) => get(id))
  t.same(await Promise.all(answers), [answerOf('a'), answerOf('b'), '{}', '{}'])
  t.same(operations(), ['BatchGetItem', 'GetItem', 'GetItem'])
  t.match(
    told.filter(([event]) => event === 'readsShared'),
    [['readsShared', { table: 'T', answered: 2, unprocessed: 2 }]],
  )
  behaviors.batch = (_received, response) => {
    const UnprocessedKeys = { T: { Keys: [{ id: { S: 'b' } }, { id: { S: 'a' } }] } }
    answer(response, { Responses: {}, UnprocessedKeys })
  }
  t.same(await Promise.all([get('a'), get('b')]), [answerOf('a'), answerOf('b')], 'all unprocessed')
  t.equal(operations().filter((operation) => operation === 'BatchGetItem').length, 2)
})

t.test('a caller that hangs up', async (t) => {
  t.test('leaves only its place', async (t) => {
    const { get, behaviors, fake } = await start(t)
    const { batch } = behaviors
    const release: (() => void)[] = []
    behaviors.batch = (received, response) => {
      release.push(() => {
        batch(received, response)
      })
    }
    const signal = new Cancellation()
    const { observer, told } = watch()
    const gone = failure(get('a', {}, { ...soon(), signal, observer }))
    const others = [get('b'), get('a')]
    while (release.length === 0) await sleep(1)
    signal.abort()
    t.match(await gone, { kind: 'canceled', operation: 'GetItem', attempts: 1 })
    t.match(told, [['attemptEnded', { operation: 'GetItem', result: { kind: 'canceled' } }]])
    release[0]?.()
    t.same(await Promise.all(others), [answerOf('b'), answerOf('a')])
    t.equal(fake.requests.length, 1)
  })

  t.test('before its call has begun is not asked for', async (t) => {
    const { get, fake } = await start(t)
    const signal = new Cancellation()
    const gone = failure(get('a', {}, { ...soon(), signal }))
    const others = [get('b'), get('c')]
    signal.abort()
    t.match(await gone, { kind: 'canceled', attempts: 0 })
    await Promise.all(others)
    t.match(
      fake.requests.map((request) => asked(request).keys),
      [[{ id: { S: 'b' } }, { id: { S: 'c' } }]],
    )
    const canceled = await failure(get('a', {}, { ...soon(), signal }))
    t.match(canceled, { kind: 'canceled', attempts: 0 })
  })

  t.test('as the last one aborts the call, and merging goes on', async (t) => {
    const { get, behaviors, fake, operations } = await start(t)
    const { batch } = behaviors
    behaviors.batch = () => undefined
    const signal = new Cancellation()
    const gone = ['a', 'b', 'a'].map((id) => failure(get(id, {}, { ...soon(), signal })))
    while (fake.requests.length === 0) await sleep(1)
    signal.abort()
    t.match(await Promise.all(gone), Array(3).fill({ kind: 'canceled' }))
    while (fake.requests[0]?.ended === undefined) await sleep(1)
    t.pass('the connection is closed')
    behaviors.batch = batch
    await Promise.all([get('a'), get('b')])
    t.same(operations(), ['BatchGetItem', 'BatchGetItem'])
  })
})

t.test('a get whose time is up leaves the others', async (t) => {
  const { get, behaviors } = await start(t)
  const { batch } = behaviors
  const release: (() => void)[] = []
  behaviors.batch = (received, response) => {
    release.push(() => {
      batch(received, response)
    })
  }
  const late = failure(get('a', {}, { deadline: performance.now() + 100 * PATIENCE }))
  const others = [get('b'), get('c')]
  t.match(await late, { kind: 'timeout', name: 'TimeoutError', operation: 'GetItem', attempts: 1 })
  release[0]?.()
  t.same(await Promise.all(others), [answerOf('b'), answerOf('c')])
})

t.test('each get is observed as a GetItem', async (t) => {
  const { get, behaviors } = await start(t)
  const [first, second] = [watch(), watch()]
  await Promise.all([
    get('a', {}, { ...soon(), observer: first.observer }),
    get('nobody', {}, { ...soon(), observer: second.observer }),
  ])
  const ended = { operation: 'GetItem', table: 'T', index: undefined }
  t.match(first.told, [['attemptEnded', { ...ended, result: { whole: Buffer.from(answerOf('a')) } }]])
  t.match(second.told, [['attemptEnded', { ...ended, result: { whole: Buffer.from('{}') } }]])

  behaviors.batch = (_received, response) => {
    refuse(response, 500, 'InternalServerError')
  }
  const [third, fourth] = [watch(), watch()]
  await Promise.all([
    get('a', {}, { ...soon(), observer: third.observer }),
    get('b', {}, { ...soon(), observer: fourth.observer }),
  ])
  for (const { told } of [third, fourth]) {
    t.match(told, [
      ['attemptEnded', { ...ended, result: { name: 'InternalServerError' } }],
      ['attemptEnded', { ...ended, result: Pieces }],
    ])
  }
})

t.test('the capacity of a shared call is counted once, and no caller is told', async (t) => {
  const { get, storage, behaviors, fake } = await start(t)
  const { observer, told } = watch()
  storage.subscribe(observer, true)
  behaviors.batch = (_received, response) => {
    const ConsumedCapacity = [{ TableName: 'T', CapacityUnits: 7.5 }]
    answer(response, { Responses: { T: [item('b'), item('a')] }, ConsumedCapacity })
  }
  t.same(await Promise.all([get('a'), get('b'), get('a')]), [answerOf('a'), answerOf('b'), answerOf('a')])
  t.match(fake.requests[0]?.body, { ReturnConsumedCapacity: 'TOTAL' })
  t.same(
    told.filter(([name]) => name === 'capacityConsumed'),
    [['capacityConsumed', { operation: 'GetItem', table: 'T', kind: 'read', units: 7.5 }]],
  )
})
