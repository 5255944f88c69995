/**
 * What subscribers of changes cost: `npm run bench:build && node dist/bench/subscribers.js`. It tells the resident memory of the
 * service for each idle subscriber, with and without `Accept-Encoding`, the calls of an idle feed to DynamoDB Streams, and how
 * long other requests wait while all subscribers get a burst of changes.
 */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Process, SUBJECT } from './process.js'
import { SERVICE } from './subjects.js'

const SUBSCRIBERS = 1000
const BURST = 500
const TABLE_ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/Changes'
const STREAM_ARN = `${TABLE_ARN}/stream/2026-11-30T00:00:00.000`
const SHARD = 'shardId-00000001796034299375-f3de5dfb'

const changes: object[] = []
let calls = 0

function change(n: number): object {
  const Keys = { id: { S: `item-${n}` } }
  return {
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      Keys,
      NewImage: { ...Keys, note: { S: 'x'.repeat(300) }, price: { N: '12.50' } },
      SequenceNumber: String(n + 1).padStart(21, '0'),
    },
  }
}

function answerTo(operation: string, body: Readonly<Record<string, unknown>>): object {
  const at = Number(body['ShardIterator'])
  switch (operation) {
    case 'DescribeTable': {
      const KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' }]
      const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' }]
      const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }
      const Table = { TableName: 'Changes', TableArn: TABLE_ARN, KeySchema, AttributeDefinitions }
      return { Table: { ...Table, StreamSpecification, LatestStreamArn: STREAM_ARN } }
    }
    case 'DescribeStream': {
      const Shards = [{ ShardId: SHARD, SequenceNumberRange: { StartingSequenceNumber: '1' } }]
      return { StreamDescription: { StreamStatus: 'ENABLED', Shards } }
    }
    case 'GetShardIterator':
      return { ShardIterator: String(changes.length) }
    case 'GetRecords':
      return { Records: changes.slice(at, at + 1000), NextShardIterator: String(changes.length) }
    default:
      return {}
  }
}

const upstream = createServer((incoming, response) => {
  const [, operation = ''] = String(incoming.headers['x-amz-target']).split('.')
  let text = ''
  incoming.on('data', (bytes: Buffer) => (text += String(bytes)))
  incoming.on('end', () => {
    calls++
    const answer = answerTo(operation, JSON.parse(text) as Record<string, unknown>)
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    response.end(JSON.stringify(answer))
  })
})
await once(upstream.listen(0, '127.0.0.1'), 'listening')
const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

let received = 0

async function subscribe(port: number, headers: Readonly<Record<string, string>>) {
  const call = request(`http://127.0.0.1:${port}/v1/tables/Changes/changes`, { headers, agent: false })
  call.on('error', () => undefined)
  call.end()
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}`)
  response.on('error', () => undefined)
  response.on('data', (bytes: Buffer) => (received += bytes.length))
  return { call, coding: response.headers['content-encoding'] }
}

/** The longest answer time of `/health/live`, in ms, until it is stopped. */
function watch(port: number) {
  let longest = 0
  const state = { isOver: false }
  const watching = (async () => {
    while (!state.isOver) {
      const began = performance.now()
      await (await fetch(`http://127.0.0.1:${port}/health/live`)).text()
      longest = Math.max(longest, performance.now() - began)
      await sleep(10)
    }
  })()
  return async () => {
    state.isOver = true
    await watching
    return longest
  }
}

for (const coding of [undefined, 'gzip']) {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: endpoint, AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoint }
  const service = await (await Process.start([SERVICE], SUBJECT, { env })).listening()
  await sleep(500)
  const rest = service.memory().now
  const headers = coding === undefined ? {} : { 'accept-encoding': coding }
  const all = await Promise.all(
    // Not all in one moment: the queue for new connections is shorter.
    Array.from({ length: SUBSCRIBERS }, async (_, n) => {
      await sleep(2 * n)
      return subscribe(service.port, headers)
    }),
  )
  await sleep(3000)
  const idle = service.memory().now
  const [before, cpu] = [calls, service.cpuMs()]
  await sleep(10_000)
  const perSecond = (calls - before) / 10
  const cpuShare = (service.cpuMs() - cpu) / 10_000

  const stopWatching = watch(service.port)
  const [bytes, cpuBefore] = [received, service.cpuMs()]
  const first = changes.length
  for (let n = 0; n < BURST; n++) changes.push(change(first + n))
  let last: number
  do {
    last = received
    await sleep(2000)
  } while (last !== received)
  const longest = await stopWatching()
  const burstMs = service.cpuMs() - cpuBefore
  const peak = service.memory().peak
  for (const { call } of all) call.destroy()
  await sleep(3000)
  const after = calls
  await sleep(5000)
  const row = {
    'accept-encoding': coding ?? 'none',
    'content-encoding': all[0]?.coding ?? 'none',
    'MB without subscribers': Math.round(rest),
    [`MB with ${SUBSCRIBERS}, idle`]: Math.round(idle),
    'KB for each': Math.round(((idle - rest) * 1024) / SUBSCRIBERS),
    'calls a second, idle': perSecond,
    'CPU, idle': `${(cpuShare * 100).toFixed(1)} %`,
    'calls without subscribers': calls - after,
    'MB received of a burst': Math.round((received - bytes) / 2 ** 20),
    'CPU ms of a burst': Math.round(burstMs),
    'longest wait of others, ms': Math.round(longest),
    'peak MB': Math.round(peak),
  }
  process.stdout.write(`${JSON.stringify(row, undefined, 2)}\n`)
  await service.stop()
}
upstream.close()
process.exit(0)
