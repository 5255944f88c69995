/** Query and scan as `application/x-ndjson`: all pages, one item a line. */
import t from 'tap'
import { importLines, scanLines } from '../helpers/item-lines.js'
import { speak } from '../helpers/raw-http.js'
import { createTable, DOCUMENT, NDJSON, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

/** Items with values of every type, and items whose lines could be mistaken for another format. */
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

t.test('query and scan as lines', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000 })

  t.test('lines of a scan can be imported again without a change, in both formats', async (t) => {
    const table = await createTable(t, service)
    const { status, body } = await importLines(service, table, odd.join('\n'))
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
      t.same((await importLines(service, copy, `${lines.join('\n')}\n`)).body, { written: odd.length })
      t.same((await scanLines(service, copy)).sort(), documents)
      t.same((await scanLines(service, copy, TYPED)).sort(), exported)
    }
  })

  t.test('lines come from all pages, in the requested order and from the requested start', async (t) => {
    const table = await createTable(t, service, { sortKey: true, index: true })
    const items = Array.from({ length: 60 }, (_, n) => `{"id":"a","n":${n},"color":"red"}`)
    t.same((await importLines(service, table, items.join('\n'))).body, { written: 60 })
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

  t.test('lines are sent only by query and scan, and only if Accept asks for them', async (t) => {
    const table = await createTable(t, service)
    await importLines(service, table, '{"id":"a"}')
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
      detail: /over HTTP\/1\.1 application\/x-ndjson or text\/csv\.$/,
    })
    const key = { key: { id: 'a' } }
    const get = await service.post(`/v1/tables/${table}/get`, key, { accept: NDJSON })
    t.match(get.body, {
      status: 406,
      code: 'NotAcceptable',
      detail: /^Accept must allow application\/json or \S+\.$/,
    })
  })

  t.test('lines are not sent over HTTP/1.0, where a truncated response would look complete', async (t) => {
    const table = await createTable(t, service)
    const answered = await speak(
      t,
      service,
      `POST /v1/tables/${table}/scan HTTP/1.0\r\naccept: ${NDJSON}\r\ncontent-type: ${DOCUMENT}\r\ncontent-length: 2\r\n\r\n{}`,
    )
    t.match(answered, /^HTTP\/1\.1 406 /)
  })

  t.test('lines cannot carry counts and consumed capacity', async (t) => {
    const table = await createTable(t, service)
    const wrong: [body: object, detail: string][] = [
      [{ select: 'COUNT' }, 'body/select: COUNT cannot be part of an answer in application/x-ndjson'],
      [
        { returnConsumedCapacity: 'TOTAL' },
        'body/returnConsumedCapacity cannot be part of an answer in application/x-ndjson. Leave it out, or use NONE.',
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

  t.test('an error on the first page is an ordinary problem response', async (t) => {
    const answer = await service.post('/v1/tables/Nobody/scan', {}, { accept: NDJSON })
    t.match(answer.body, { status: 404, code: 'ResourceNotFoundException' })
    t.match(answer.headers.get('content-type'), 'application/problem+json')
  })
})
