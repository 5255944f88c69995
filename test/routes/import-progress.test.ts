/** `POST /v1/tables/{table}/import` with `Accept: application/x-ndjson`: lines of progress while it goes on. */
import { once } from 'node:events'
import { request } from 'node:http'
import { createGunzip } from 'node:zlib'
import t from 'tap'
import { createTable, NDJSON, needsDynamoDB, type Service, startService } from '../helpers/service.js'

/** An import whose body is sent bit by bit. */
async function slowImport(service: Service, table: string, encoding = 'identity') {
  const sent = request(`${service.url}/v1/tables/${table}/import`, {
    method: 'POST',
    headers: { 'content-type': NDJSON, accept: NDJSON, 'accept-encoding': encoding },
  })
  let text = ''
  let wake: () => void = () => undefined
  sent.write('{"id":"1"}\n{"id":"2"}\n\n')
  const [response] = (await once(sent, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number; headers: object },
  ]
  const body = encoding === 'gzip' ? response.pipe(createGunzip()) : response
  body.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    wake()
  })
  const ended = once(body, 'end')
  const more = () => new Promise<void>((resolve) => (wake = resolve))
  return {
    sent,
    response,
    ended,
    more,
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as object),
  }
}

t.test('progress of an import', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)

  for (const encoding of ['identity', 'gzip']) {
    await t.test(`is told every second, and then the end (${encoding})`, async (t) => {
      const { sent, response, ended, more, lines } = await slowImport(service, table, encoding)
      t.match(response, { statusCode: 200, headers: { 'content-type': NDJSON } })
      if (lines().length === 0) await more()
      t.match(lines(), [{ written: 0, line: 4 }])
      // Less than a full request waits for more.
      sent.write(Array.from({ length: 25 }, (_, n) => `{"id":"more ${n}"}\n`).join(''))
      while (!lines().some((line) => 'written' in line && line.written === 25)) await more()
      t.match(lines().at(-1), { written: 25, line: 29 })
      sent.end('{"id":"last"}')
      await ended
      t.same(lines().at(-1), { written: 28 })
    })
  }

  await t.test('ends with the problem if the import stops', async (t) => {
    const { sent, response, ended, lines } = await slowImport(service, table)
    sent.end('{"id":"3"}\nnonsense\n{"id":"4"}')
    await ended
    t.equal(response.statusCode, 200)
    t.match(lines().at(-1), {
      status: 400,
      code: 'InvalidRequest',
      line: 5,
      written: 3,
      detail: /^line 5 must be an object/,
    })
    const [logged] = service.log.filter(({ code }) => code === 'InvalidRequest')
    t.match(logged, { status: 200 })
  })

  await t.test('is one line of a short import, and a problem is as ever', async (t) => {
    const headers = { 'content-type': NDJSON, accept: NDJSON }
    const short = await service.post(`/v1/tables/${table}/import`, '{"id":"a"}', headers)
    t.same([short.status, short.headers.get('content-type'), short.text], [200, NDJSON, '{"written":1}'])
    const wrong = await service.post(`/v1/tables/${table}/import`, '{}', headers)
    t.match([wrong.status, wrong.headers.get('content-type')], [400, 'application/problem+json'])
  })
})
