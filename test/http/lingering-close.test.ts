/** Lingering close: a response that is sent while the client still sends its body reaches the client. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type Service, startService } from '../helpers/service.js'
import { scaled } from '../helpers/machine-speed.js'
import { within } from '../helpers/within.js'

const NOWHERE = 'http://127.0.0.1:1'
const LIMIT = 1024 * 1024
const MANY_TIMES = 10

t.test('every client that sends too large a body reads the 413', async (t) => {
  const service = await startService(t, { bodyLimitBytes: LIMIT }, NOWHERE)
  const body = Buffer.alloc(16 * LIMIT, ' ')

  await t.test('fetch with a Content-Length', async (t) => {
    for (let time = 0; time < MANY_TIMES; time++) {
      t.equal((await fetch(put(service), { method: 'POST', headers: JSON_TYPE, body })).status, 413)
    }
  })
  await t.test('fetch with chunks', async (t) => {
    for (let time = 0; time < MANY_TIMES; time++) {
      const init = { method: 'POST', headers: JSON_TYPE, body: new Blob([body]).stream(), duplex: 'half' }
      t.equal((await fetch(put(service), init as RequestInit)).status, 413)
    }
  })
  // Python's urllib sends everything before it reads, with Connection: close.
  await t.test('a client that reads only after it has sent everything', async (t) => {
    for (const connection of ['close', 'keep-alive']) {
      for (let time = 0; time < MANY_TIMES; time++) {
        const { answer, error } = await sendThenRead(service, body, connection)
        t.equal(error, undefined, connection)
        t.match(answer, /^HTTP\/1\.1 413 /, connection)
      }
    }
  })
  await t.test('HTTP/1.0', async (t) => {
    t.match((await sendThenRead(service, body, 'close', '1.0')).answer, /^HTTP\/1\.1 413 /)
  })
  await t.test('the service answers the next request', async (t) => {
    const { status } = await service.get('/health/live')
    t.equal(status, 200)
  })
})

t.test('every client whose body is refused for another reason reads the response', async (t) => {
  const service = await startService(t, {}, NOWHERE)
  const body = Buffer.alloc(16 * LIMIT, ' ')
  for (const [path, status] of [
    ['/v1/tables/T/nothing', 404],
    ['/health/live', 405],
    ['/v1/tables/T/import', 503],
  ] as const) {
    const { answer, error } = await sendThenRead(service, body, 'close', '1.1', path)
    t.equal(error, undefined, path)
    t.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${path}: ${answer.slice(0, 20)}`)
  }
})

t.test('a client that never stops sending is disconnected', async (t) => {
  const service = await startService(t, { bodyLimitBytes: LIMIT }, NOWHERE)
  const socket = await open(service)
  socket.on('error', () => undefined)
  socket.write(head('/v1/tables/T/put', 2 ** 40, 'keep-alive'))
  const piece = Buffer.alloc(64 * 1024, ' ')
  let sent = 0
  void (async () => {
    for (let mb = 0; mb < 1024 && !socket.destroyed; mb += 0.0625) {
      sent += piece.length
      if (socket.write(piece)) continue
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), sleep(1000)])
    }
  })()
  t.ok(await within(15_000, () => socket.destroyed), 'disconnected')
  t.ok(sent < 200 * LIMIT, `after ${sent} bytes`)
})

t.test('a client that stops in the middle of its body is disconnected', async (t) => {
  const service = await startService(t, { bodyLimitBytes: LIMIT }, NOWHERE)
  const socket = await open(service)
  socket.resume()
  socket.write(head('/v1/tables/T/put', 8 * LIMIT, 'keep-alive'))
  const start = performance.now()
  await once(socket, 'close')
  t.ok(performance.now() - start < scaled(10_000))
})

const JSON_TYPE = { 'content-type': 'application/json' }
const put = ({ url }: Service) => `${url}/v1/tables/T/put`

function head(path: string, length: number, connection: string, version = '1.1'): string {
  return (
    `POST ${path} HTTP/${version}\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${length}\r\nconnection: ${connection}\r\n\r\n`
  )
}

async function open({ url }: Service): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Sends a whole request before it reads the response. */
async function sendThenRead(
  service: Service,
  body: Buffer,
  connection: string,
  version = '1.1',
  path = '/v1/tables/T/put',
): Promise<{ readonly answer: string; readonly error: Error | undefined }> {
  const socket = await open(service)
  socket.pause()
  let error: Error | undefined
  socket.on('error', (failure) => {
    error = failure
  })
  await new Promise((resolve) => {
    socket.write(head(path, body.length, connection, version))
    socket.write(body, resolve)
  })
  if (error !== undefined) return { answer: '', error }
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.resume()
  await within(5000, () => answer.endsWith('}') || socket.destroyed)
  socket.destroy()
  return { answer, error }
}
