/** Items as lines: the answers of query and scan, and imports, on real DynamoDB Local. */
import { request } from 'node:http'
import t, { type Test } from 'tap'
import {
  createTable,
  DOCUMENT,
  needsDynamoDB,
  type Service,
  startService,
  TYPED,
  NDJSON,
} from '../helpers/service.js'

const importInto = (service: Service, table: string, body: string | Buffer, headers = {}) =>
  service.request(`/v1/tables/${table}/import`, {
    method: 'POST',
    body,
    headers: { 'content-type': NDJSON, ...headers },
  })

/** The lines of an answer, in any order. */
async function scanLines(service: Service, table: string, type = DOCUMENT, body: object = {}) {
  const { status, headers, text } = await service.post(`/v1/tables/${table}/scan`, body, {
    'content-type': type,
    accept: NDJSON,
  })
  if (status !== 200) throw new Error(text)
  if (headers.get('content-type') !== NDJSON)
    throw new Error(`it is ${headers.get('content-type') ?? 'nothing'}`)
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  return text.split('\n').slice(0, -1)
}

/** Items with all types, and those whose lines could be taken for something else. */
const odd = [
  '{"id":"every type","n":12345678901234567890.12,"b":{"$binary":"AAEC"},"t":true,"f":false,"z":null,' +
    '"l":[1,"a",[],{}],"m":{"a":{"b":[null]}},"ss":{"$stringSet":["a","b"]},"ns":{"$numberSet":[1,2.5]},' +
    '"bs":{"$binarySet":["AAEC","/+8="]}}',
  '{"id":"a map that looks like a type","m":{"$map":{"$binary":"x"}}}',
  '{"id":"escapes \\n \\" \\\\ \\u0000 \\u2028 é 😀"}',
  '{"id":"Item","Item":{"id":{"S":"not this"}}}',
  '{"Item":{"id":{"S":"nor this"}},"id":"Item first"}',
  '{"id":"__proto__","__proto__":{"constructor":1}}',
  '{"id":"only"}',
]

t.test('items as lines', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000 })

  t.test('go out and in again, in both formats, whatever is in them', async (t) => {
    const table = await createTable(t, service)
    const { status, body } = await importInto(service, table, odd.join('\n'))
    t.same([status, body], [200, { written: odd.length }])
    const documents = (await scanLines(service, table)).sort()
    const digits = (lines: string[]) => lines.map((line) => JSON.parse(line) as { id: string })
    const byId = (lines: string[]) => new Map(digits(lines).map((item) => [item.id, item]))
    const asSets = (lines: string[]) => lines.map((line) => line.replaceAll('"/+8=","AAEC"', '"AAEC","/+8="'))
    t.same(byId(asSets(documents)), byId(odd))
    t.ok(documents.some((line) => line.includes('12345678901234567890.12')))

    const exported = (await scanLines(service, table, TYPED)).sort()
    for (const line of exported) t.match(line, /^\{"Item":\{[^]*"id":\{"S":"[^]*\}\}$/)
    for (const lines of [documents, exported]) {
      const copy = await createTable(t, service)
      t.same((await importInto(service, copy, `${lines.join('\n')}\n`)).body, { written: odd.length })
      t.same((await scanLines(service, copy)).sort(), documents)
      t.same((await scanLines(service, copy, TYPED)).sort(), exported)
    }
  })

  t.test('a line in DynamoDB’s export format is told from a document', async (t) => {
    const lines: [line: string, id: string | RegExp][] = [
      ['{"Item":{"id":{"S":"1"}}}', '1'],
      [' { "Item" : { "id" : { "S" : "2" } } } ', '2'],
      ['{"\\u0049tem":{"id":{"S":"3"}}}', '3'],
      ['{"Item":{"id":{"S":"4"},"Item":{"M":{}}}}', '4'],
      ['{"Item":{"id":{"X":"1"}}}', /^line 1\/Item\/id has "X", which is no type of an AttributeValue$/],
      ['{"Item":{"id":"5"}}', /^line 1: .*key/],
      ['{"Item":{}}', /^line 1: .*(?:key|null)/],
      ['{"Item":[]}', /^line 1: .*key/],
      ['{"Item":{"id":{"S":"6"}},"Item":{"id":{"S":"6"}}}', /^line 1\/Item has the name "Item" twice$/],
      ['{"Item":{"id":{"S":"7"}}} {}', /^line 1.* is not valid JSON: expected the end/],
      ['{"Item":{"id":{"S":"8"}}', /^line 1.* is not valid JSON/],
    ]
    const table = await createTable(t, service)
    for (const [line, expected] of lines) {
      const { status, body } = await importInto(service, table, line)
      if (typeof expected === 'string') {
        t.same(body, { written: 1 }, line)
        t.equal((await service.post(`/v1/tables/${table}/get`, { key: { id: expected } })).status, 200, line)
      } else {
        t.match(body, { status: 400, detail: expected, line: 1, written: 0 }, line)
        t.equal(status, 400)
      }
    }
  })

  t.test('may be empty, end with CRLF, or without an end', async (t) => {
    const table = await createTable(t, service)
    const { body } = await importInto(service, table, '\n{"id":"a"}\r\n\r\n \n{"id":"b"}\r\n{"id":"c"}')
    t.same(body, { written: 3 })
    t.same((await importInto(service, table, '')).body, { written: 0 })
    t.same((await importInto(service, table, '\n\n')).body, { written: 0 })
    t.same((await scanLines(service, table)).sort(), ['{"id":"a"}', '{"id":"b"}', '{"id":"c"}'])
    t.same(await scanLines(service, table, DOCUMENT, { filterExpression: 'attribute_exists(nothing)' }), [])
  })

  t.test('come over all pages, from where and how it was asked', async (t) => {
    const table = await createTable(t, service, { sortKey: true, index: true })
    const items = Array.from({ length: 60 }, (_, n) => `{"id":"a","n":${n},"color":"red"}`)
    t.same((await importInto(service, table, items.join('\n'))).body, { written: 60 })
    const query = async (body: object, type = DOCUMENT) => {
      const { text } = await service.post(`/v1/tables/${table}/query`, body, {
        'content-type': type,
        accept: NDJSON,
      })
      return text.split('\n').slice(0, -1)
    }
    const numbers = (lines: string[]) => lines.map((line) => (JSON.parse(line) as { n: number }).n)
    const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
    const all = Array.from({ length: 60 }, (_, n) => n)
    for (const limit of [undefined, 1, 7, 60])
      t.same(numbers(await query({ ...ofA, limit })), all, `limit ${limit ?? 'none'}`)
    t.same(numbers(await query({ ...ofA, scanIndexForward: false, limit: 7 })), all.toReversed())
    t.same(numbers(await query({ ...ofA, limit: 9, exclusiveStartKey: { id: 'a', n: 49 } })), all.slice(50))
    t.same(
      numbers(await query({ ...ofA, projectionExpression: 'n', filterExpression: 'n < :id', limit: 9 })),
      [],
      'nothing passes the filter',
    )
    t.same(
      await query(
        {
          keyConditionExpression: 'id = :id',
          expressionAttributeValues: { ':id': { S: 'a' } },
          limit: 59,
          projectionExpression: 'n',
        },
        TYPED,
      ),
      all.map((n) => `{"Item":{"n":{"N":"${n}"}}}`),
    )
    const segments = await Promise.all(
      [0, 1, 2].map((segment) =>
        scanLines(service, table, DOCUMENT, { segment, totalSegments: 3, limit: 11 }),
      ),
    )
    t.same(
      numbers(segments.flat()).sort((a, b) => a - b),
      all,
    )
    t.equal((await scanLines(service, table, DOCUMENT, { indexName: 'byColor' })).length, 60)
  })

  t.test('are only sent where Accept asks for them, and only by query and scan', async (t) => {
    const table = await createTable(t, service)
    await importInto(service, table, '{"id":"a"}')
    const scan = (accept: string, type = DOCUMENT) =>
      service.post(`/v1/tables/${table}/scan`, {}, { accept, 'content-type': type })
    const accepted: [accept: string, type: string][] = [
      [NDJSON, NDJSON],
      ['Application/X-NDJSON', NDJSON],
      [`${NDJSON}, */*;q=0.1`, NDJSON],
      [`${DOCUMENT};q=0.4, ${NDJSON};q=0.5`, NDJSON],
      [`${DOCUMENT};q=0.5, ${NDJSON};q=0.4`, DOCUMENT],
      [`${DOCUMENT}, ${NDJSON}`, DOCUMENT],
      [`${NDJSON}, ${DOCUMENT}`, DOCUMENT],
      ['*/*', DOCUMENT],
      [`${NDJSON};q=0, */*`, DOCUMENT],
      [`${DOCUMENT};q=0, ${TYPED};q=0, */*`, NDJSON],
    ]
    for (const [accept, type] of accepted) {
      const { status, headers } = await scan(accept)
      t.same([status, headers.get('content-type')], [200, type], accept)
    }
    const refused = await scan('text/html')
    t.match(refused.body, {
      status: 406,
      code: 'NotAcceptable',
      detail: /by HTTP\/1\.1, application\/x-ndjson\.$/,
    })
    const key = { key: { id: 'a' } }
    const get = await service.post(`/v1/tables/${table}/get`, key, { accept: NDJSON })
    t.match(get.body, {
      status: 406,
      code: 'NotAcceptable',
      detail: /^Accept must allow application\/json or \S+\.$/,
    })
  })

  t.test('are not sent by HTTP/1.0, where an answer that broke off would look whole', async (t) => {
    const table = await createTable(t, service)
    const { port } = new URL(service.url)
    const socket = (await import('node:net')).connect(Number(port), '127.0.0.1')
    socket.write(
      `POST /v1/tables/${table}/scan HTTP/1.0\r\naccept: ${NDJSON}\r\ncontent-type: ${DOCUMENT}\r\ncontent-length: 2\r\n\r\n{}`,
    )
    let answered = ''
    for await (const chunk of socket) answered += String(chunk)
    t.match(answered, /^HTTP\/1\.1 406 /)
  })

  t.test('say nothing of counts and capacities', async (t) => {
    const table = await createTable(t, service)
    const wrong: [body: object, detail: string][] = [
      [{ select: 'COUNT' }, 'body/select: COUNT has no place in an answer that is application/x-ndjson'],
      [
        { returnConsumedCapacity: 'TOTAL' },
        'body/returnConsumedCapacity has no place in an answer that is application/x-ndjson, unless it is NONE',
      ],
      [{ limt: 1 }, 'body has an unknown field "limt"'],
    ]
    for (const [body, detail] of wrong) {
      const answer = await service.post(`/v1/tables/${table}/scan`, body, { accept: NDJSON })
      t.match(answer.body, { status: 400, code: 'InvalidRequest', detail })
      t.match(answer.headers.get('content-type'), 'application/problem+json')
    }
    t.same(
      await scanLines(service, table, DOCUMENT, { returnConsumedCapacity: 'NONE', select: 'ALL_ATTRIBUTES' }),
      [],
    )
  })

  t.test('what is wrong with the first page is an ordinary problem', async (t) => {
    const answer = await service.post('/v1/tables/Nobody/scan', {}, { accept: NDJSON })
    t.match(answer.body, { status: 404, code: 'ResourceNotFoundException' })
    t.match(answer.headers.get('content-type'), 'application/problem+json')
  })

  t.test('are imported as application/x-ndjson only, in UTF-8', async (t) => {
    const table = await createTable(t, service)
    for (const type of [DOCUMENT, TYPED, 'text/plain', `${NDJSON}; charset=latin1`, 'nonsense', undefined]) {
      const answer = await importInto(service, table, Buffer.from('{"id":"a"}'), {
        'content-type': type ?? '',
      })
      t.match(answer.body, { status: 415, code: 'UnsupportedMediaType' }, type ?? 'none')
    }
    const accepted = await importInto(service, table, '{"id":"a"}', {
      'content-type': `${NDJSON};charset=utf-8`,
    })
    t.same(accepted.body, { written: 1 })
    const put = await service.post(`/v1/tables/${table}/put`, '{"id":"a"}\n', { 'content-type': NDJSON })
    t.match(put.body, { status: 415, code: 'UnsupportedMediaType', detail: /application\/json or/ })
  })

  t.test('of one key are written in their order: the last one wins', async (t) => {
    const table = await createTable(t, service, { sortKey: true })
    // Some within a request, some in requests that would be under way at a time, and one number in many ways.
    const lines = Array.from({ length: 900 }, (_, at) => {
      const key = at % 7 === 0 ? at % 3 : at % 150
      const n = ['', '.0', 'e0', '.00'][at % 4] ?? ''
      return { key, line: `{"id":"a","n":${key}${n},"at":${at}}` }
    })
    const last = new Map(lines.map(({ key }, at) => [key, at]))
    const { body } = await importInto(service, table, lines.map(({ line }) => line).join('\n'))
    t.same(body, { written: lines.length })
    const found = (await scanLines(service, table)).map(
      (line) => JSON.parse(line) as { n: number; at: number },
    )
    t.same(new Map(found.map(({ n, at }) => [n, at])), last)
  })

  t.test('one that is wrong stops the import, and its number is told', async (t) => {
    const good = (n: number) => `{"id":"id-${n}"}`
    const many = (count: number) => Array.from({ length: count }, (_, n) => good(n + 1))
    const wrong: [line: string, problem: object][] = [
      ['{"id":', { code: 'InvalidRequest', detail: /^line \d+\/id is not valid JSON/ }],
      ['[]', { code: 'InvalidRequest', detail: /^line \d+ must be an object$/ }],
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
        const { body } = await importInto(service, table, [...many(before), line, ...behindIt].join('\n'))
        t.match(
          body,
          { status: 400, line: before + 1, retryable: false, ...problem },
          `${line} behind ${before}`,
        )
        t.notOk('unprocessedItems' in body)
        const stored = new Set(
          (await scanLines(service, table)).map((found) => (JSON.parse(found) as { id: string }).id),
        )
        t.equal(stored.size, body['written'], 'as many are written as it says')
        t.ok(
          Array.from({ length: before }, (_, n) => `id-${n + 1}`).every((id) => stored.has(id)),
          'all before it are',
        )
      }
    }
  })

  t.test('one that is no UTF-8, or too long, is told too', async (t) => {
    const table = await createTable(t, service)
    const noUtf8 = Buffer.concat([
      Buffer.from('{"id":"a"}\n{"id":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n'),
    ])
    t.match((await importInto(service, table, noUtf8)).body, {
      code: 'InvalidRequest',
      detail: 'line 2 is not valid UTF-8',
      line: 2,
      written: 1,
    })
    const long = `{"id":"b"}\n{"id":"c","a":"${'x'.repeat(100_000)}"}\n{"id":"d"}`
    t.match((await importInto(service, table, long)).body, {
      status: 413,
      code: 'PayloadTooLarge',
      line: 2,
      written: 1,
    })
    const many = Array.from({ length: 30 }, (_, n) => `{"id":"${n}","a":"${'x'.repeat(50_000)}"}\n`).join('')
    t.same(
      (await importInto(service, table, many)).body,
      { written: 30 },
      'the body as a whole may be as long as it is',
    )
  })

  t.test('for a table that is not there are refused', async (t) => {
    const { body } = await importInto(service, 'Nobody', '{"id":"a"}\n')
    t.match(body, { status: 404, code: 'ResourceNotFoundException', line: 1, written: 0 })
  })

  t.test('an answer reaches a caller that is still sending', async (t) => {
    const table = await createTable(t, service)
    const { status, text } = await sendForever(t, service, table, (n) =>
      n === 100 ? 'nonsense\n' : `{"id":"${n}"}\n`,
    )
    t.equal(status, 400)
    t.match(JSON.parse(text), { code: 'InvalidRequest', line: 101, written: 100 })
  })
})

/** Sends lines until there is an answer, and then some. */
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
