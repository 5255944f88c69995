/**
 * A fake DynamoDB on loopback. It speaks DynamoDB's protocol and answers as a test tells it to, for the faults that
 * DynamoDB Local cannot produce.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import type { Test } from 'tap'

/** A request that the fake has received. */
export interface ReceivedRequest {
  readonly operation: string
  readonly body: Record<string, unknown>
  readonly text: string
  readonly headers: IncomingHttpHeaders
  /** When it was received, and when it was answered or its connection was lost; in ms, by `performance.now()`. */
  readonly at: number
  ended?: number
}

/** How the fake responds to a request; `number` counts requests from 1. */
export type Behavior = (received: ReceivedRequest, response: ServerResponse, number: number) => void

export interface FakeDynamoDB {
  readonly endpoint: string
  readonly requests: ReceivedRequest[]
  /** Every connection that was ever opened. */
  readonly sockets: Set<Socket>
  behave: Behavior
}

/** Starts the fake on a free port; it stops with the test. */
export async function startFakeDynamoDB(t: Test, behave: Behavior): Promise<FakeDynamoDB> {
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const operation = String(request.headers['x-amz-target']).replace(
        /^DynamoDB(?:Streams)?_20120810\./,
        '',
      )
      const body = JSON.parse(text) as Record<string, unknown>
      const received: ReceivedRequest = {
        operation,
        body,
        text,
        headers: request.headers,
        at: performance.now(),
      }
      response.once('close', () => {
        received.ended = performance.now()
      })
      fake.behave(received, response, requests.push(received))
    })
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const fake: FakeDynamoDB = { endpoint: `http://127.0.0.1:${port}`, requests, sockets, behave }
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return fake
}

/** Sends a success as DynamoDB does, with its checksum. */
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

/**
 * Sends an error as DynamoDB does.
 * @param name the exception, such as `ThrottlingException`
 */
export function refuse(
  response: ServerResponse,
  status: number,
  name: string,
  message = `${name} by the fake`,
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
