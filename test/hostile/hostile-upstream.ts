/**
 * What a broken, hostile or impersonated DynamoDB may answer. The service trusts DynamoDB with the data, but not with its
 * own life.
 */
import type { ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { answer, type Behavior, type ReceivedRequest, refuse } from '../helpers/fake-dynamodb.js'
import { minefield } from './minefield.js'
import { goodAnswer } from './upstream.js'

/** Writes bytes to the connection instead of an answer, and closes it. */
function raw(response: ServerResponse, bytes: string | Buffer): void {
  response.socket?.end(bytes)
}

const headOf = (length: number | string, more = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n${more}content-length: ${length}\r\n\r\n`

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'x-amz-crc32': String(crc32(body)), ...headers }).end(body)
}

const LONG = 'x'.repeat(10 * 1024 * 1024)
const MEMBERS = [
  'Item',
  'Attributes',
  'Items',
  'Responses',
  'Table',
  'TableDescription',
  'TableNames',
  'UnprocessedKeys',
  'UnprocessedItems',
  'LastEvaluatedKey',
  'ConsumedCapacity',
  'ItemCollectionMetrics',
  'Count',
]

/** A good answer in which one value is another. */
function withMember(name: string, value: string): Behavior {
  return (_received, response) => {
    answer(response, `{"${name}":${value}}`)
  }
}

const always =
  (respond: (response: ServerResponse, received: ReceivedRequest) => void): Behavior =>
  (received, response) => {
    respond(response, received)
  }

const bodies: Behavior[] = [
  ...minefield.map((text) =>
    always((response) => {
      answer(response, text)
    }),
  ),
  ...minefield.flatMap((text) =>
    MEMBERS.filter((_, index) => (text.length + index) % 4 === 0).map((name) => withMember(name, text)),
  ),
  ...minefield.flatMap((text) =>
    ['Item', 'Items', 'Responses'].map((name) =>
      withMember(
        name,
        name === 'Item'
          ? `{"a":${text}}`
          : name === 'Items'
            ? `[{"a":${text}}]`
            : `{"Orders":[{"a":${text}}]}`,
      ),
    ),
  ),
]

const statuses = [
  201, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 408, 413, 429, 500, 501, 502, 503, 504, 599, 999,
]

const errors: Behavior[] = [
  ...statuses.flatMap((status) =>
    [
      '',
      '{}',
      'null',
      '<html><script>alert(1)</script></html>',
      '{"__type":1,"message":{}}',
      '{"__type":"x#__proto__"}',
      '{"__type":"InternalError"}',
      '{"__type":"toString","Message":"a"}',
      '[]',
    ].map((body) =>
      always((response) => {
        send(response, status, status === 204 || status === 304 ? '' : body, {
          location: 'http://127.0.0.1:1/',
        })
      }),
    ),
  ),
  ...[
    'a\r\nb: c',
    '\0\u0007\u001b[31m',
    'é😀\u2028',
    '<svg onload=alert(1)>',
    '"}, "code": "a',
    LONG,
    'arn:aws:dynamodb:eu-central-1:123456789012:table/T '.repeat(2000),
  ].flatMap((message) => [
    always((response) => {
      refuse(response, 400, 'ValidationException', message)
    }),
    always((response) => {
      refuse(response, 400, 'A'.repeat(Math.min(message.length, 5000)), message)
    }),
    always((response) => {
      refuse(response, 400, 'TransactionCanceledException', message, {
        members: { CancellationReasons: [{ Code: message, Message: message, Item: { a: { S: 'a' } } }] },
      })
    }),
  ]),
  ...minefield.map((text) =>
    always((response) => {
      send(
        response,
        400,
        `{"__type":"a#TransactionCanceledException","message":"a","CancellationReasons":${text},"Item":${text}}`,
      )
    }),
  ),
  ...[
    '0',
    '-1',
    '1e400',
    'Infinity',
    'NaN',
    '99999999999999999999',
    'Wed, 25 Nov 9999 00:00:00 GMT',
    'soon',
    '',
  ].flatMap((value) => [
    always((response) => {
      refuse(response, 400, 'ThrottlingException', 'slow down', { headers: { 'retry-after': value } })
    }),
    always((response) => {
      refuse(response, 400, 'ThrottlingException', 'slow down', { headers: { 'x-amz-retry-after': value } })
    }),
  ]),
]

const transport: Behavior[] = [
  always((response) => response.socket?.destroy()),
  always((response) => response.socket?.resetAndDestroy()),
  always((response) => {
    raw(response, '')
  }),
  always((response) => {
    raw(response, '\x16\x03\x01\x00')
  }),
  always((response) => {
    raw(response, 'HTTP/1.1 200')
  }),
  always((response) => {
    raw(response, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000))
  }),
  always((response) => {
    raw(response, 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n')
  }),
  always((response) => {
    raw(response, `HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${headOf(2)}{}`)
  }),
  always((response, received) => {
    raw(response, `${headOf(Buffer.byteLength(goodAnswer(received)) + 10)}${goodAnswer(received)}`)
  }),
  always((response, received) => {
    raw(response, `${headOf(1)}${goodAnswer(received)}`)
  }),
  always((response, received) => {
    raw(response, `${headOf(-1)}${goodAnswer(received)}`)
  }),
  always((response, received) => {
    raw(response, `${headOf(2, 'transfer-encoding: chunked\r\n')}${goodAnswer(received)}`)
  }),
  always((response) => {
    raw(response, `${headOf('2\r\ncontent-length: 3')}{}x`)
  }),
  always((response) => {
    raw(response, `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(1_000_000)}\r\n\r\n`)
  }),
  always((response) => {
    raw(response, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n')
  }),
  always((response) => {
    raw(response, `${headOf(2, 'content-encoding: gzip\r\n')}{}`)
  }),
  // A second answer that nobody asked for.
  always((response) => {
    response.socket?.write(`${headOf(2)}{}${headOf(2)}{}`)
  }),
  always((response, received) => {
    send(response, 200, goodAnswer(received), { 'x-amz-crc32': '1' })
  }),
  always((response, received) => {
    send(response, 200, goodAnswer(received), { 'x-amz-crc32': 'NaN' })
  }),
  always((response, received) => {
    send(response, 200, goodAnswer(received).slice(0, -1))
  }),
  // Never ends.
  always((response) => {
    response.writeHead(200)
    response.write('{')
  }),
  () => undefined,
  // One byte at a time.
  always((response, received) => {
    const bytes = Buffer.from(goodAnswer(received))
    response.writeHead(200)
    let at = 0
    const timer = setInterval(() => {
      if (at >= bytes.length) response.end()
      else response.write(bytes.subarray(at, ++at))
    }, 1)
    response.once('close', () => {
      clearInterval(timer)
    })
  }),
]

/** Everything that the upstream may do instead of answering. */
export const misbehaviors: readonly Behavior[] = [...transport, ...errors, ...bodies]

/** Sends an answer that has no end, as fast as it is read. */
export const flood: Behavior = (_received, response) => {
  const chunk = Buffer.alloc(1024 * 1024, '{"a":')
  response.writeHead(200)
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}
