/** `POST /v1/tables/{table}/import`: items, one a line, as documents or in DynamoDB's export format. */
import { request } from 'node:http'
import t, { type Test } from 'tap'
import { importLines, scanLines } from '../helpers/item-lines.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
  TYPED,
} from '../helpers/service.js'

t.test('import', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000 })

  t.test('distinguishes a line in DynamoDB’s export format from a document', async (t) => {
    const lines: [line: string, id: string | RegExp][] = [
      ['{"Item":{"id":{"S":"1"}}}', '1'],
      [' { "Item" : { "id" : { "S" : "2" } } } ', '2'],
      ['{"\\u0049tem":{"id":{"S":"3"}}}', '3'],
      ['{"Item":{"id":{"S":"4"},"Item":{"M":{}}}}', '4'],
      [
        '{"Item":{"id":{"X":"1"}}}',
        /^line 1\/Item\/id has "X", which is no type of an AttributeValue\. Correct it and continue from line \d+\.$/,
      ],
      ['{"Item":{"id":"5"}}', /^line 1: .*key/],
      ['{"Item":{}}', /^line 1: .*(?:key|null)/],
      ['{"Item":[]}', /^line 1: .*key/],
      [
        '{"Item":{"id":{"S":"6"}},"Item":{"id":{"S":"6"}}}',
        /^line 1\/Item has the name "Item" twice\. Correct it and continue from line \d+\.$/,
      ],
      ['{"Item":{"id":{"S":"7"}}} {}', /^line 1.* is not valid JSON: expected the end/],
      ['{"Item":{"id":{"S":"8"}}', /^line 1.* is not valid JSON/],
    ]
    const table = await createTable(t, service)
    for (const [line, expected] of lines) {
      const { status, body } = await importLines(service, table, line)
      if (typeof expected === 'string') {
        t.same(body, { written: 1 }, line)
        t.equal((await service.post(`/v1/tables/${table}/get`, { key: { id: expected } })).status, 200, line)
      } else {
        t.match(body, { status: 400, detail: expected, line: 1, written: 0 }, line)
        t.equal(status, 400)
      }
    }
  })

  t.test('accepts empty lines, CRLF and a last line without an end', async (t) => {
    const table = await createTable(t, service)
    const { body } = await importLines(service, table, '\n{"id":"a"}\r\n\r\n \n{"id":"b"}\r\n{"id":"c"}')
    t.same(body, { written: 3 })
    t.same((await importLines(service, table, '')).body, { written: 0 })
    t.same((await importLines(service, table, '\n\n')).body, { written: 0 })
    t.same((await scanLines(service, table)).sort(), ['{"id":"a"}', '{"id":"b"}', '{"id":"c"}'])
    t.same(await scanLines(service, table, DOCUMENT, { filterExpression: 'attribute_exists(nothing)' }), [])
  })

  t.test('accepts lines only in UTF-8', async (t) => {
    const table = await createTable(t, service)
    for (const type of [TYPED, 'text/plain', `${NDJSON}; charset=latin1`, 'nonsense', undefined]) {
      const answer = await importLines(service, table, Buffer.from('{"id":"a"}'), {
        'content-type': type ?? '',
      })
      t.match(answer.body, { status: 415, code: 'UnsupportedMediaType' }, type ?? 'none')
    }
    const accepted = await importLines(service, table, '{"id":"a"}', {
      'content-type': `${NDJSON};charset=utf-8`,
    })
    t.same(accepted.body, { written: 1 })
    const put = await service.post(`/v1/tables/${table}/put`, '{"id":"a"}\n', { 'content-type': NDJSON })
    t.match(put.body, { status: 415, code: 'UnsupportedMediaType', detail: /application\/json or/ })
  })

  t.test('writes lines with one key in their order, so that the last one wins', async (t) => {
    const table = await createTable(t, service, { sortKey: true })
    // Repeated keys within one request and across requests in flight, with one number in several notations.
    const lines = Array.from({ length: 900 }, (_, at) => {
      const key = at % 7 === 0 ? at % 3 : at % 150
      const n = ['', '.0', 'e0', '.00'][at % 4] ?? ''
      return { key, line: `{"id":"a","n":${key}${n},"at":${at}}` }
    })
    const last = new Map(lines.map(({ key }, at) => [key, at]))
    const { body } = await importLines(service, table, lines.map(({ line }) => line).join('\n'))
    t.same(body, { written: lines.length })
    const found = (await scanLines(service, table)).map(
      (line) => JSON.parse(line) as { n: number; at: number },
    )
    t.same(new Map(found.map(({ n, at }) => [n, at])), last)
  })

  t.test('stops at an invalid line and returns its number', async (t) => {
    const good = (n: number) => `{"id":"id-${n}"}`
    const many = (count: number) => Array.from({ length: count }, (_, n) => good(n + 1))
    const wrong: [line: string, problem: object][] = [
      ['{"id":', { code: 'InvalidRequest', detail: /^line \d+\/id is not valid JSON/ }],
      [
        '[]',
        {
          code: 'InvalidRequest',
          detail: /^line \d+ must be an object: it is an array\. .* Correct it and continue from line \d+\.$/,
        },
      ],
      ['{"name":"no key"}', { code: 'ValidationException', detail: /^line \d+: .*key/ }],
      ['{"id":5}', { code: 'ValidationException', detail: /^line \d+: .*[Tt]ype/ }],
      [
        '{"id":"a","a":"\\ud800"}',
        { code: 'InvalidRequest', detail: /^line \d+\/a has half a surrogate pair/ },
      ],
    ]
    const at: [before: number, behind: number][] = [
      [0, 3],
      [10, 3],
      [24, 0],
      [25, 100],
      [1010, 300],
    ]
    for (const [index, [line, problem]] of wrong.entries()) {
      const [before, behind] = at[index] ?? [0, 0]
      {
        const table = await createTable(t, service)
        const behindIt = Array.from({ length: behind }, (_, n) => good(10_000 + n))
        const { body } = await importLines(service, table, [...many(before), line, ...behindIt].join('\n'))
        t.match(
          body,
          { status: 400, line: before + 1, retryable: false, ...problem },
          `${line} behind ${before}`,
        )
        t.notOk('unprocessedItems' in body)
        const stored = new Set(
          (await scanLines(service, table)).map((found) => (JSON.parse(found) as { id: string }).id),
        )
        t.equal(stored.size, body['written'], '`written` counts the stored items')
        t.ok(
          Array.from({ length: before }, (_, n) => `id-${n + 1}`).every((id) => stored.has(id)),
          'every line before it is stored',
        )
      }
    }
  })

  t.test('returns the number of a line that is not UTF-8 or is too long', async (t) => {
    const table = await createTable(t, service)
    const noUtf8 = Buffer.concat([
      Buffer.from('{"id":"a"}\n{"id":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ])
    t.match((await importLines(service, table, noUtf8)).body, {
      code: 'InvalidRequest',
      detail: 'line 2 is not valid UTF-8',
      line: 2,
      written: 1,
    })
    const long = `{"id":"b"}\n{"id":"c","a":"${'x'.repeat(100_000)}"}\n{"id":"d"}`
    t.match((await importLines(service, table, long)).body, {
      status: 413,
      code: 'PayloadTooLarge',
      line: 2,
      written: 1,
    })
    const many = Array.from({ length: 30 }, (_, n) => `{"id":"${n}","a":"${'x'.repeat(50_000)}"}\n`).join('')
    t.same(
      (await importLines(service, table, many)).body,
      { written: 30 },
      'the body as a whole has no limit',
    )
  })

  t.test('answers 404 for a missing table', async (t) => {
    const { body } = await importLines(service, 'Nobody', '{"id":"a"}\n')
    t.match(body, { status: 404, code: 'ResourceNotFoundException', line: 1, written: 0 })
  })

  t.test('responds to a caller that is still sending', async (t) => {
    const table = await createTable(t, service)
    const { status, text } = await sendForever(t, service, table, (n) =>
      n === 100 ? 'nonsense\n' : `{"id":"${n}"}\n`,
    )
    t.equal(status, 400)
    t.match(JSON.parse(text), { code: 'InvalidRequest', line: 101, written: 100 })
  })
})

/** Sends lines, and goes on sending after the response has started. */
function sendForever(t: Test, service: Service, table: string, line: (n: number) => string) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const upload = request(`${service.url}/v1/tables/${table}/import`, {
      method: 'POST',
      headers: { 'content-type': NDJSON },
    })
    let n = 0
    const timer = setInterval(() => {
      for (let count = 0; count < 100; count++) upload.write(line(n++))
    }, 1)
    t.teardown(() => {
      clearInterval(timer)
      upload.destroy()
    })
    upload.on('error', reject)
    upload.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => {
        resolve({ status: response.statusCode, text })
      })
    })
  })
}
