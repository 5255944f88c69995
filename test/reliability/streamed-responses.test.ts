/** Query and scan as lines while things go wrong: a truncated response never looks complete, and back-pressure holds. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { answer, refuse, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { sourceProcess } from '../helpers/process.js'
import { DOCUMENT, NDJSON, startService } from '../helpers/service.js'
import { PATIENCE, within } from '../helpers/within.js'

const SCAN = '/v1/tables/T/scan'
const lineHeaders = { 'content-type': DOCUMENT, accept: NDJSON }
const init = { method: 'POST', headers: lineHeaders, body: '{}' }
const long = 'x'.repeat(1000)

/** A page of 100 kB that is not the last one. */
const page = (number: number) => ({
  Items: Array.from({ length: 100 }, (_, n) => ({ id: { S: `${number}-${n}` }, long: { S: long } })),
  LastEvaluatedKey: { id: { S: String(number) } },
})

/** Requests lines without reading them. */
function askForLines(t: Test, url: string): { call: ClientRequest; answered: Promise<IncomingMessage> } {
  const call = request(url + SCAN, { method: 'POST', headers: lineHeaders })
  call.on('error', () => undefined)
  call.end('{}')
  t.teardown(() => call.destroy())
  return { call, answered: once(call, 'response').then(([response]) => response as IncomingMessage) }
}

t.test('a response that is cut off midway does not look complete, and is logged', async (t) => {
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
  t.equal(failed.stdout.split('\n').length, 201, 'the pages before the error have arrived')

  const response = await askForLines(t, service.url).answered
  response.resume()
  const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNRESET', 'node:http')
  t.equal(response.complete, false)

  t.ok(await within(5000, () => service.log.some(({ requestId }) => requestId === 'mine')))
  t.match(
    service.log.filter(({ requestId }) => requestId === 'mine'),
    [
      {
        msg: 'the stream broke off',
        method: 'POST',
        route: '/v1/tables/{table}/scan',
        err: { type: 'ValidationException', message: /withheld/ },
      },
    ],
  )
  t.notOk(service.log.some(({ msg }) => msg === 'the caller disconnected'))
})

t.test(
  'back-pressure: the next page is fetched only when the reader has nearly read the one before it',
  async (t) => {
    let number = 0
    const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
      number++
      answer(response, number < 300 ? page(number) : { Items: [] })
    })
    const service = await startService(t, {}, dynamodb.endpoint)
    const response = await askForLines(t, service.url).answered
    // Only as many pages are fetched ahead as fit into the socket buffers of both ends.
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
  },
)

t.test('a reader that hangs up stops the fetching of pages at once', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    if (number === 1) answer(response, page(number))
  })
  const service = await startService(t, { maxConcurrentRequests: 1 }, dynamodb.endpoint)
  const { call, answered } = askForLines(t, service.url)
  await answered
  await within(5000, () => dynamodb.requests.length === 2)
  call.destroy()
  t.ok(
    await within(2000, () => dynamodb.requests[1]?.ended !== undefined),
    'the call for the next page is canceled',
  )
  await sleep(100)
  t.equal(dynamodb.requests.length, 2)
  t.match(service.log.at(-1), {
    msg: 'the caller disconnected',
    route: '/v1/tables/{table}/scan',
    table: 'T',
  })
  dynamodb.behave = (_received, response) => {
    answer(response, { Items: [], Count: 0, ScannedCount: 0 })
  }
  t.equal((await service.post(SCAN, {})).status, 200, 'its slot is free again')
})

t.test('a reader that reads nothing for REQUEST_TIMEOUT_MS is disconnected', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response, number) => {
    answer(response, page(number))
  })
  const service = await startService(t, { requestTimeoutMs: 500 }, dynamodb.endpoint)
  const response = await askForLines(t, service.url).answered
  t.ok(await within(10_000, () => service.log.some(({ msg }) => msg === 'the stream broke off')))
  t.match(service.log.at(-1), { err: { message: 'the reader took nothing within REQUEST_TIMEOUT_MS' } })
  response.resume()
  await t.rejects(once(response, 'end'))
})

t.test('a stream may take longer than REQUEST_TIMEOUT_MS, but a single page may not', async (t) => {
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
  t.ok(await within(5000, () => service.log.some(({ msg }) => msg === 'the stream broke off')))
  t.match(service.log.at(-1), { msg: 'the stream broke off', err: { type: 'TimeoutError' } })

  dynamodb.behave = () => undefined
  t.match((await service.post(SCAN, {}, { accept: NDJSON })).body, { status: 504, code: 'UpstreamTimeout' })
})

t.test('SIGTERM lets a stream continue, and cuts it off when the grace period is over', async (t) => {
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
  }, 'it does not look complete')
  t.ok(dynamodb.requests.length > pages + 5, 'it continued')
  t.same(await exited, [0, null])
  t.match(output(), /"msg":"the stream broke off"/)
})

t.test('a connection whose stream has ended does not delay the graceful shutdown', async (t) => {
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
