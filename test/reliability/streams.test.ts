/** Streams of items on a bad day: nothing looks whole that is not, and every line of an import is written or listed. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { type FaultName, startFaultyProxy } from '../helpers/faulty-proxy.js'
import { sourceProcess } from '../helpers/process.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
} from '../helpers/service.js'
import { answer, type ReceivedRequest, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { PATIENCE, within } from '../helpers/within.js'

const SCAN = '/v1/tables/T/scan'
const lineHeaders = { 'content-type': DOCUMENT, accept: NDJSON }
const init = { method: 'POST', headers: lineHeaders, body: '{}' }
const long = 'x'.repeat(1000)

/** A page of 100 kB, and another one behind it. */
const page = (number: number) => ({
  Items: Array.from({ length: 100 }, (_, n) => ({ id: { S: `${number}-${n}` }, long: { S: long } })),
  LastEvaluatedKey: { id: { S: String(number) } },
})
const DescribeTable = { Table: { TableName: 'T', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }

/** Asks for lines, and does not read them. */
function askForLines(t: Test, url: string): { call: ClientRequest; answered: Promise<IncomingMessage> } {
  const call = request(url + SCAN, { method: 'POST', headers: lineHeaders })
  call.on('error', () => undefined)
  call.end('{}')
  t.teardown(() => call.destroy())
  return { call, answered: once(call, 'response').then(([response]) => response as IncomingMessage) }
}

t.test('an answer that breaks off midway does not look whole, and is logged', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ body }, response) => {
    const number = Number((body['ExclusiveStartKey'] as { id?: { S: string } } | undefined)?.id?.S ?? 0) + 1
    if (number < 3) answer(response, page(number))
    else refuse(response, 400, 'ValidationException', 'No more of this.')
  })
  const service = await startService(t, {}, dynamodb.endpoint)

  const fetched = await fetch(service.url + SCAN, {
    ...init,
    headers: { ...lineHeaders, 'x-request-id': 'mine' },
  })
  t.equal(fetched.status, 200)
  await t.rejects(fetched.text(), 'fetch')

  const curl = [
    '-sS',
    '-H',
    `accept: ${NDJSON}`,
    '-H',
    `content-type: ${DOCUMENT}`,
    '-d',
    '{}',
    service.url + SCAN,
  ]
  const failed = await promisify(execFile)('curl', curl).catch(
    (error: unknown) => error as { code: number; stdout: string },
  )
  t.match(failed, { code: 18 }, 'curl: CURLE_PARTIAL_FILE')
  t.equal(failed.stdout.split('\n').length, 201, 'what came before has arrived')

  const response = await askForLines(t, service.url).answered
  response.resume()
  const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNRESET', 'node:http')
  t.equal(response.complete, false)

  t.match(
    service.log.filter(({ requestId }) => requestId === 'mine'),
    [
      {
        msg: 'the answer broke off',
        method: 'POST',
        url: SCAN,
        err: { type: 'ValidationException', message: 'No more of this.' },
      },
    ],
  )
  t.notOk(service.log.some(({ msg }) => msg === 'the caller hung up'))
})

t.test('a page is fetched only when the reader has nearly read the one before it', async (t) => {
  let number = 0
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    number++
    answer(response, number < 300 ? page(number) : { Items: [] })
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const response = await askForLines(t, service.url).answered
  // What the kernel holds for both ends is read ahead, and then no more.
  await within(5000, async () => {
    const before = dynamodb.requests.length
    await sleep(300)
    return dynamodb.requests.length === before
  })
  const ahead = dynamodb.requests.length
  t.ok(ahead < 150, `${ahead} of 300 pages were fetched`)
  let lines = 0
  for await (const chunk of response) lines += String(chunk).split('\n').length - 1
  t.equal(lines, 299 * 100)
  t.equal(dynamodb.requests.length, 300)
})

t.test('a reader that hangs up stops the fetching at once', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number === 1) answer(response, page(number))
  })
  const service = await startService(t, { maxConcurrentRequests: 1 }, dynamodb.endpoint)
  const { call, answered } = askForLines(t, service.url)
  await answered
  await within(5000, () => dynamodb.requests.length === 2)
  call.destroy()
  t.ok(await within(2000, () => dynamodb.requests[1]?.ended !== undefined), 'the next page is given up')
  await sleep(100)
  t.equal(dynamodb.requests.length, 2)
  t.match(service.log.at(-1), { msg: 'the caller hung up', url: SCAN })
  dynamodb.behave = (_received, response) => {
    answer(response, { Items: [], Count: 0, ScannedCount: 0 })
  }
  t.equal((await service.post(SCAN, {})).status, 200, 'there is room for another one')
})

t.test('a reader that takes nothing for REQUEST_TIMEOUT_MS is cut off', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    answer(response, page(number))
  })
  const service = await startService(t, { requestTimeoutMs: 500 }, dynamodb.endpoint)
  const response = await askForLines(t, service.url).answered
  t.ok(await within(10_000, () => service.log.some(({ msg }) => msg === 'the answer broke off')))
  t.match(service.log.at(-1), { err: { message: 'the reader took nothing within REQUEST_TIMEOUT_MS' } })
  response.resume()
  await t.rejects(once(response, 'end'))
})

t.test('a stream may take longer than REQUEST_TIMEOUT_MS, its pages may not', async (t) => {
  const requestTimeoutMs = 1000 * PATIENCE
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number < 6) {
      setTimeout(() => {
        answer(response, page(number))
      }, requestTimeoutMs * 0.3)
    }
  })
  const service = await startService(t, { requestTimeoutMs }, dynamodb.endpoint)
  const fetched = await fetch(service.url + SCAN, init)
  const began = performance.now()
  await t.rejects(fetched.text())
  t.ok(performance.now() - began > requestTimeoutMs, 'the first pages together took longer')
  t.equal(dynamodb.requests.length, 6)
  t.match(service.log.at(-1), { msg: 'the answer broke off', err: { type: 'TimeoutError' } })

  dynamodb.behave = () => undefined
  t.match((await service.post(SCAN, {}, { accept: NDJSON })).body, { status: 504, code: 'UpstreamTimeout' })
})

t.test('SIGTERM lets a stream go on, and then breaks it off', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    setTimeout(() => {
      answer(response, page(number))
    }, 20)
  })
  const { server, exited, listening, output } = sourceProcess(t, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'top-secret',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    SHUTDOWN_GRACE_MS: String(2000 * PATIENCE),
  })
  const url = await listening()
  const whole = await fetch(url + SCAN, init)
  const reader = whole.body?.getReader()
  await reader?.read()
  server.kill('SIGTERM')
  await within(5000, () => output().includes('stopping'))
  const pages = dynamodb.requests.length
  await t.rejects(async () => {
    while ((await reader?.read())?.done === false);
  }, 'it does not look whole')
  t.ok(dynamodb.requests.length > pages + 5, 'it went on')
  t.same(await exited, [0, null])
  t.match(output(), /"msg":"the answer broke off"/)
})

t.test('a connection on which a stream has ended does not hold up the end', async (t) => {
  const held: ServerResponse[] = []
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number === 1) answer(response, page(number))
    else held.push(response)
  })
  const service = await startService(t, { shutdownGraceMs: 15_000 }, dynamodb.endpoint)
  const fetched = await fetch(service.url + SCAN, init)
  await within(5000, () => held.length === 1)
  const closed = service.close()
  for (const response of held) answer(response, { Items: [{ id: { S: 'last' } }] })
  t.ok((await fetched.text()).endsWith('{"id":"last"}\n'))
  await closed
})

const importUrl = (service: Service) => `${service.url}/v1/tables/T/import`

/** Begins an import; what it is answered with comes when it comes. */
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

t.test('every line of an import is written, or listed in the answer', needsDynamoDB, async (t) => {
  const LINES = 1600
  const direct = await startService(t)
  const table = await createTable(t, direct, { tableName: 'Imported' })
  const faulty = await startFaultyProxy(t, { seed: 5, rates })
  // So few attempts that now and then a line is given up.
  const service = await startService(t, { maxAttempts: 3 }, faulty.endpoint)
  // Each key comes twice, half of them close to each other.
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
      'the line to go on at is listed, or the one that replaces it',
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
  t.comment(`${stops} stops, ${[...faulty.struck].map(([name, count]) => `${name}: ${count}`).join(', ')}`)
  const { text } = await direct.post(`/v1/tables/${table}/scan`, { consistentRead: true }, { accept: NDJSON })
  for (const found of text.split('\n').slice(0, -1)) {
    const { id, n } = JSON.parse(found) as { id: string; n: number }
    if (last.get(id) !== n) t.fail(`${id} is that of line ${n + 1}`)
    last.delete(id)
  }
  t.equal(last.size, 0, 'all are there')
})

t.test('an import has 8 requests under way and reads no further than that', async (t) => {
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

t.test('no two lines of one key are under way at a time', async (t) => {
  const underWay = new Set<string>()
  let most = 0
  const dynamodb = await startFakeDynamoDB(t, (received, response) => {
    if (received.operation === 'DescribeTable') {
      answer(response, DescribeTable)
      return
    }
    const ids = idsIn(received)
    for (const id of ids) {
      if (underWay.has(id)) t.fail(`${id} is under way twice`)
      underWay.add(id)
    }
    most = Math.max(most, underWay.size)
    setTimeout(() => {
      for (const id of ids) underWay.delete(id)
      answer(response, {})
    }, Math.random() * 5)
  })
  const service = await startService(t, {}, dynamodb.endpoint)
  const lines = Array.from({ length: 4000 }, (_, n) => `{"id":"${n < 2000 ? n % 230 : (n * 7) % 331}"}`)
  const { upload, answered } = beginImport(t, importUrl(service))
  upload.end(lines.join('\n'))
  t.same(await answered, { written: 4000 })
  t.ok(most > 100, `up to ${most} lines were under way`)
})

t.test('a line that is given up is listed with all others that are not known to be written', async (t) => {
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
    detail: /^From line 61 on, not all is known to be written\. Go on from there\. 1 line not known/,
    unprocessedItems: { T: [{ putRequest: { item: { id: '60' } } }] },
  })
  t.ok(Number(problem['written']) >= 74)
})

t.test('a caller that sends nothing for REQUEST_TIMEOUT_MS learns how far it came', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, { requestTimeoutMs: 500 }, dynamodb.endpoint)
  const { upload, answered } = beginImport(t, importUrl(service))
  // Longer than REQUEST_TIMEOUT_MS as a whole.
  for (let n = 0; n < 10; n++) {
    upload.write(`{"id":"${n}"}\n{"id":`)
    await sleep(100)
    upload.write(`"${n} too"}\n`)
  }
  t.match(await answered, {
    status: 504,
    code: 'UpstreamTimeout',
    detail: 'line 21: Nothing more came within REQUEST_TIMEOUT_MS.',
    line: 21,
    written: 20,
    retryable: true,
  })
  t.equal(dynamodb.requests.filter(({ operation }) => operation === 'BatchWriteItem').length, 1)
})

t.test('an import whose caller hangs up is stopped, and logged is how far it came', async (t) => {
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
  t.equal((await service.get('/v1/tables')).status, 200, 'there is room for another request')
})

t.test('an import into a table that is another one by now knows its key', async (t) => {
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
  t.same(sent.map(idsIn), [['1'], ['1']], 'one after the other')
})

t.test('an import that has no time left is answered with how far it came', async (t) => {
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

t.test('an ordinary request that comes too slowly is cut off, whatever else is under way', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, { requestTimeoutMs: 600 }, dynamodb.endpoint)
  const { hostname, port } = new URL(service.url)
  const slow = async (head: string, drop = ' ') => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.write(head)
    const dripping = setInterval(() => socket.write(drop), 50)
    const began = performance.now()
    socket.resume()
    await once(socket, 'close')
    clearInterval(dripping)
    return performance.now() - began
  }
  const { upload, answered } = beginImport(t, importUrl(service))
  const feeding = setInterval(() => upload.write('\n'), 50)
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: ${DOCUMENT}\r\ncontent-length: 100000\r\n`
  const times = await Promise.all([
    slow(`${head('/v1/tables/T/put')}\r\n`),
    slow(`${head('/nowhere')}\r\n`),
    slow(head('/v1/tables/T/put'), 'x: y\r\n'),
  ])
  for (const ms of times) t.ok(ms > 500 && ms < 5000, `after ${ms.toFixed()} ms`)
  clearInterval(feeding)
  upload.end('{"id":"a"}')
  t.same(await answered, { written: 1 }, 'the import goes on')
})

t.test('what imports hold counts among all bodies that are received', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    answer(response, operation === 'DescribeTable' ? DescribeTable : {})
  })
  const service = await startService(t, { bodyLimitBytes: 50_000 }, dynamodb.endpoint)
  const lines = Array.from({ length: 30 }, (_, n) => `{"id":"${n}","long":"${long.repeat(20)}"}\n`).join('')
  const begin = () => beginImport(t, importUrl(service))
  const first = begin()
  first.upload.end(lines)
  t.same(await first.answered, { written: 30 }, 'as a whole it may be as long as it is')
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
