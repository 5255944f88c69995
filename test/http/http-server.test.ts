/** HTTP requests below the routes: request targets, malformed HTTP and request ids, over a raw socket where needed. */
import { connect } from 'node:net'
import t from 'tap'
import { answer, startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { DOCUMENT, type Service, startService, TYPED } from '../helpers/service.js'

t.test('HTTP requests', async (t) => {
  const dynamodb = await startFakeDynamoDB(t, (_received, response) => {
    answer(response, {})
  })
  const service = await startService(t, { bodyLimitBytes: 100_000 }, dynamodb.endpoint)
  const put = '/v1/tables/T/put'
  const item = { id: 'a' }

  t.test('a body without Content-Type is read as document JSON', async (t) => {
    const raw = await speak(
      service,
      `POST ${put} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 19\r\n\r\n{"item":{"id":"a"}}`,
    )
    t.match(raw, /^HTTP\/1\.1 200 /)
  })

  t.test('a request target may be an absolute URL or be percent-encoded without need', async (t) => {
    for (const target of [`http://example.com${put}`, put.replace('v', '%76')]) {
      const raw = await speak(
        service,
        `POST ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${TYPED}\r\ncontent-length: 25\r\n\r\n{"item":{"id":{"S":"a"}}}`,
      )
      t.match(raw, /^HTTP\/1\.1 200 /, target)
      t.match(raw, `content-type: ${TYPED}`, target)
    }
    const wrong = await speak(
      service,
      'GET http://example.com/secret?x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    )
    t.match(wrong, /"instance":"\/secret"/)
  })

  t.test('a path with invalid percent-encoding gets 400 with a problem', async (t) => {
    const { status, body, headers } = await service.post('/v1/tables/%zz/put', { item })
    t.equal(status, 400)
    t.equal(headers.get('x-request-id'), body['requestId'])
    t.equal(service.log.filter(({ requestId }) => requestId === body['requestId']).length, 1)
    t.match(body, { code: 'InvalidRequest' })
  })

  t.test('malformed HTTP gets 400 with a problem and a closed connection', async (t) => {
    const raw = await speak(service, 'NONSENSE\r\n\r\n')
    t.match(raw, /^HTTP\/1\.1 400 Bad Request\r\n/)
    t.match(raw, /content-type: application\/problem\+json/)
    t.match(raw, /"code":"InvalidRequest"/)
    const owed = await speak(
      service,
      `POST ${put} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${DOCUMENT}\r\ncontent-length: 19\r\n\r\n{"item":{"id":"a"}}NONSENSE\r\n\r\n`,
    ).catch(() => '')
    t.notMatch(owed, /^HTTP\/1\.1 400/, 'not as the answer to the request before it')
    t.match(
      await speak(service, `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
    )
  })

  t.test('a valid x-request-id is kept, and an invalid one is replaced', async (t) => {
    const sane = await service.post(put, { item }, { 'x-request-id': 'trace-1/a:b.c_d=+@' })
    t.equal(sane.headers.get('x-request-id'), 'trace-1/a:b.c_d=+@')
    for (const id of ['', 'with space', 'x'.repeat(129), '"quoted"', '<script>']) {
      const { headers } = await service.post(put, { item }, { 'x-request-id': id })
      t.match(headers.get('x-request-id'), /^[0-9a-f-]{36}$/)
    }
    const problem = await service.post(put, {}, { 'x-request-id': 'mine' })
    t.equal(problem.body['requestId'], 'mine')
    t.match(
      service.log.filter(({ requestId }) => requestId === 'mine'),
      [{ statusCode: 400, code: 'InvalidRequest', method: 'POST', url: put, responseTime: Number }],
    )
  })
})

/** Sends raw bytes; resolves to everything received until the connection ends. */
async function speak(service: Service, bytes: string): Promise<string> {
  const { hostname, port } = new URL(service.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('end', () => {
      socket.end()
      resolve(answer)
    })
    socket.on('error', reject)
  })
}
