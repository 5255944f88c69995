/**
 * The canned upstream: prepared answers over plain sockets, after `DELAY_MS`. It checks nothing, and keeps the last
 * request for inspection.
 */
import { createServer, type Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import { cases, pageOutput, PAGES, streamed } from './cases.js'
import { readMessages } from './http-messages.js'
import { typed } from './items.js'

const delayMs = Number(process.env['DELAY_MS'] ?? 0)
let last: Buffer = Buffer.alloc(0)

function prepare(output: object): Buffer {
  const text = JSON.stringify(output)
  return Buffer.from(headOf(Buffer.byteLength(text), crc32(text)) + text)
}

function headOf(length: number, checksum: number): string {
  return (
    'HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n' +
    `Content-Length: ${length}\r\nConnection: keep-alive\r\n` +
    `x-amzn-RequestId: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\r\nx-amz-crc32: ${checksum}\r\n\r\n`
  )
}

const answers = new Map<string, Buffer>([
  [
    'DescribeTable',
    prepare({ Table: { TableName: 'batch', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }),
  ],
  ['BatchWriteItem', prepare({ UnprocessedItems: {} })],
  // The answer to GetItem depends on the table; each other operation has one.
  ...cases.map(
    ({ operation, input, output }) =>
      [operation === 'GetItem' ? String(input(typed)['TableName']) : operation, prepare(output)] as const,
  ),
])
const otherwise = prepare({})

/** The items of gets by their table, before and behind the key that was asked for. */
const gets = new Map<string, readonly [before: string, behind: string]>(
  cases.flatMap(({ operation, input, output }) => {
    if (operation !== 'GetItem') return []
    const { TableName, Key } = input(typed) as { TableName: string; Key: { id: { S: string } } }
    const [before = '', ...behind] = JSON.stringify(output['Item']).split(Key.id.S)
    return [[TableName, [before, behind.join(Key.id.S)]] as const]
  }),
)

/** The items of a BatchGetItem about the table of gets; undefined for another table. */
function answerGets(request: string): Buffer | undefined {
  const table = /"RequestItems":\{"([^"]+)"/.exec(request)?.[1] ?? ''
  const item = gets.get(table)
  if (item === undefined) return undefined
  const items = Array.from(request.matchAll(/"id":\{"S":"([^"]+)"\}/g), ([, id = '']) => item.join(id))
  const text = `{"Responses":{"${table}":[${items.join()}]},"UnprocessedKeys":{}}`
  return Buffer.from(headOf(Buffer.byteLength(text), crc32(text)) + text)
}

/** The answers about the table {@link PAGES}. */
const ofPages = new Map<string, Buffer>([
  [
    'DescribeTable',
    prepare({
      Table: {
        TableName: PAGES,
        KeySchema: [
          { AttributeName: 'customer', KeyType: 'HASH' },
          { AttributeName: 'id', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'customer', AttributeType: 'S' },
          { AttributeName: 'id', AttributeType: 'S' },
        ],
      },
    }),
  ],
  ['Query', prepare(pageOutput())],
])

const page = Buffer.from(JSON.stringify({ Items: streamed, Count: streamed.length }).slice(0, -1))
const pageCrc = crc32(page)

/** A page of a Scan. The exclusive start key has the number of pages left, as has the table's name at first. */
function answerPage(socket: Socket, request: string): void {
  const left = Number(
    /"(?:pages-|page":\{"N":")(\d+)/.exec(
      request.slice(request.lastIndexOf('"ExclusiveStartKey":') + 1),
    )?.[1],
  )
  const end = Buffer.from(left > 1 ? `,"LastEvaluatedKey":{"page":{"N":"${left - 1}"}}}` : '}')
  socket.write(headOf(page.length + end.length, crc32(end, pageCrc)))
  socket.write(page)
  socket.write(end)
}

createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  readMessages(socket, (head, body) => {
    const operation = /\r\nx-amz-target: *DynamoDB_20120810\.(\w+)/i.exec(head)?.[1] ?? ''
    last = Buffer.concat(body)
    if (operation === 'Scan') {
      answerPage(socket, last.toString('latin1'))
      return
    }
    const name =
      operation === 'GetItem' ? /"TableName":"([^"]+)"/.exec(last.toString('latin1'))?.[1] : operation
    const isOfPages = last.includes(`"TableName":"${PAGES}"`)
    const answer =
      (isOfPages ? ofPages.get(operation) : undefined) ??
      (operation === 'BatchGetItem' ? answerGets(last.toString('latin1')) : undefined) ??
      answers.get(name ?? '') ??
      otherwise
    if (delayMs === 0) socket.write(answer)
    else setTimeout(() => socket.write(answer), delayMs)
  })
}).listen(Number(process.env['PORT']), '127.0.0.1')

process.on('message', () => process.send?.(last.toString()))
