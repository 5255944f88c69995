/**
 * A small server that speaks DynamoDB's protocol and does what a test tells it to: for the faults that DynamoDB
 * Local cannot produce.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import type { Test } from 'tap'

/** A request that has arrived. */
export interface Arrived {
  readonly operation: string
  readonly body: Record<string, unknown>
  readonly text: string
  readonly headers: IncomingHttpHeaders
  /** When it had arrived, and when it was answered or its connection lost; on the clock of `performance.now()`. */
  readonly at: number
  ended?: number
}

/** What the server does with a request; `number` counts them from 1. */
export type Behaviour = (arrived: Arrived, response: ServerResponse, number: number) => void

export interface StandIn {
  readonly endpoint: string
  readonly requests: Arrived[]
  /** The connections that were ever opened. */
  readonly sockets: Set<Socket>
  behave: Behaviour
}

export async function startStandIn(t: Test, behave: Behaviour): Promise<StandIn> {
  const requests: Arrived[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const operation = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '')
      const body = JSON.parse(text) as Record<string, unknown>
      const arrived: Arrived = { operation, body, text, headers: request.headers, at: performance.now() }
      response.once('close', () => {
        arrived.ended = performance.now()
      })
      standIn.behave(arrived, response, requests.push(arrived))
    })
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const standIn: StandIn = { endpoint: `http://127.0.0.1:${port}`, requests, sockets, behave }
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return standIn
}

/** Answers as DynamoDB does, with the checksum. */
export function answer(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(200, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'STANDIN',
    'x-amz-crc32': String(crc32(text)),
    ...headers,
  })
  response.end(text)
}

/** Refuses as DynamoDB does. */
export function refuse(
  response: ServerResponse,
  status: number,
  name: string,
  message = `${name} by the stand-in`,
  extra: { headers?: Record<string, string>; members?: object } = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': 'STANDIN',
    ...extra.headers,
  })
  const __type = `com.amazonaws.dynamodb.v20120810#${name}`
  response.end(JSON.stringify({ __type, message, ...extra.members }))
}
