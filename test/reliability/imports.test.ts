/** Imports while things go wrong: every line is written or listed, and the caller learns how far the import came. */
import { request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { answer, type ReceivedRequest, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { type FaultName, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { openSocket, readAll, statusesIn } from '../helpers/raw-http.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
} from '../helpers/service.js'
import { within } from '../helpers/within.js'

const long = 'x'.repeat(1000)
const DescribeTable = { Table: { TableName: 'T', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }

const importUrl = (service: Service) => `${service.url}/v1/tables/T/import`

/** Starts an import; `answered` resolves to the parsed response. */
function beginImport(t: Test, url: string, requestId = 'mine') {
  const upload = request(url, {
    method: 'POST',
    headers: { 'content-type': NDJSON, 'x-request-id': requestId },
  })
  t.teardown(() => upload.destroy())
  const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
    upload.once('error', reject)
    upload.once('response', (response) => {
      let text = ''
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => {
        resolve(JSON.parse(text) as Record<string, unknown>)
      })
    })
  })
  answered.catch(() => undefined)
  return { upload, answered }
}

const idsIn = ({ body }: ReceivedRequest) =>
  Object.values(body['RequestItems'] as Record<string, { PutRequest: { Item: { id: { S: string } } } }[]>)
    .flat()
    .map(({ PutRequest: { Item } }) => Item.id.S)

interface Listed {
  putRequest: { item: { id: string; n: number } }
}

const rates: Readonly<Partial<Record<FaultName, number>>> = {
  'answers 500': 0.01,
  throttles: 0.01,
  'resets, not applied': 0.01,
  'applies, then resets': 0.01,
  'applies, then cuts the response short': 0.01,
  'leaves all unprocessed': 0.05,
  'leaves some unprocessed': 0.85,
}

t.test('every line of an import is written, or listed in the response', needsDynamoDB, async (t) => {
  const LINES = 1600
  const direct = await startService(t)
  const table = await createTable(t, direct, { tableName: 'Imported' })
  const faulty = await startFaultyProxy(t, { seed: 5, rates })
  // Few enough attempts that some lines fail.
  const service = await startService(t, { maxAttempts: 3 }, faulty.endpoint)
  // Each key occurs twice, half of the pairs close to each other.
  const lines = Array.from(
    { length: LINES },
    (_, n) => `{"id":"id-${n % 4 < 2 ? n >> 1 : n % (LINES / 2)}","n":${n}}`,
  )
  const idOf = (line = '') => (JSON.parse(line) as { id: string }).id
  const last = new Map(lines.map((line, n) => [idOf(line), n]))
  let from = 0
  let stops = 0
  for (;;) {
    const { status, body } = await service.request(`/v1/tables/${table}/import`, {
      method: 'POST',
      headers: { 'content-type': NDJSON },
      body: lines.slice(from).join('\n'),
    })
    if (status === 200) {
      t.same(body, { written: LINES - from })
      break
    }
    stops++
    t.match(body, { status: 503, code: 'BatchIncomplete', retryable: true, line: Number, written: Number })
    const line = Number(body['line'])
    const listed = (body['unprocessedItems'] as Record<string, Listed[]>)[table] ?? []
    const first = idOf(lines[from + line - 1])
    t.ok(
      listed.some(({ putRequest: { item } }) => item.id === first),
      'the line to continue at is listed, or the one that replaces it',
    )
    const { text } = await direct.post(
      `/v1/tables/${table}/scan`,
      { consistentRead: true },
      { accept: NDJSON },
    )
    const stored = new Map(
      text
        .split('\n')
        .slice(0, -1)
        .map((found) => JSON.parse(found) as { id: string; n: number })
        .map(({ id, n }) => [id, n]),
    )
    for (let n = 0; n < from + line - 1; n++) {
      const found = stored.get(idOf(lines[n]))
      if (found === undefined || found < n) t.fail(`line ${n + 1} is neither written nor listed`)
    }
    from += line - 1
    if (stops === 60) throw new Error('no end')
  }
  t.comment(`${stops} stops, ${[...faulty.injected].map(([name, count]) => `${name}: ${count}`).join(', ')}`)
  const { text } = await direct.post(`/v1/tables/${table}/scan`, { consistentRead: true }, { accept: NDJSON })
  for (const found of text.split('\n').slice(0, -1)) {
    const { id, n } = JSON.parse(found) as { id: string; n: number }
    if (last.get(id) !== n) t.fail(`${id} is that of line ${n + 1}`)
    last.delete(id)
  }
  t.equal(last.size, 0, 'every item is stored')
})

t.test('back-pressure: an import has at most 8 requests in flight and reads no further', async (t) => {
  const held: ServerResponse[] = []
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') answer(response, DescribeTable)
    else held.push(response)
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  let sent = 0
  const send = () => {
    while (sent < 15_000) {
      if (!upload.write(`{"id":"${sent++}","long":"${long}"}\n`)) return
    }
    upload.end()
  }
  upload.on('drain', send)
  send()
  t.ok(await within(5000, () => held.length === 8))
  await within(5000, async () => {
    const before = sent
    await sleep(300)
    return sent === before
  })
  t.equal(held.length, 8)
  t.ok(sent < 10_000, `${sent} of 15,000 lines were sent`)
  dynamodb.behave = (_received, response) => {
    answer(response, {})
  }
  for (const response of held) answer(response, {})
  t.same(await answered, { written: 15_000 })
})

t.test('an import never has two lines with one key in flight', async (t) => {
  const inFlight = new Set<string>()
  let most = 0
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    if (received.operation === 'DescribeTable') {
      answer(response, DescribeTable)
      return
    }
    const ids = idsIn(received)
    for (const id of ids) {
      if (inFlight.has(id)) t.fail(`${id} is in flight twice`)
      inFlight.add(id)
    }
    most = Math.max(most, inFlight.size)
    setTimeout(() => {
      for (const id of ids) inFlight.delete(id)
      answer(response, {})
    }, Math.random() * 5)
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const lines = Array.from({ length: 4000 }, (_, n) => `{"id":"${n < 2000 ? n % 230 : (n * 7) % 331}"}`)
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.end(lines.join('\n'))
  t.same(await answered, { written: 4000 })
  t.ok(most > 100, `up to ${most} lines were in flight`)
})

t.test('a line that fails is listed with every other unconfirmed line', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    if (received.operation === 'DescribeTable') answer(response, DescribeTable)
    else if (idsIn(received).includes('60')) {
      const wrong = (
        received.body['RequestItems'] as { T: { PutRequest: { Item: { id: { S: string } } } }[] }
      ).T
      answer(response, {
        UnprocessedItems: { T: wrong.filter(({ PutRequest }) => PutRequest.Item.id.S === '60') },
      })
    } else answer(response, {})
  })
  const service = await startService(t, { maxAttempts: 2 }, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.end(Array.from({ length: 100 }, (_, n) => `{"id":"${n}"}\n`).join(''))
  const problem = await answered
  t.match(problem, {
    status: 503,
    code: 'BatchIncomplete',
    line: 61,
    retryable: true,
    maybeApplied: false,
    detail:
      /^Not all lines from line 61 on are confirmed as written\. 1 line is not confirmed .*\. Continue from line 61\.$/,
    unprocessedItems: { T: [{ putRequest: { item: { id: '60' } } }] },
  })
  t.ok(Number(problem['written']) >= 74)
})

t.test('a caller that sends nothing for REQUEST_TIMEOUT_MS learns how far the import came', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, { requestTimeoutMs: 500 }, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  // All lines together take longer than REQUEST_TIMEOUT_MS.
  for (let n = 0; n < 10; n++) {
    upload.write(`{"id":"${n}"}\n{"id":`)
    await sleep(100)
    upload.write(`"${n} too"}\n`)
  }
  t.match(await answered, {
    status: 408,
    code: 'RequestTimeout',
    detail: /^line 21: No more of the body arrived within REQUEST_TIMEOUT_MS\./,
    line: 21,
    written: 20,
    retryable: true,
  })
  t.equal(dynamodb.requests.filter(({ operation }) => operation === 'BatchWriteItem').length, 1)
})

t.test('an import whose caller hangs up stops, and the log says how far it came', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response, number) => {
    if (operation === 'DescribeTable') answer(response, DescribeTable)
    else if (number < 5) answer(response, {})
  })
  const service = await startService(t, { maxConcurrentRequests: 1 }, dynamodb.endpoint)
  const { upload } = beginImport(t, importUrl(service))
  upload.write(Array.from({ length: 1000 }, (_, n) => `{"id":"${n}"}\n`).join(''))
  await within(5000, () => dynamodb.requests.length === 4 + 8)
  upload.destroy()
  t.ok(await within(2000, () => dynamodb.requests.every(({ ended }) => ended !== undefined)))
  t.ok(await within(2000, () => service.log.some(({ msg }) => msg === 'the import stopped')))
  const line = service.log.find(({ msg }) => msg === 'the import stopped')
  t.match(line, { requestId: 'mine', table: 'T', line: Number, written: 75 })
  dynamodb.behave = (_received, response) => {
    answer(response, { TableNames: [] })
  }
  t.equal((await service.get('/v1/tables')).status, 200, 'its slot is free again')
})

t.test('an import follows a table that was replaced by one with another key', async (t) => {
  let described = 0
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    const AttributeName = ++described === 1 ? 'old' : 'id'
    if (operation === 'DescribeTable') {
      answer(response, { Table: { KeySchema: [{ AttributeName, KeyType: 'HASH' }] } })
    } else answer(response, {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const before = beginImport(t, importUrl(service))
  before.upload.end('{"old":"1"}\n')
  t.same(await before.answered, { written: 1 })
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.end('{"id":"1","n":1}\n{"id":"1","n":2}\n')
  t.same(await answered, { written: 2 })
  const sent = dynamodb.requests.filter(({ operation }) => operation === 'BatchWriteItem').slice(1)
  t.same(sent.map(idsIn), [['1'], ['1']], 'one at a time')
})

t.test('an import that exceeds the grace period is answered with how far it came', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') answer(response, DescribeTable)
    else answer(response, {})
  })
  const service = await startService(t, { shutdownGraceMs: 500 }, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.write('{"id":"a"}\n{"id":"b"}\n')
  await within(5000, () => dynamodb.requests.length > 0)
  const closed = service.close()
  t.match(await answered, {
    status: 503,
    code: 'ServiceUnavailable',
    line: 1,
    written: 0,
    unprocessedItems: { T: [{ putRequest: { item: { id: 'a' } } }, { putRequest: { item: { id: 'b' } } }] },
  })
  await closed
})

t.test('an ordinary request that arrives too slowly gets 408 while an import continues', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, { requestTimeoutMs: 600 }, dynamodb.endpoint)
  const slow = async (head: string, drop = ' ') => {
    const socket = await openSocket(t, service)
    socket.write(head)
    const dripping = setInterval(() => socket.write(drop), 50)
    const text = await readAll(socket)
    clearInterval(dripping)
    return statusesIn(text)
  }
  const { upload, answered } = beginImport(t, importUrl(service))
  const feeding = setInterval(() => upload.write('\n'), 50)
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${DOCUMENT}\r\ncontent-length: 100000\r\n`
  const statuses = await Promise.all([
    slow(`${head('/v1/tables/T/put')}\r\n`),
    slow(head('/v1/tables/T/put'), 'x: y\r\n'),
  ])
  t.same(statuses, [[408], [408]])
  clearInterval(feeding)
  upload.end('{"id":"a"}')
  t.same(await answered, { written: 1 }, 'the import continues')
})

t.test('an import below MIN_BODY_BYTES_PER_SECOND is answered with how far it came', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.write('{"id":"a"}\n')
  const dripping = setInterval(() => upload.write(' '), 100)
  t.match(await answered, {
    status: 408,
    code: 'RequestTimeout',
    detail: /^line 2: .*MIN_BODY_BYTES_PER_SECOND/,
    line: 2,
    written: 1,
  })
  clearInterval(dripping)
})

t.test('the time in which DynamoDB throttles an import does not count as a slow client', async (t) => {
  let throttled = true
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable') answer(response, DescribeTable)
    else if (throttled) refuse(response, 400, 'ThrottlingException')
    else answer(response, {})
  })
  const service = await startService(t, { maxAttempts: 100, maxDelayMs: 200 }, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  // More lines than fit into requests in flight and into the buffers of the sockets.
  upload.end(Array.from({ length: 15_000 }, (_, n) => `{"id":"${n}","long":"${long}"}\n`).join(''))
  await sleep(7000)
  throttled = false
  t.same(await answered, { written: 15_000 })
})

t.test('the lines that imports hold count towards the limit of all bodies', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(
    t,
    { bodyLimitBytes: 50_000, batchBodyLimitBytes: 50_000 },
    dynamodb.endpoint,
  )
  const lines = Array.from({ length: 30 }, (_, n) => `{"id":"${n}","long":"${long.repeat(20)}"}\n`).join('')
  const begin = () => beginImport(t, importUrl(service))
  const first = begin()
  first.upload.end(lines)
  t.same(await first.answered, { written: 30 }, 'the body as a whole has no limit')
  const others = Array.from({ length: 8 }, begin)
  for (const { upload } of others) upload.write(`{"id":"${long.repeat(49)}`)
  await sleep(500)
  const late = begin()
  late.upload.end(lines)
  t.match(await late.answered, { status: 503, code: 'ServiceUnavailable', line: Number, written: Number })
  for (const { upload } of others) upload.end('"}')
  for (const { answered } of others) t.same(await answered, { written: 1 })
  const last = begin()
  last.upload.end(lines)
  t.same(await last.answered, { written: 30 })
})

t.test('an answer that cannot be read leaves every line of its request in the list', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    if (operation === 'DescribeTable')
      answer(response, { Table: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } })
    else answer(response, 'nonsense')
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const { body } = await service.post('/v1/tables/T/import', '{"id":"1"}\n{"id":"2"}\n', {
    'content-type': 'application/x-ndjson',
  })
  t.match(body, { code: 'UpstreamError', line: 1, written: 0, maybeApplied: true })
  t.match(body, {
    unprocessedItems: { T: [{ putRequest: { item: { id: '1' } } }, { putRequest: { item: { id: '2' } } }] },
  })
  t.equal(dynamodb.requests.length, 2)
})
