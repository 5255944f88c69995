/** `POST /v1/tables/{table}/import`: the files that people have, by `Content-Type` and `Content-Encoding`. */
import { gzipSync } from 'node:zlib'
import { stringify } from 'csv-stringify/sync'
import t from 'tap'
import { codingOf } from '../../src/http/content-codings.js'
import { scanLines } from '../helpers/item-lines.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
} from '../helpers/service.js'

const CSV = 'text/csv'

/** A skippable frame of one byte of zstd (RFC 8878, section 3.1.2). */
const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7])
/** The header of a zstd frame with a window of 2 GiB (section 3.1.1.1.2), and one empty last block. */
const LARGE_WINDOW = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00])

const importBody = (
  service: Service,
  table: string,
  body: string | Buffer,
  type: string,
  { types = '', ...headers }: Record<string, string> = {},
) =>
  service.request(`/v1/tables/${table}/import${types === '' ? '' : `?types=${encodeURIComponent(types)}`}`, {
    method: 'POST',
    body,
    headers: { 'content-type': type, ...headers },
  })

/** The items of a table, whose attributes come in any order, by `id`. */
const itemsOf = async (service: Service, table: string) => byId(await scanLines(service, table))

const byId = (lines: readonly string[]) =>
  new Map(
    lines.map((line) => {
      const item = JSON.parse(line) as { id: string }
      return [item.id, item]
    }),
  )

t.test('import formats', needsDynamoDB, async (t) => {
  const service = await startService(t, { bodyLimitBytes: 100_000 })

  t.test('lines of every kind, mixed: puts and deletes, of which the later one wins', async (t) => {
    const table = await createTable(t, service)
    for (const type of [NDJSON, 'application/jsonl', 'application/ndjson; charset=utf-8']) {
      const lines = [
        '{"id":"document","a":1}',
        '{"id":{"S":"typed"},"a":{"N":"1"},"l":{"L":[{"NULL":true}]}}',
        '{"Item":{"id":{"S":"full export"}}}',
        '{"Metadata":{"WriteTimestampMicros":{"N":"1680109764000000"}},"Keys":{"id":{"S":"new"}},"NewImage":{"id":{"S":"new"},"a":{"BOOL":true}}}',
        '{"id":"deleted"}',
        '{"Keys":{"id":{"S":"deleted"}}}',
        '{"id":"replaced"}',
        '{"Metadata":{},"Keys":{"id":{"S":"replaced"}},"OldImage":{"id":{"S":"replaced"}},"NewImage":null}',
        '{"id":"replaced","a":2}',
        '{"PutRequest":{"Item":{"id":{"S":"request"}}}}',
        '{"DeleteRequest":{"Key":{"id":{"S":"request"}}}}',
        '{"id":"looks typed","address":{"S":"Main Street"}}',
        '{"address":{"S":"Main Street"},"id":"looks typed, too"}',
      ]
      const { status, body } = await importBody(service, table, `\ufeff${lines.join('\r\n\r\n')}`, type)
      t.same([status, body], [200, { written: lines.length }], type)
      t.same(
        await itemsOf(service, table),
        byId([
          '{"id":"looks typed","address":{"S":"Main Street"}}',
          '{"id":"looks typed, too","address":{"S":"Main Street"}}',
          '{"id":"document","a":1}',
          '{"id":"typed","a":1,"l":[null]}',
          '{"id":"replaced","a":2}',
          '{"id":"new","a":true}',
          '{"id":"full export"}',
        ]),
      )
    }
  })

  t.test('JSON: an array, the request items of a batch write, the output of a scan', async (t) => {
    const table = await createTable(t, service)
    const item = { id: { S: 'a' }, s: { S: '[{"}],\\"' } }
    const write = [{ PutRequest: { Item: item } }, { DeleteRequest: { Key: { id: { S: 'b' } } } }]
    const bodies: [json: unknown, written: number][] = [
      [[{ id: 'a' }, { id: { S: 'b' } }, { Item: { id: { S: 'c' } } }, { Keys: { id: { S: 'c' } } }], 4],
      [{ [table]: write }, 2],
      [{ RequestItems: { [table]: write }, ReturnConsumedCapacity: 'TOTAL' }, 2],
      [{ Items: [item, item], Count: 2, ScannedCount: 2, ConsumedCapacity: null }, 2],
      [{ items: [{ id: 'a' }], count: 1, lastEvaluatedKey: { id: 'x' } }, 1],
      [{ LastEvaluatedKey: { id: [1] }, Items: [] }, 0],
      [[], 0],
    ]
    for (const [json, written] of bodies) {
      for (const text of [JSON.stringify(json), `\ufeff${JSON.stringify(json, null, 2)}\r\n`]) {
        const { status, body } = await importBody(service, table, text, DOCUMENT)
        t.same([status, body], [200, { written }], text)
      }
    }
  })

  t.test('JSON: an error names the line on which the item begins', async (t) => {
    const table = await createTable(t, service)
    const wrong: [text: string, line: number, detail: RegExp][] = [
      [
        '[\n{"id":"a"},\n\n{\n"id":\n"b"},{"id":"c"},\n{"id":\n1e}\n]',
        7,
        /^line 7\/id is not valid JSON: expected a digit/,
      ],
      ['[\n{"id":"a"}\n\n{"id":"b"}]', 4, /expected "," or "\]", found "\{"/],
      ['[\n{"id":"a"},\n]', 3, /expected a value after ","/],
      ['[\n{"id":"a"},\n{"id":"b"', 3, /the text ends too early/],
      ['[\n{"id":"a"},\n"b", 5]', 3, /^line 3 must be an object: it is a string/],
      ['[\n{"id":"a"}]\n{}', 3, /has more text after the end/],
      ['{"id":"a"}\n{"id":"b"}', 1, /is an object without an array of items\. .* application\/x-ndjson/],
      ['"text"', 1, /is neither a JSON array nor an object/],
      ['', 1, /is empty/],
      [
        '{"Other":[{"PutRequest":{"Item":{"id":{"S":"a"}}}}]}',
        1,
        /has the array "Other": it must be "Items"/,
      ],
      ['{\n"Items":[{"id":{"S":"a"}}]\n"Count":1}', 3, /expected "," or "\}"/],
      ['{"a" 1}', 1, /expected ":"/],
      ['{1:1}', 1, /expected a name in quotes/],
      ['[\n{"id":"a"},\n{"name":"no key"}]', 3, /^line 3: .*key/],
    ]
    for (const [text, line, detail] of wrong) {
      const { body } = await importBody(service, table, text, DOCUMENT)
      t.match(body, { status: 400, line, detail }, text)
    }
  })

  t.test('CSV: text unless types say otherwise, with quotes over lines', async (t) => {
    const table = await createTable(t, service)
    const types = 'n:N,b:BOOL,z:NULL,bin:B,ss:SS,ns:NS,bs:BS,l:L,m:M'
    const rows = [
      ['id', 'text', 'n', 'b', 'z', 'bin', 'ss', 'ns', 'bs', 'l', 'm'],
      [
        '1',
        'say "hi",\r\nyou',
        '12345678901234567890.10',
        'TRUE',
        'null',
        'AAEC',
        '["x"]',
        '[1.50]',
        '["AA=="]',
        '[1,null]',
        '{"a":{}}',
      ],
      ['007', '', '', '', '', '', '', '', '', '', ''],
      [
        'é😀',
        '\u0000\\',
        '+5',
        'false',
        '',
        '{"$binary":"AA=="}',
        '{"$stringSet":["y"]}',
        '',
        '',
        '',
        '{"$map":{"$map":1}}',
      ],
    ]
    const text = stringify(rows, { record_delimiter: '\r\n', bom: true })
    const { status, body } = await importBody(service, table, `${text}\r\n`, `${CSV}; header=present`, {
      types,
    })
    t.same([status, body], [200, { written: 3 }])
    const lines = await scanLines(service, table)
    t.same(
      byId(lines),
      byId([
        '{"b":false,"bin":{"$binary":"AA=="},"id":"é😀","m":{"$map":{"$map":1}},"n":5,"ss":{"$stringSet":["y"]},"text":"\\u0000\\\\"}',
        '{"b":true,"bin":{"$binary":"AAEC"},"bs":{"$binarySet":["AA=="]},"id":"1","l":[1,null],"m":{"a":{}},' +
          '"n":12345678901234567890.1,"ns":{"$numberSet":[1.5]},"ss":{"$stringSet":["x"]},"text":"say \\"hi\\",\\r\\nyou","z":null}',
        '{"id":"007"}',
      ]),
    )
    t.ok(lines.some((line) => line.includes(':12345678901234567890.1')))
  })

  t.test('CSV: an error names the line on which the record begins', async (t) => {
    const table = await createTable(t, service)
    const wrong: [text: string, types: string, line: number, detail: RegExp][] = [
      ['id,n\n"a\n\nb",1\n\nc,x\n', 'n:N', 6, /^line 6\/n must be a number/],
      ['id,n\na,1\n"b\n', '', 3, /^line 3 has a quote that is not closed/],
      ['id,n\na,1\nb"c,1\n', '', 3, /has a quote that is not closed/],
      ['id,n\na,1\nb"c",1\n', '', 3, /has a quote within a cell/],
      ['id,n\n"a"b,1', '', 2, /between a closing quote and the next comma/],
      ['id,n\na', '', 2, /has 1 cell, but the header line has 2/],
      ['id,n\na,1,2', '', 2, /has 3 cells/],
      ['id;n\na;1', '', 1, /has no comma in the header line "id;n"/],
      ['id,,n\n', '', 1, /has no name for column 2/],
      ['id,id\n', '', 1, /has the name "id" twice/],
      ['id,n\n', 'm:N', 1, /has no "m" in the header line/],
      ['id,b\na,yes', 'b:BOOL', 2, /^line 2\/b must be true or false/],
      ['id,b\na,x', 'b:NULL', 2, /^line 2\/b must be null/],
      ['id,b\na,x', 'b:B', 2, /^line 2\/b must be base64/],
      ['id,b\na,"{""a"":1}"', 'b:L', 2, /^line 2\/b must be L as JSON/],
      ['id,b\na,[1', 'b:L', 2, /^line 2\/b is not valid JSON/],
      ['n\n1', '', 2, /^line 2: .*key/],
    ]
    for (const [text, types, line, detail] of wrong) {
      const { body } = await importBody(service, table, text, CSV, { types })
      t.match(body, { status: 400, line, detail }, text)
    }
    t.match((await importBody(service, table, Buffer.from('id\n\xe9', 'latin1'), CSV)).body, {
      line: 2,
      detail: /not valid UTF-8/,
    })
    for (const types of ['n', 'n:X', 'n:N,n:N', ':N', 'n:N,']) {
      const { body } = await importBody(service, table, 'id,n\n', CSV, { types })
      t.match(body, { status: 400, detail: /^querystring\/types has/ }, types)
    }
    t.match((await importBody(service, table, '{}', NDJSON, { types: 'n:N' })).body, {
      detail: 'querystring/types is only for a body in text/csv',
    })
  })

  t.test('a body of another shape is told what would do', async (t) => {
    const table = await createTable(t, service)
    const wrong: [body: string | Buffer, detail: RegExp][] = [
      ['id,name\n1,a', /^line 1 must be an object: it begins with "id", which is no JSON\. CSV has/],
      ['[{"id":"a"}]', /it is an array\. Send an array of items with the Content-Type application\/json/],
      [gzipSync('{"id":"a"}'), /is compressed\. Send Content-Encoding: gzip/],
      [Buffer.from('\ufeff{"id":"a"}', 'utf16le'), /is in UTF-16\. Send UTF-8/],
      ['PK\u0003\u0004workbook', /is a ZIP file or a workbook/],
    ]
    for (const [body, detail] of wrong) {
      t.match((await importBody(service, table, body, NDJSON)).body, {
        status: 400,
        line: 1,
        written: 0,
        detail,
      })
    }
  })

  t.test('gzip, also in several members; what is wrong with it is told', async (t) => {
    const table = await createTable(t, service)
    const gzip = { 'content-encoding': 'gzip' }
    const whole = Buffer.concat([gzipSync('\ufeffid,n\r\n1,a\r\n'), gzipSync('2,b\r\n')])
    for (const coding of ['gzip', 'GZIP', 'x-gzip']) {
      t.same((await importBody(service, table, whole, CSV, { 'content-encoding': coding })).body, {
        written: 2,
      })
    }
    const items = Array.from({ length: 3000 }, (_, n) => `{"id":"${n}","r":"${Math.random()}"}`).join('\n')
    const cut = await importBody(service, table, gzipSync(items).subarray(0, 30_000), NDJSON, gzip)
    t.match(cut.body, { status: 400, detail: /The compressed body ends too early/ })
    const { line, written } = cut.body as { line: number; written: number }
    t.ok(line > 100 && written <= line, `line ${line}, ${written} written`)
    t.match((await importBody(service, table, 'plain', NDJSON, gzip)).body, {
      detail: /^line 1: The body cannot be decompressed: incorrect header check/,
    })
    const other = await importBody(service, table, whole, CSV, { 'content-encoding': 'br' })
    t.match(other.body, {
      status: 415,
      detail: /^Content-Encoding: br is not supported\. Send the body (?:zstd or )?gzip or /,
    })
    t.match(other.headers.get('accept-encoding'), /^(?:zstd, )?gzip, /)
    const put = await service.post(`/v1/tables/${table}/put`, '{}', gzip)
    t.match(put.body, {
      status: 415,
      detail: 'Content-Encoding: gzip is not supported. Send the body uncompressed.',
    })
  })

  const zstd = codingOf('zstd')
  const needsZstd = { skip: zstd === undefined && 'Node.js has zstd from 22.15 on' }
  t.test('zstd, also in several frames; what is wrong with it is told', needsZstd, async (t) => {
    if (zstd === undefined) return
    const table = await createTable(t, service)
    const send = (body: string | Buffer, type = NDJSON) =>
      importBody(service, table, body, type, { 'content-encoding': 'zstd' })
    const frames = ['\ufeffid,n\r\n1,a\r\n', '2,b\r\n'].map((text) => zstd.encodeSync(Buffer.from(text)))
    t.same((await send(Buffer.concat([...frames, SKIPPABLE]), CSV)).body, { written: 2 })
    const items = Array.from({ length: 3000 }, (_, n) => `{"id":"${n}","r":"${Math.random()}"}`).join('\n')
    const cut = await send(zstd.encodeSync(Buffer.from(items)).subarray(0, 30_000))
    t.match(cut.body, { status: 400, detail: /The compressed body ends too early/ })
    t.match((await send('plain')).body, { detail: /^line 1: The body cannot be decompressed: / })
    const bomb = zstd.encodeSync(Buffer.alloc(40_000_000, ' '))
    t.match((await send(bomb)).body, { status: 413, written: 0 })
    t.match((await send(LARGE_WINDOW)).body, {
      status: 400,
      detail: /cannot be decompressed: .*memory/i,
    })
  })

  t.test('a compressed bomb is bounded by what it contains', async (t) => {
    const table = await createTable(t, service)
    const gzip = { 'content-encoding': 'gzip' }
    const size = 40_000_000
    const bombs: [type: string, body: Buffer][] = [
      [NDJSON, Buffer.alloc(size, '\n')],
      [NDJSON, Buffer.alloc(size, ' ')],
      [NDJSON, Buffer.alloc(size, '[')],
      [DOCUMENT, Buffer.alloc(size, '[')],
      [DOCUMENT, Buffer.alloc(size, ' ')],
      [CSV, Buffer.alloc(size, '\r\n')],
      [CSV, Buffer.alloc(size, '"')],
      [CSV, Buffer.alloc(size, ',')],
    ]
    const before = process.memoryUsage().rss
    for (const [type, bomb] of bombs) {
      const { body } = await importBody(service, table, gzipSync(bomb, { level: 1 }), type, gzip)
      t.match(body, { status: 413, written: 0 }, `${type} ${JSON.stringify(bomb.toString('latin1', 0, 2))}`)
    }
    t.ok(process.memoryUsage().rss - before < 5 * size)
  })
})
