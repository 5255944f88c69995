/** The ready-made TypeScript client, against the service and DynamoDB Local, and against a server with faults. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import {
  ConditionFailedError,
  ConnectionError,
  createClient,
  InvalidRequestError,
  NotFoundError,
  StorageError,
  ThrottledError,
  TimeoutError,
  TransactionCanceledError,
  UnauthenticatedError,
  UnavailableError,
} from '../../clients/typescript/src/index.js'
import { createKey } from '../../src/access/api-keys.js'
import { createTable, needsDynamoDB, startService } from '../helpers/service.js'

const DIGITS = '12345678901234567890.12'

/** The error that a promise is rejected with. */
async function errorFrom(promise: Promise<unknown>): Promise<StorageError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
  throw new Error('there was no error')
}

/** A server that answers the n-th request as the n-th behavior does, and all others as the last one does. */
async function startServer(
  t: Test,
  ...behaviors: readonly ((response: ServerResponse, request: IncomingMessage) => void)[]
) {
  const requests: {
    readonly url: string
    readonly headers: IncomingMessage['headers']
    readonly text: string
  }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const number = requests.push({ url: request.url ?? '', headers: request.headers, text })
      behaviors[Math.min(number, behaviors.length) - 1]?.(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const retries = { retries: 2, baseDelayMs: 1 }
  return {
    requests,
    client: createClient({ baseUrl: `http://127.0.0.1:${port}/`, apiKey: 'the-secret', retries }),
  }
}

const json = (body: object) => (response: ServerResponse) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
}

const problem =
  (status: number, members: object, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/problem+json', ...headers })
    response.end(
      JSON.stringify({
        detail: 'It is so.',
        requestId: 'r1',
        retryable: true,
        maybeApplied: false,
        ...members,
      }),
    )
  }

const lose = (response: ServerResponse) => {
  response.destroy()
}

t.test('in front of DynamoDB Local', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true })
  const client = createClient({ baseUrl: service.url })
  const typed = createClient({ baseUrl: service.url, representation: 'typed' })

  t.test('writes and reads documents', async (t) => {
    const item = { id: 'a', n: 1, tags: { $stringSet: ['x'] } }
    t.same(await client.putItem(table, { item }), {})
    t.same((await client.getItem(table, { key: { id: 'a', n: 1 } })).item, item)
    let etag = ''
    const read = await client.readItemWithSortKey(table, 'a', '1', {
      consistentRead: true,
      projection: 'tags',
      onAnswer: ({ status, headers }) => {
        t.equal(status, 200)
        etag = headers.get('etag') ?? ''
      },
    })
    t.same(read, { tags: item.tags })
    const again = { projection: 'tags', ifNoneMatch: etag }
    t.equal(await client.readItemWithSortKey(table, 'a', '1', again), undefined, '304 has no body')
    await client.writeItemWithSortKey(table, 'ä/ö', '2', { x: 1 })
    t.same((await client.getItem(table, { key: { id: 'ä/ö', n: 2 } })).item, { id: 'ä/ö', n: 2, x: 1 })
    t.same(await client.importItems(table, '{"id":"i","n":1}\n{"id":"i","n":2}\n'), { written: 2 })
    await t.rejects(client.readItemWithSortKey(table, '..', '1'), TypeError)
  })

  t.test('typed items keep every digit', async (t) => {
    const key = { id: { S: 't' }, n: { N: '1' } }
    await typed.putItem(table, { item: { ...key, amount: { N: DIGITS } } })
    t.equal((await typed.getItem(table, { key })).item['amount']?.N, DIGITS)
    const { items = [] } = await typed.query(table, {
      keyConditionExpression: 'id = :id',
      expressionAttributeValues: { ':id': { S: 't' } },
    })
    t.equal(items[0]?.['amount']?.N, DIGITS)
  })

  t.test('iterators see every item of every page once', async (t) => {
    const pages = await createTable(t, service, { sortKey: true })
    const lines = Array.from({ length: 25 }, (_, n) => `{"id":"p","n":${n}}\n`)
    await client.importItems(pages, lines.join(''))
    const numbers = lines.map((_, n) => n)
    const body = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'p' } }

    const queried: unknown[] = []
    for await (const { n } of client.queryItems(pages, { ...body, limit: 7 })) queried.push(n)
    t.same(queried, numbers)
    const later: unknown[] = []
    const exclusiveStartKey = { id: 'p', n: 4 }
    for await (const { n } of client.queryItems(pages, { ...body, limit: 7, exclusiveStartKey }))
      later.push(n)
    t.same(later, numbers.slice(5))

    const counts: number[] = []
    for await (const { count } of client.scanPages(pages, { itemLimit: 10 })) counts.push(count)
    t.same(counts, [10, 10, 5])
    const listed: unknown[] = []
    for await (const item of typed.listAllItems(pages, { limit: 10 })) listed.push(item['n']?.N)
    t.same(listed, numbers.map(String))
    let etag = ''
    const onAnswer = ({ headers }: { readonly headers: Headers }) => (etag = headers.get('etag') ?? '')
    for await (const page of client.listItemsPages(pages, { limit: 25, onAnswer })) t.equal(page.count, 25)
    for await (const page of client.listItemsPages(pages, { limit: 25, ifNoneMatch: etag }))
      t.fail(String(page.count))
  })

  t.test('each family of errors has a class', async (t) => {
    const missing = await errorFrom(client.getItem(table, { key: { id: 'none', n: 1 } }))
    t.ok(missing instanceof NotFoundError)
    t.match(missing, { code: 'ItemNotFound', status: 404, retryable: false, maybeApplied: false })
    t.match(missing.requestId, /./)
    t.ok((await errorFrom(client.describeTable('NoSuchTable'))) instanceof NotFoundError)
    t.ok((await errorFrom(client.getItem(table, { key: { id: 1 } }))) instanceof InvalidRequestError)
    const item = { id: 'a', n: 1 }
    const failed = await errorFrom(
      client.putItem(table, {
        item,
        conditionExpression: 'attribute_not_exists(id)',
        returnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    )
    t.ok(failed instanceof ConditionFailedError)
    t.match(failed.problem?.item, { id: 'a' })
    const canceled = await errorFrom(
      client.transactWriteItems(
        {
          transactItems: [
            {
              conditionCheck: {
                tableName: table,
                key: item,
                conditionExpression: 'attribute_not_exists(id)',
              },
            },
          ],
        },
        { idempotencyKey: `check-${table}` },
      ),
    )
    t.ok(canceled instanceof TransactionCanceledError)
    t.same(
      canceled.problem?.cancellationReasons?.map(({ code }) => code),
      ['ConditionalCheckFailed'],
    )
  })

  t.test('an API key or a token is sent, and is in no error', async (t) => {
    const { key, entry } = createKey('client')
    const policy = {
      roles: { operator: [{ tables: ['*'], actions: ['read', 'admin'] }] },
      keys: [{ ...entry, roles: ['operator'] }],
    }
    const { url: baseUrl } = await startService(t, {}, undefined, policy)
    t.type((await createClient({ baseUrl, apiKey: key }).listTables()).tableNames, Array)
    t.type((await createClient({ baseUrl, token: async () => key }).listTables()).tableNames, Array)
    const secret = 'dss_a-wrong-secret'
    for (const client of [
      createClient({ baseUrl, apiKey: secret }),
      createClient({ baseUrl, token: secret }),
    ]) {
      const error = await errorFrom(client.listTables())
      t.ok(error instanceof UnauthenticatedError)
      t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), secret)
    }
    t.throws(() => createClient({ baseUrl, apiKey: key, token: key }), TypeError)
    t.throws(() => createClient({ baseUrl: 'ftp://x' }), TypeError)
    t.throws(() => createClient({ baseUrl: 'http://user@x' }), TypeError)
  })
})

t.test('retries', async (t) => {
  t.test('what is retryable and was not applied, at least as late as the service asks for', async (t) => {
    const overloaded = problem(503, { code: 'ServiceUnavailable' }, { 'retry-after': '1' })
    const { client, requests } = await startServer(t, overloaded, json({}))
    const start = performance.now()
    t.same(await client.putItem('T', { item: { id: 'a' } }), {})
    t.equal(requests.length, 2)
    t.ok(performance.now() - start >= 990)
    t.equal(requests[1]?.text, requests[0]?.text)
    t.equal(requests[1]?.headers['x-api-key'], 'the-secret')
  })

  t.test('at most as often as allowed, and with no longer wait', async (t) => {
    const throttled = await startServer(t, problem(429, { code: 'ThrottlingException' }))
    const error = await errorFrom(throttled.client.getItem('T', { key: { id: 'a' } }))
    t.ok(error instanceof ThrottledError)
    t.equal(error.message, 'ThrottlingException It is so. (r1)')
    t.equal(throttled.requests.length, 3)
    const slow = await startServer(t, problem(429, { code: 'TooManyRequests' }, { 'retry-after': '60' }))
    t.equal((await errorFrom(slow.client.listTables())).retryAfterMs, 60_000)
    t.equal(slow.requests.length, 1)
  })

  t.test('no write that may have been applied, unless it has an idempotency key', async (t) => {
    const timedOut = problem(504, { code: 'UpstreamTimeout', maybeApplied: true })
    for (const fault of [timedOut, lose]) {
      const once = await startServer(t, fault, json({}))
      const error = await errorFrom(once.client.putItem('T', { item: { id: 'a' } }))
      t.ok(error instanceof UnavailableError)
      t.ok(error.maybeApplied)
      t.equal(once.requests.length, 1)

      const keyed = await startServer(t, fault, json({}))
      await keyed.client.updateItem('T', { key: { id: 'a' } }, { idempotencyKey: 'k1' })
      t.same(
        keyed.requests.map(({ headers }) => headers['idempotency-key']),
        ['k1', 'k1'],
      )

      const read = await startServer(t, fault, json({ item: {} }))
      t.same(await read.client.getItem('T', { key: { id: 'a' } }), { item: {} })
      t.equal(read.requests.length, 2)
    }
  })

  t.test('no body that can be read only once', async (t) => {
    const { client, requests } = await startServer(t, problem(503, { code: 'ServiceUnavailable' }))
    const lines = new Blob(['{"id":"a"}\n']).stream()
    t.ok((await errorFrom(client.importItems('T', lines))) instanceof UnavailableError)
    t.same(
      requests.map(({ text }) => text),
      ['{"id":"a"}\n'],
    )
    t.equal(requests[0]?.headers['content-type'], 'application/x-ndjson')
  })
})

t.test('an answer that does not come in time, and a call that is canceled', async (t) => {
  const { client, requests } = await startServer(t, () => undefined)
  const error = await errorFrom(client.putItem('T', { item: {} }, { timeoutMs: 50 }))
  t.ok(error instanceof TimeoutError && error.maybeApplied)
  const reason = new Error('not needed any more')
  await t.rejects(client.listTables({ signal: AbortSignal.abort(reason) }), reason)
  const stop = new AbortController()
  setTimeout(() => {
    stop.abort(reason)
  }, 50)
  await t.rejects(client.listTables({ signal: stop.signal }), reason)
  t.equal(requests.length, 2)

  const waits = await startServer(t, problem(503, { code: 'ServiceUnavailable' }, { 'retry-after': '4' }))
  const during = AbortSignal.timeout(100)
  await t.rejects(waits.client.listTables({ signal: during }), { name: 'TimeoutError' })
})

t.test('answers that are not of the service', async (t) => {
  const proxy = await startServer(t, (response) => response.writeHead(502).end('<html>'))
  const error = await errorFrom(proxy.client.putItem('T', { item: {} }))
  t.match(error, { status: 502, code: undefined, retryable: true, maybeApplied: true })
  t.equal(proxy.requests.length, 1)
  const broken = await startServer(t, (response) => {
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end('{')
  })
  t.ok((await errorFrom(broken.client.listTables())) instanceof InvalidRequestError)
  const moved = await startServer(t, (response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  )
  t.ok((await errorFrom(moved.client.putItem('T', { item: {} }))) instanceof ConnectionError, 'no redirect')
})
