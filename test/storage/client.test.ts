/** One call of DynamoDB: the request, the sockets, the attempts, and the outcome of each kind of failure. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { version } from '../../src/package-root.js'
import { StorageError } from '../../src/storage/errors.js'
import { Storage } from '../../src/storage/client.js'
import { signedAt } from '../helpers/faulty-proxy.js'
import { connectionTo, testConfig } from '../helpers/service.js'
import { answer, type Behavior, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { scaled } from '../helpers/machine-speed.js'
import { PATIENCE } from '../helpers/within.js'

const REQUEST = { TableName: 'T', Key: { id: { S: 'a' } } }
const soon = (ms = scaled(10_000)) => ({ deadline: performance.now() + ms })

async function start(t: Test, behave: Behavior, settings: Parameters<typeof testConfig>[0] = {}) {
  const standIn = await startFakeDynamoDB(t, behave)
  const storage = new Storage(await connectionTo(standIn.endpoint), testConfig(settings))
  t.teardown(() => storage.close())
  return { standIn, storage }
}

/** The error that a call ends with. */
async function failure(call: Promise<unknown>): Promise<StorageError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StorageError)) throw new Error(`no StorageError but ${String(error)}`)
  return error
}

t.test('a call', async (t) => {
  t.test('is a signed POST with the headers of DynamoDB’s protocol', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, '{"Item":{}}')
    })
    t.equal(String(await storage.send('GetItem', REQUEST, soon())), '{"Item":{}}')
    const [arrived] = standIn.requests
    t.equal(arrived?.text, '{"TableName":"T","Key":{"id":{"S":"a"}}}')
    t.match(arrived?.headers, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amz-date': /^\d{8}T\d{6}Z$/,
      'user-agent': `dynamodb-storage-service/${version}`,
      authorization:
        /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=[\w;-]*host[\w;-]*, Signature=[0-9a-f]{64}$/,
    })
  })

  t.test('shares at most maxConnections keep-alive sockets with all other calls', async (t) => {
    const { standIn, storage } = await start(
      t,
      (_arrived, response) =>
        setTimeout(() => {
          answer(response, {})
        }, 5),
      { maxConnections: 3 },
    )
    await Promise.all(Array.from({ length: 30 }, () => storage.send('GetItem', REQUEST, soon())))
    t.equal(standIn.requests.length, 30)
    t.equal(standIn.sockets.size, 3)
    await storage.send('GetItem', REQUEST, soon())
    t.equal(standIn.sockets.size, 3, 'kept alive')
  })

  const passing: [name: string, behave: Behavior][] = [
    [
      '500',
      (_arrived, response) => {
        refuse(response, 500, 'InternalServerError')
      },
    ],
    ['503 without a body', (_arrived, response) => response.writeHead(503).end()],
    [
      'throttling',
      (_arrived, response) => {
        refuse(response, 400, 'ProvisionedThroughputExceededException')
      },
    ],
    [
      'a conflict',
      (_arrived, response) => {
        refuse(response, 400, 'TransactionConflictException')
      },
    ],
    ['a reset connection', (_arrived, response) => response.socket?.resetAndDestroy()],
    [
      'half an answer',
      (_arrived, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"Item":', () => response.socket?.destroy())
      },
    ],
    [
      'a wrong checksum',
      (_arrived, response) => {
        answer(response, '{}', { 'x-amz-crc32': '1' })
      },
    ],
    ['no answer in time', () => undefined],
  ]
  for (const [name, misbehave] of passing) {
    t.test(`is retried after ${name}`, async (t) => {
      const { standIn, storage } = await start(
        t,
        (arrived, response, number) => {
          if (number <= 2) misbehave(arrived, response, number)
          else answer(response, '{"done":true}')
        },
        { attemptTimeoutMs: 200 * PATIENCE },
      )
      t.equal(String(await storage.send('PutItem', REQUEST, soon())), '{"done":true}')
      t.equal(standIn.requests.length, 3)
    })
  }

  t.test('makes at most 5 attempts', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      refuse(response, 500, 'InternalServerError', 'sorry')
    })
    const error = await failure(storage.send('PutItem', REQUEST, soon()))
    t.match(error, { name: 'InternalServerError', message: 'sorry', attempts: 5, maybeApplied: true })
    t.equal(error.requestId, 'STANDIN')
    t.equal(standIn.requests.length, 5)
    t.equal(new Set(standIn.requests.map(({ text }) => text)).size, 1)
  })

  t.test('is not retried after an error that would only repeat', async (t) => {
    for (const name of ['ValidationException', 'ConditionalCheckFailedException', 'AccessDeniedException']) {
      const { standIn, storage } = await start(t, (_arrived, response) => {
        refuse(response, 400, name)
      })
      const error = await failure(storage.send('PutItem', REQUEST, soon()))
      t.match(error, { name, attempts: 1, maybeApplied: false })
      t.equal(standIn.requests.length, 1)
    }
  })

  t.test('with a canceled transaction is retried only if all reasons may pass', async (t) => {
    const canceled = (...codes: string[]) => ({
      members: { CancellationReasons: codes.map((Code) => ({ Code })) },
    })
    const cases: [codes: string[], attempts: number][] = [
      [['None', 'TransactionConflict'], 5],
      [['ThrottlingError', 'ProvisionedThroughputExceeded'], 5],
      [['TransactionConflict', 'ConditionalCheckFailed'], 1],
      [['None'], 1],
      [[], 1],
    ]
    for (const [codes, attempts] of cases) {
      const { storage } = await start(t, (_arrived, response) => {
        refuse(response, 400, 'TransactionCanceledException', 'cancelled', canceled(...codes))
      })
      t.equal(
        (await failure(storage.send('TransactWriteItems', {}, soon()))).attempts,
        attempts,
        codes.join(),
      )
    }
    const { storage } = await start(t, (_arrived, response) => {
      refuse(response, 400, 'TransactionCanceledException')
    })
    t.equal((await failure(storage.send('TransactWriteItems', {}, soon()))).attempts, 1)
  })

  t.test('reports that an earlier attempt may have been applied', async (t) => {
    const { storage } = await start(t, (_arrived, response, number) => {
      if (number === 1) response.socket?.destroy()
      else refuse(response, 400, 'ConditionalCheckFailedException')
    })
    const error = await failure(storage.send('PutItem', REQUEST, soon()))
    t.match(error, { name: 'ConditionalCheckFailedException', attempts: 2, earlierMaybeApplied: true })
  })

  t.test('that is a read never reports that it may have been applied', async (t) => {
    const { storage } = await start(t, (_arrived, response) => response.socket?.destroy(), { maxAttempts: 2 })
    const error = await failure(storage.send('GetItem', REQUEST, soon()))
    t.match(error, { name: 'NetworkError', attempts: 2, maybeApplied: false, earlierMaybeApplied: false })
  })

  t.test('that was never sent does not report that it may have been applied', async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const storage = new Storage(
      await connectionTo(`http://127.0.0.1:${port}`),
      testConfig({ maxAttempts: 2 }),
    )
    t.teardown(() => storage.close())
    const error = await failure(storage.send('PutItem', REQUEST, soon()))
    t.match(error, { name: 'NetworkError', attempts: 2, maybeApplied: false })
  })

  t.test('waits as long as Retry-After says, or fails at once if that is too long', async (t) => {
    const wait = (value: string, name = 'retry-after') =>
      start(
        t,
        (_arrived, response, number) => {
          if (number === 1)
            refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { [name]: value } })
          else answer(response, {})
        },
        { baseDelayMs: 0, maxDelayMs: 2000 },
      )
    for (const [name, value, ms] of [
      ['retry-after', '1', 1000],
      ['x-amz-retry-after', '300', 300],
    ] as const) {
      const { standIn, storage } = await wait(value, name)
      await storage.send('GetItem', REQUEST, soon())
      const [first, second] = standIn.requests
      t.ok((second?.at ?? 0) - (first?.at ?? 0) >= ms - 1, name)
    }
    for (const value of ['3', new Date(Date.now() + 60_000).toUTCString()]) {
      const { storage } = await wait(value)
      const error = await failure(storage.send('GetItem', REQUEST, soon()))
      t.equal(error.attempts, 1)
      t.ok((error.retryAfterMs ?? 0) > 2000)
    }
    const { storage } = await wait('nonsense')
    t.equal(String(await storage.send('GetItem', REQUEST, soon())), '{}')
  })

  t.test('ends at its deadline while DynamoDB does not respond', async (t) => {
    const { storage } = await start(t, () => undefined)
    const began = performance.now()
    const error = await failure(storage.send('PutItem', REQUEST, soon(300)))
    t.match(error, { name: 'TimeoutError', attempts: 1, maybeApplied: true })
    t.ok(performance.now() - began < scaled(2000))
  })

  t.test('is not sent after its deadline', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      answer(response, {})
    })
    await storage.send('GetItem', REQUEST, soon())
    const error = await failure(storage.send('PutItem', REQUEST, soon(-1)))
    t.match(error, { name: 'TimeoutError', attempts: 0, maybeApplied: false })
    t.equal(standIn.requests.length, 1, 'although a socket is open')
  })

  t.test('fails at once instead of waiting beyond its deadline', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response) => {
      refuse(response, 503, 'ServiceUnavailable', 'later', { headers: { 'retry-after': '5' } })
    })
    const began = performance.now()
    t.equal((await failure(storage.send('GetItem', REQUEST, soon(3000)))).attempts, 1)
    t.ok(performance.now() - began < scaled(2000))
    t.equal(standIn.requests.length, 1)
  })

  t.test(
    'ends when its caller cancels it: before it is sent, in flight, and while it waits to retry',
    async (t) => {
      const { standIn, storage } = await start(
        t,
        (arrived, response) => {
          if (arrived.operation === 'PutItem') refuse(response, 500, 'InternalServerError')
        },
        { baseDelayMs: 20_000 },
      )
      const before = AbortSignal.abort()
      t.match(await failure(storage.send('GetItem', REQUEST, { ...soon(), signal: before })), {
        name: 'Canceled',
      })
      t.equal(standIn.requests.length, 0)

      const during = new AbortController()
      const inFlight = failure(storage.send('GetItem', REQUEST, { ...soon(), signal: during.signal }))
      while (standIn.requests.length === 0) await new Promise(setImmediate)
      during.abort()
      t.match(await inFlight, { name: 'Canceled', attempts: 1 })

      const waiting = new AbortController()
      const between = failure(
        storage.send('PutItem', REQUEST, { deadline: Infinity, signal: waiting.signal }),
      )
      while (standIn.requests.length === 1) await new Promise(setImmediate)
      setTimeout(() => {
        waiting.abort()
      }, 50)
      t.match(await between, { name: 'Canceled', attempts: 1, earlierMaybeApplied: true })
    },
  )

  t.test('that times out while queueing for a socket is never sent', async (t) => {
    const { standIn, storage } = await start(
      t,
      (_arrived, response) =>
        setTimeout(() => {
          answer(response, {})
        }, 400),
      { maxConnections: 1 },
    )
    const first = storage.send('GetItem', REQUEST, soon())
    while (standIn.requests.length === 0) await new Promise(setImmediate)
    const second = failure(storage.send('PutItem', REQUEST, soon(100)))
    t.match(await second, { name: 'TimeoutError', maybeApplied: false })
    await first
    await storage.send('GetItem', REQUEST, soon())
    t.same(
      standIn.requests.map(({ operation }) => operation),
      ['GetItem', 'GetItem'],
    )
  })

  t.test('does not count time spent queueing for a socket against its attempt timeout', async (t) => {
    const { standIn, storage } = await start(
      t,
      (_arrived, response, number) => {
        // The third queues longer than an attempt may take, and gets no response to its first attempt.
        if (number === 3) return
        setTimeout(
          () => {
            answer(response, {})
          },
          // The time that is left of an attempt is what the machine may stall.
          number < 3 ? 600 * PATIENCE : 0,
        )
      },
      { maxConnections: 1, attemptTimeoutMs: 1000 * PATIENCE },
    )
    const began = performance.now()
    await Promise.all([1, 2, 3].map(() => storage.send('GetItem', REQUEST, soon())))
    t.ok(performance.now() - began < scaled(6000))
    t.equal(standIn.requests.length, 4)
  })

  t.test('is signed with new credentials after ExpiredTokenException', async (t) => {
    const standIn = await startFakeDynamoDB(t, (_arrived, response, number) => {
      if (number === 1) refuse(response, 400, 'ExpiredTokenException')
      else answer(response, {})
    })
    const connection = await connectionTo(standIn.endpoint)
    let renewed = 0
    const credentials = async (options?: { forceRefresh: boolean }) => {
      if (options?.forceRefresh === true) renewed++
      return { accessKeyId: `key${renewed}`, secretAccessKey: 'secret', sessionToken: `token${renewed}` }
    }
    const storage = new Storage({ ...connection, credentials }, testConfig())
    t.teardown(() => storage.close())
    await storage.send('PutItem', REQUEST, soon())
    t.same(
      standIn.requests.map(({ headers }) => headers['x-amz-security-token']),
      ['token0', 'token1'],
    )
  })

  t.test('is signed by DynamoDB’s clock after DynamoDB refused ours', async (t) => {
    const ahead = 20 * 60_000
    const { standIn, storage } = await start(t, (_arrived, response, number) => {
      const headers = { date: new Date(Date.now() + ahead).toUTCString() }
      if (number === 1) refuse(response, 400, 'InvalidSignatureException', 'Signature expired', { headers })
      else answer(response, {})
    })
    await storage.send('PutItem', REQUEST, soon())
    const [first, second] = standIn.requests.map(({ headers }) =>
      Date.parse(String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')),
    )
    t.ok(Math.abs((second ?? 0) - (first ?? 0) - ahead) < 60_000)
  })

  t.test('is signed by DynamoDB’s clock when many calls are refused at the same time', async (t) => {
    const ahead = 20 * 60_000
    const { storage } = await start(t, (arrived, response) => {
      const headers = { date: new Date(Date.now() + ahead).toUTCString() }
      if (Math.abs(signedAt(arrived) - Date.now() - ahead) < 60_000) answer(response, {})
      else refuse(response, 400, 'InvalidSignatureException', 'Signature expired', { headers })
    })
    const calls = Array.from({ length: 10 }, () => storage.send('PutItem', REQUEST, soon()))
    t.same((await Promise.all(calls)).map(String), Array<string>(10).fill('{}'))
  })

  t.test('is not retried if its signature is refused for another reason than the clock', async (t) => {
    const { storage } = await start(t, (_arrived, response) => {
      refuse(response, 400, 'InvalidSignatureException', 'wrong secret')
    })
    t.match(await failure(storage.send('PutItem', REQUEST, soon())), {
      name: 'InvalidSignatureException',
      attempts: 1,
    })
  })

  t.test('waits for credentials no longer than its timeout, deadline and cancellation allow', async (t) => {
    const connection = await connectionTo('http://127.0.0.1:1')
    const credentials = () => new Promise<never>(() => undefined)
    const storage = new Storage(
      { ...connection, credentials },
      testConfig({ attemptTimeoutMs: 50, maxAttempts: 2 }),
    )
    t.teardown(() => storage.close())
    const error = await failure(storage.send('PutItem', REQUEST, soon()))
    t.match(error, { name: 'TimeoutError', attempts: 2, maybeApplied: false, earlierMaybeApplied: false })
    t.match(await failure(storage.ping(50)), { name: 'TimeoutError' })
    const gone = AbortSignal.timeout(20)
    t.match(await failure(storage.send('GetItem', REQUEST, { ...soon(), signal: gone })), {
      name: 'Canceled',
    })
  })

  t.test('is not retried if DynamoDB finds it too large', async (t) => {
    const { storage } = await start(t, (_arrived, response) => response.writeHead(413).end('too large'))
    t.match(await failure(storage.send('PutItem', REQUEST, soon())), {
      name: 'RequestTooLarge',
      attempts: 1,
      maybeApplied: false,
    })
  })

  t.test('without credentials fails with CredentialsError and no attempt', async (t) => {
    const connection = await connectionTo('http://127.0.0.1:1')
    const credentials = () => Promise.reject(new Error('none found'))
    const storage = new Storage({ ...connection, credentials }, testConfig())
    t.teardown(() => storage.close())
    t.match(await failure(storage.send('PutItem', REQUEST, soon())), {
      kind: 'no_credentials',
      name: 'CredentialsError',
      message: 'there are no credentials to call DynamoDB with',
      cause: { message: 'none found' },
      attempts: 0,
      operation: 'PutItem',
    })
  })

  t.test('fails with MalformedAnswer if the response is not DynamoDB’s JSON', async (t) => {
    for (const [status, text] of [
      [200, 'hello'],
      [200, ''],
      [404, '<html>'],
      [400, '{"message":"no type"}'],
    ] as const) {
      const { storage } = await start(t, (_arrived, response) => response.writeHead(status).end(text))
      const error = await failure(storage.send('PutItem', REQUEST, soon()))
      t.match(error, { name: 'MalformedAnswer', attempts: 1, statusCode: status })
    }
  })
})

t.test('ping', async (t) => {
  t.test('succeeds if DynamoDB responds, even if listing tables is not permitted', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response, number) => {
      if (number === 1) answer(response, { TableNames: [] })
      else refuse(response, 400, 'AccessDeniedException')
    })
    await storage.ping(1000)
    await storage.ping(1000)
    t.same(
      standIn.requests.map(({ operation }) => operation),
      ['ListTables', 'ListTables'],
    )
  })

  t.test('makes one attempt with a short timeout', async (t) => {
    const { standIn, storage } = await start(t, (_arrived, response, number) => {
      if (number === 1) refuse(response, 500, 'InternalServerError')
    })
    t.match(await failure(storage.ping(100)), { name: 'InternalServerError' })
    t.match(await failure(storage.ping(100)), { name: 'TimeoutError' })
    t.equal(standIn.requests.length, 2)
  })
})
