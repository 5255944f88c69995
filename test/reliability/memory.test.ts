/** The memory and the time that bodies take: a small heap is enough for all of them, and others are served meanwhile. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { batchGet, batchWrite } from '../../schemas/batch.js'
import { document, typed } from '../../src/items/representation.js'
import { readBody, RequestBodyError } from '../../src/items/request-body.js'
import { shapeOf } from '../../src/items/shape.js'
import { SLICE_BYTES } from '../../src/json/in-slices.js'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { sourceProcess } from '../helpers/process.js'
import { DOCUMENT, TYPED } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'

const MIB = 1024 * 1024
const BODY = 4 * MIB
const BATCH_BODY = 16 * MIB
const AT_ONCE = 16

interface Large {
  readonly name: string
  readonly path: string
  readonly type?: string
  /** Its status, if the service is not overloaded. */
  readonly status: number
  readonly body: string
}

const put = '/v1/tables/T/put'
const named = (count: number, value: string) =>
  Array.from({ length: count }, (_, index) => `"n${index}":${value}`).join(',')
const keys = (count: number, key: (index: number) => string) =>
  `{"requestItems":{"T":{"keys":[${Array.from({ length: count }, (_, index) => key(index)).join(',')}]}}}`
const writes = (count: number, item: (index: number) => string) =>
  `{"requestItems":{"T":[${Array.from({ length: count }, (_, index) => `{"putRequest":{"item":${item(index)}}}`).join(',')}]}}`
/** `start`, and as many times `part` as fit into a body. */
const filled = (bytes: number, start: string, part: string, end: string) =>
  start + part.repeat(Math.floor((bytes - start.length - end.length) / part.length)) + end

const batches: readonly Large[] = [
  {
    name: 'as many keys as fit',
    path: '/v1/batch/get',
    status: 400,
    body: filled(BATCH_BODY, '{"requestItems":{"T":{"keys":[', '{},', '{}]}}}'),
  },
  {
    name: 'lists in place of an object',
    path: '/v1/batch/get',
    status: 400,
    body: filled(BATCH_BODY, '{"requestItems":[[', '[[]],', '[]]]}'),
  },
  {
    name: '10,000 long keys',
    path: '/v1/batch/get',
    status: 200,
    body: keys(10_000, (index) => `{"id":"${index}${'x'.repeat(1600)}"}`),
  },
  {
    name: '10,000 writes in DynamoDB’s own types',
    path: '/v1/batch/write',
    type: TYPED,
    status: 200,
    body: writes(10_000, (index) => `{"id":{"S":"${index}"},"a":{"S":"${'x'.repeat(1500)}"}}`),
  },
  {
    name: 'writes of items that grow most when they are translated',
    path: '/v1/batch/write',
    status: 200,
    body: writes(100, (index) => `{"id":"${index}","a":[${'1,'.repeat(20_000)}1]}`),
  },
]

const others: readonly Large[] = [
  {
    name: 'many tables',
    path: '/v1/batch/write',
    status: 400,
    body: `{"requestItems":{${named(400_000, '[]')}}}`,
  },
  {
    name: 'many names',
    path: put,
    status: 400,
    body: `{"item":{},"expressionAttributeNames":{${named(280_000, '"a"')}}}`,
  },
  { name: 'many unknown fields', path: put, status: 400, body: `{${named(300_000, '1')}}` },
  { name: 'an item of many names', path: put, status: 200, body: `{"item":{${named(100_000, '1')}}}` },
  {
    name: 'objects in place of a number',
    path: '/v1/tables/T/scan',
    status: 400,
    body: filled(BODY, '{"limit":[', '{},', '{}]}'),
  },
  {
    name: 'many entries of a transaction',
    path: '/v1/transact/write',
    status: 400,
    body: filled(BODY, '{"transactItems":[', '{},', '{}]}'),
  },
  {
    name: 'a long expression',
    path: put,
    status: 400,
    body: filled(BODY, '{"conditionExpression":"', '€', '"}').slice(0, BODY / 3),
  },
  {
    name: 'tags within a tag',
    path: put,
    status: 400,
    body: filled(BODY, '{"item":{"a":{"$map":{"b":[', '{"$map":1},', '1]}}}}'),
  },
  { name: 'nothing but brackets', path: put, status: 400, body: '{"item":'.padEnd(BODY, '[') },
]

async function startSmall(t: Test) {
  const dynamodb = await startFakeDynamoDB(t, ({ operation }, response) => {
    const table = { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }
    const answers: Readonly<Record<string, object>> = {
      DescribeTable: { Table: table },
      BatchGetItem: { Responses: {} },
    }
    answer(response, answers[operation] ?? {})
    dynamodb.requests.length = 0
  })
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    REQUEST_TIMEOUT_MS: '120000',
    ATTEMPT_TIMEOUT_MS: '60000',
  }
  const { server, listening } = sourceProcess(t, env, ['--max-old-space-size=256'])
  const url = await listening()
  const send = async ({ path, type = DOCUMENT }: Large, body: Buffer) => {
    const response = await fetch(url + path, { method: 'POST', body, headers: { 'content-type': type } })
    await response.text()
    return response.status
  }
  return { server, url, send }
}

type Small = Awaited<ReturnType<typeof startSmall>>

/** Sends a body many times at once: each is served or refused, and afterwards one alone is served. */
async function sendAtOnce(t: Test, { server, send }: Small, large: Large): Promise<void> {
  const body = Buffer.from(large.body)
  const statuses = await Promise.all(Array.from({ length: AT_ONCE }, () => send(large, body)))
  const served = statuses.filter((status) => status === large.status)
  const refused = statuses.filter((status) => status === 503)
  t.equal(served.length + refused.length, AT_ONCE, `${large.name}: ${statuses.join(' ')}`)
  t.equal(await send(large, body), large.status, `${large.name}, alone`)
  t.equal(server.exitCode, null)
}

t.test('with a heap of 256 MB, the service survives every body, 16 at a time', async (t) => {
  const small = await startSmall(t)
  // The other batches are sent in the next test.
  for (const large of [...batches.slice(0, 1), ...others]) await sendAtOnce(t, small, large)
  t.equal((await fetch(`${small.url}/health/live`)).status, 200)
})

t.test('others are served while large bodies are read', async (t) => {
  const small = await startSmall(t)
  // The first one is refused too early to measure anything.
  for (const large of batches.slice(1)) {
    const reading = { done: false }
    const sent = sendAtOnce(t, small, large).finally(() => {
      reading.done = true
    })
    const times: number[] = []
    // This process sends the bodies: while it is held up, it does not read the answers either.
    const heldUp = monitorEventLoopDelay({ resolution: 5 })
    heldUp.enable()
    while (!reading.done) {
      const startedAt = performance.now()
      await (await fetch(`${small.url}/health/live`)).text()
      times.push(performance.now() - startedAt)
      await sleep(5)
    }
    await sent
    heldUp.disable()
    t.ok(times.length > AT_ONCE, `${large.name}: ${times.length} answers of /health/live meanwhile`)
    const longest = Math.max(...times)
    const heldUpMs = heldUp.max / 1e6
    t.ok(
      longest < scaled(250 + heldUpMs),
      `${large.name}: ${Math.round(longest)} ms at the longest, ${Math.round(heldUpMs)} ms held up`,
    )
  }
})

t.test('a large body is read in slices', async (t) => {
  for (const { name, path, type, body } of batches) {
    const shape = shapeOf(path === '/v1/batch/get' ? batchGet.body : batchWrite.body)
    const representation = type === TYPED ? typed : document
    const limits = { maxEntries: 10_000, hold: () => undefined }
    const json = Buffer.from(body)
    const reading = readBody(json, shape, representation, limits)
    let slices = 1
    try {
      while (reading.next().done !== true) slices++
    } catch (error) {
      t.type(error, RequestBodyError)
      // Too many entries: the rest is not read.
      if (body.startsWith('{"requestItems":{')) continue
    }
    t.ok(slices > (0.4 * json.length) / SLICE_BYTES, `${name}: ${slices} slices`)
  }
})
