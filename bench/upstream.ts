/**
 * DynamoDB's place: answers prepared before, over plain sockets, after `DELAY_MS`. It checks nothing, but keeps the
 * last request for whoever asks for it.
 */
import { createServer } from 'node:net'
import { crc32 } from 'node:zlib'
import { cases } from './cases.js'
import { readMessages } from './http-messages.js'
import { typed } from './items.js'

const delayMs = Number(process.env['DELAY_MS'] ?? 0)
let last: Buffer = Buffer.alloc(0)

function prepare(output: object): Buffer {
  const text = JSON.stringify(output)
  return Buffer.from(
    'HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n' +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: keep-alive\r\n` +
      `x-amzn-RequestId: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: ${crc32(text)}\r\n\r\n${text}`,
  )
}

const answers = new Map<string, Buffer>([
  [
    'DescribeTable',
    prepare({ Table: { TableName: 'batch', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }),
  ],
  ['BatchWriteItem', prepare({ UnprocessedItems: {} })],
  // GetItem's differ by table; the others have one each.
  ...cases.map(
    ({ operation, input, output }) =>
      [operation === 'GetItem' ? String(input(typed)['TableName']) : operation, prepare(output)] as const,
  ),
])
const otherwise = prepare({})

createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  readMessages(socket, (head, body) => {
    const operation = /\r\nx-amz-target: *DynamoDB_20120810\.(\w+)/i.exec(head)?.[1] ?? ''
    last = Buffer.concat(body)
    const name =
      operation === 'GetItem' ? /"TableName":"([^"]+)"/.exec(last.toString('latin1'))?.[1] : operation
    const answer = answers.get(name ?? '') ?? otherwise
    if (delayMs === 0) socket.write(answer)
    else setTimeout(() => socket.write(answer), delayMs)
  })
}).listen(Number(process.env['PORT']), '127.0.0.1')

process.on('message', () => process.send?.(last.toString()))
