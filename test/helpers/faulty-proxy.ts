/**
 * A proxy in front of DynamoDB Local that injects faults on a seeded schedule: it loses requests and responses, throttles,
 * resets connections and corrupts responses. With one seed, the same request to a table of the same name gets the same
 * faults in every run, independent of the other in-flight requests.
 */
import type { ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import aws4 from 'aws4'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { localEnvironment } from '../../src/local/dynamodb-local.js'
import { sequence } from './sequence.js'
import { dynamodbEndpoint } from './service.js'
import { type ReceivedRequest, refuse, type FakeDynamoDB, startFakeDynamoDB } from './fake-dynamodb.js'

/** A response of DynamoDB Local. */
interface Answered {
  readonly status: number
  readonly text: string
}

interface Call {
  readonly received: ReceivedRequest
  readonly response: ServerResponse
  /** Sends the request, or another body in its place, to DynamoDB Local. */
  readonly forward: (body?: object) => Promise<Answered>
  /** The next number of this call's own sequence, from 0 up to but not including 1. */
  readonly random: () => number
}

type Fault = (call: Call) => Promise<unknown>

const faults = {
  'answers 500': async ({ response }) => {
    refuse(response, 500, 'InternalServerError')
  },
  'answers 503': async ({ response }) => response.writeHead(503).end(),
  throttles: async ({ response }) => {
    refuse(response, 400, 'ProvisionedThroughputExceededException')
  },
  'resets, not applied': async ({ response }) => response.socket?.resetAndDestroy(),
  'never answers, not applied': async () => undefined,
  'says ExpiredToken': async ({ response }) => {
    refuse(response, 400, 'ExpiredTokenException')
  },
  conflicts: async ({ received, response }) => {
    if (received.operation.startsWith('Transact')) cancelTransaction(response, 'TransactionConflict')
    // DynamoDB never answers a plain read with a conflict.
    else if (received.operation === 'GetItem') refuse(response, 400, 'ProvisionedThroughputExceededException')
    else refuse(response, 400, 'TransactionConflictException')
  },
  'applies, then answers 500': async ({ response, forward }) => {
    await forward()
    refuse(response, 500, 'InternalServerError')
  },
  'applies, then resets': async ({ response, forward }) => {
    await forward()
    response.socket?.resetAndDestroy()
  },
  'applies, then never answers': async ({ forward }) => forward(),
  'applies, then cuts the response short': async ({ response, forward }) => {
    const { status, text } = await forward()
    response.writeHead(status, { 'content-length': text.length })
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy())
  },
  'applies, then sends a wrong checksum': async ({ response, forward }) => {
    const { text } = await forward()
    pass(response, { status: 200, text }, crc32(text) ^ 1)
  },
  'applies, then sends HTML': async ({ response, forward }) => {
    await forward()
    response.writeHead(200).end('<html>The proxy wishes you a nice day.</html>')
  },
  'answers, then resets': async ({ response, forward }) => {
    const { socket } = response
    response.once('finish', () => socket?.destroySoon())
    pass(response, await forward())
  },
  'leaves some unprocessed': async (call) => leaveUnprocessed(call, () => call.random() < 0.3),
  'leaves all unprocessed': async (call) => leaveUnprocessed(call, () => true),
} satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof faults

export interface Faults {
  readonly seed: number
  /** The probability of each fault, from 0 to 1. The rest of the requests succeed. */
  readonly rates: Readonly<Partial<Record<FaultName, number>>>
  /** How far the proxy's clock is ahead, in ms. It refuses signatures that are off by more than 5 minutes. */
  readonly clockAheadMs?: number
}

export interface FaultyProxy extends FakeDynamoDB {
  /** Stops injecting faults. */
  readonly heal: () => void
  /** How often each fault was injected. */
  readonly injected: Map<FaultName, number>
}

/** Starts the proxy in front of the DynamoDB Local that `npm test` has started; it stops with the test. */
export async function startFaultyProxy(t: Test, settings: Faults): Promise<FaultyProxy> {
  const agent = new Agent({ connections: 32 })
  const occurrences = new Map<string, number>()
  const lastOf = new Map<string, Promise<unknown>>()
  const injected = new Map<FaultName, number>()
  let { rates } = settings

  const server = await startFakeDynamoDB(t, (received, response) => {
    const clock = Date.now() + (settings.clockAheadMs ?? 0)
    if (!isSigned(received) || Math.abs(signedAt(received) - clock) > 5 * 60_000) {
      const headers = { date: new Date(clock).toUTCString() }
      refuse(response, 400, 'InvalidSignatureException', 'Signature expired or wrong', { headers })
      return
    }
    const occurrence = (occurrences.get(received.text) ?? 0) + 1
    occurrences.set(received.text, occurrence)
    const random = sequence(`${settings.seed} ${occurrence} ${received.text}`)
    const forward = (body?: object) =>
      // One at a time for each item, so that no attempt overtakes an earlier one.
      inTurn(lastOf, subjectsOf(received), () => send(agent, received, body && JSON.stringify(body)))
    const call = { received, response, random, forward }
    const name = pick(rates, received.operation, random())
    if (name !== undefined) injected.set(name, (injected.get(name) ?? 0) + 1)
    const outcome =
      name === undefined
        ? forward().then((answered) => {
            pass(response, answered)
          })
        : faults[name](call)
    outcome.catch(() => response.socket?.destroy())
  })
  t.teardown(() => agent.destroy())
  return {
    ...server,
    injected,
    heal: () => {
      rates = {}
    },
  }
}

function pick(rates: Faults['rates'], operation: string, random: number): FaultName | undefined {
  let below = 0
  for (const [name, rate] of Object.entries(rates) as [FaultName, number][]) {
    if (name.endsWith('unprocessed') && !operation.startsWith('Batch')) continue
    below += rate
    if (random < below) return name
  }
  return undefined
}

/** Names the requests that must run one at a time: reads and writes of one item, attempts of one transaction or batch of writes. */
function subjectsOf({ operation, body, text }: ReceivedRequest): string[] {
  if (operation === 'BatchGetItem') {
    const tables = Object.values(body['RequestItems'] as Record<string, { Keys: { id?: unknown }[] }>)
    return tables.flatMap(({ Keys }) => Keys.map(({ id }) => JSON.stringify(id)))
  }
  const {
    Key: key,
    Item: item,
    ClientRequestToken: token,
  } = body as Record<string, { id?: unknown } | undefined>
  return [JSON.stringify(key?.id ?? item?.id ?? token ?? text)]
}

async function inTurn<Result>(
  lastOf: Map<string, Promise<unknown>>,
  subjects: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const before = Promise.allSettled(subjects.map((subject) => lastOf.get(subject) ?? Promise.resolve()))
  const mine = before.then(work)
  for (const subject of subjects) lastOf.set(subject, mine)
  return mine
}

async function send(agent: Agent, { headers, text }: ReceivedRequest, body = text): Promise<Answered> {
  const answer = await request(dynamodbEndpoint ?? '', {
    dispatcher: agent,
    method: 'POST',
    body,
    headers: {
      'content-type': String(headers['content-type']),
      'x-amz-target': String(headers['x-amz-target']),
      'x-amz-date': String(headers['x-amz-date']),
      authorization: String(headers.authorization),
    },
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

function pass(response: ServerResponse, { status, text }: Answered, checksum = crc32(text)): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'FAULTY',
    'x-amz-crc32': String(checksum >>> 0),
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

export function cancelTransaction(response: ServerResponse, ...codes: string[]): void {
  const CancellationReasons = codes.map((Code) => ({ Code }))
  refuse(response, 400, 'TransactionCanceledException', 'Transaction cancelled', {
    members: { CancellationReasons },
  })
}

type RequestItems = Record<string, object[] | { Keys: object[] }>

/** Carries out a part of a batch and returns the rest as unprocessed. */
async function leaveUnprocessed({ received, response, forward }: Call, isLeft: () => boolean): Promise<void> {
  const get = received.operation === 'BatchGetItem'
  const done: RequestItems = {}
  const left: RequestItems = {}
  for (const [table, asked] of Object.entries(received.body['RequestItems'] as RequestItems)) {
    const entries = Array.isArray(asked) ? asked : asked.Keys
    const some = entries.map((entry) => ({ entry, left: isLeft() }))
    const put = (to: RequestItems, which: boolean) => {
      const chosen = some.flatMap(({ entry, left }) => (left === which ? [entry] : []))
      if (chosen.length > 0) to[table] = Array.isArray(asked) ? chosen : { ...asked, Keys: chosen }
    }
    put(done, false)
    put(left, true)
  }
  const answered =
    Object.keys(done).length === 0
      ? { status: 200, text: get ? '{"Responses":{}}' : '{}' }
      : await forward({ ...received.body, RequestItems: done })
  if (answered.status !== 200) {
    pass(response, answered)
    return
  }
  const answer = JSON.parse(answered.text) as object
  const text = JSON.stringify({ ...answer, [get ? 'UnprocessedKeys' : 'UnprocessedItems']: left })
  pass(response, { status: 200, text })
}

/** When a request was signed, in ms since 1970. */
export function signedAt({ headers }: ReceivedRequest): number {
  return Date.parse(
    String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'),
  )
}

/** Whether the signature matches the request (Signature Version 4). */
export function isSigned({ headers, text }: ReceivedRequest): boolean {
  const { authorization } = headers
  const names = /SignedHeaders=([^,]+)/.exec(authorization ?? '')?.[1]?.split(';') ?? []
  const signed = aws4.sign(
    {
      service: 'dynamodb',
      region: localEnvironment.AWS_REGION,
      method: 'POST',
      path: '/',
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
      body: text,
    },
    {
      accessKeyId: localEnvironment.AWS_ACCESS_KEY_ID,
      secretAccessKey: localEnvironment.AWS_SECRET_ACCESS_KEY,
    },
  )
  return signed.headers?.['Authorization'] === authorization
}
