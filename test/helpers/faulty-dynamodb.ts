/**
 * DynamoDB on a bad day: forwards to DynamoDB Local, and on a seeded schedule loses requests and answers, throttles,
 * resets connections and damages what it sends. The same request, to a table of the same name, gets the same faults in
 * every run with one seed, whatever else is under way.
 */
import type { ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import aws4 from 'aws4'
import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { localEnvironment } from '../../scripts/local/dynamodb-local.js'
import { sequence } from './sequence.js'
import { dynamodbEndpoint } from './service.js'
import { type Arrived, refuse, type StandIn, startStandIn } from './stand-in.js'

/** What DynamoDB Local has answered. */
interface Answered {
  readonly status: number
  readonly text: string
}

interface Call {
  readonly arrived: Arrived
  readonly response: ServerResponse
  /** Has DynamoDB Local carry the request out, or another one in its place. */
  readonly forward: (body?: object) => Promise<Answered>
  /** The next number of this call's own sequence, from 0 to 1. */
  readonly random: () => number
}

type Fault = (call: Call) => Promise<unknown>

const faults = {
  'a 500 instead': async ({ response }) => {
    refuse(response, 500, 'InternalServerError')
  },
  'a 503 instead': async ({ response }) => response.writeHead(503).end(),
  throttled: async ({ response }) => {
    refuse(response, 400, 'ProvisionedThroughputExceededException')
  },
  'reset before': async ({ response }) => response.socket?.resetAndDestroy(),
  'never answered': async () => undefined,
  'expired token': async ({ response }) => {
    refuse(response, 400, 'ExpiredTokenException')
  },
  conflict: async ({ arrived, response }) => {
    if (arrived.operation.startsWith('Transact')) cancelTransaction(response, 'TransactionConflict')
    // Plain reads never meet a conflict.
    else if (arrived.operation === 'GetItem') refuse(response, 400, 'ProvisionedThroughputExceededException')
    else refuse(response, 400, 'TransactionConflictException')
  },
  'done, then a 500': async ({ response, forward }) => {
    await forward()
    refuse(response, 500, 'InternalServerError')
  },
  'done, then reset': async ({ response, forward }) => {
    await forward()
    response.socket?.resetAndDestroy()
  },
  'done, then no answer': async ({ forward }) => forward(),
  'done, then half an answer': async ({ response, forward }) => {
    const { status, text } = await forward()
    response.writeHead(status, { 'content-length': text.length })
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy())
  },
  'done, then a wrong checksum': async ({ response, forward }) => {
    const { text } = await forward()
    pass(response, { status: 200, text }, crc32(text) ^ 1)
  },
  'done, then nonsense': async ({ response, forward }) => {
    await forward()
    response.writeHead(200).end('<html>The proxy wishes you a nice day.</html>')
  },
  'answered, then reset': async ({ response, forward }) => {
    const { socket } = response
    response.once('finish', () => socket?.destroySoon())
    pass(response, await forward())
  },
  'some unprocessed': async (call) => leaveUnprocessed(call, () => call.random() < 0.3),
  'all unprocessed': async (call) => leaveUnprocessed(call, () => true),
} satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof faults

export interface Faults {
  readonly seed: number
  /** How likely each is, from 0 to 1. What is left of 1 goes well. */
  readonly rates: Readonly<Partial<Record<FaultName, number>>>
  /** Of DynamoDB's clock, in ms. A signature by another time is refused. */
  readonly clockAheadMs?: number
}

export interface FaultyDynamoDB extends StandIn {
  /** From now on nothing goes wrong. */
  readonly heal: () => void
  /** How often each fault has struck. */
  readonly struck: Map<FaultName, number>
}

export async function startFaultyDynamoDB(t: Test, settings: Faults): Promise<FaultyDynamoDB> {
  const agent = new Agent({ connections: 32 })
  const occurrences = new Map<string, number>()
  const lastOf = new Map<string, Promise<unknown>>()
  const struck = new Map<FaultName, number>()
  let { rates } = settings

  const standIn = await startStandIn(t, (arrived, response) => {
    const clock = Date.now() + (settings.clockAheadMs ?? 0)
    if (!isSigned(arrived) || Math.abs(signedAt(arrived) - clock) > 5 * 60_000) {
      const headers = { date: new Date(clock).toUTCString() }
      refuse(response, 400, 'InvalidSignatureException', 'Signature expired or wrong', { headers })
      return
    }
    const occurrence = (occurrences.get(arrived.text) ?? 0) + 1
    occurrences.set(arrived.text, occurrence)
    const random = sequence(`${settings.seed} ${occurrence} ${arrived.text}`)
    const forward = (body?: object) =>
      // One after the other for each item: no attempt overtakes one that came before it.
      inTurn(lastOf, subjectOf(arrived), () => send(agent, arrived, body && JSON.stringify(body)))
    const call = { arrived, response, random, forward }
    const name = pick(rates, arrived.operation, random())
    if (name !== undefined) struck.set(name, (struck.get(name) ?? 0) + 1)
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
    ...standIn,
    struck,
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

/** What must not be done at the same time: writes of one item, attempts of one transaction or batch. */
function subjectOf({ body, text }: Arrived): string {
  const {
    Key: key,
    Item: item,
    ClientRequestToken: token,
  } = body as Record<string, { id?: unknown } | undefined>
  return JSON.stringify(key?.id ?? item?.id ?? token ?? text)
}

async function inTurn<Result>(
  lastOf: Map<string, Promise<unknown>>,
  subject: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = lastOf.get(subject) ?? Promise.resolve()
  const mine = before.then(work, work)
  lastOf.set(subject, mine)
  return mine
}

async function send(agent: Agent, { headers, text }: Arrived, body = text): Promise<Answered> {
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

/** Has a part of a batch carried out and says that the rest was not. */
async function leaveUnprocessed({ arrived, response, forward }: Call, isLeft: () => boolean): Promise<void> {
  const get = arrived.operation === 'BatchGetItem'
  const done: RequestItems = {}
  const left: RequestItems = {}
  for (const [table, asked] of Object.entries(arrived.body['RequestItems'] as RequestItems)) {
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
      : await forward({ ...arrived.body, RequestItems: done })
  if (answered.status !== 200) {
    pass(response, answered)
    return
  }
  const answer = JSON.parse(answered.text) as object
  const text = JSON.stringify({ ...answer, [get ? 'UnprocessedKeys' : 'UnprocessedItems']: left })
  pass(response, { status: 200, text })
}

/** When a request was signed, in ms since 1970. */
export function signedAt({ headers }: Arrived): number {
  return Date.parse(
    String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'),
  )
}

/** Whether the signature is the one that belongs to the request. */
export function isSigned({ headers, text }: Arrived): boolean {
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
