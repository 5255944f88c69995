/**
 * Every format out and in again without a difference, and any number of items in constant memory: a million of each kind
 * with `TEST_SOAK=true`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { CsvRecords } from '../../src/http/pieces/csv-records.js'
import { JsonElements } from '../../src/http/pieces/json-elements.js'
import { Lines } from '../../src/http/pieces/lines.js'
import type { Splitter } from '../../src/http/pieces/splitter.js'
import type { Type } from '../../src/items/attribute-value.js'
import { csv } from '../../src/items/csv-pages.js'
import { CsvTable } from '../../src/items/csv-rows.js'
import { document } from '../../src/items/representation.js'
import { localEnvironment } from '../../src/local/dynamodb-local.js'
import { number, unicode } from '../helpers/attribute-value.js'
import { startFakeDynamoDB } from '../helpers/fake-dynamodb.js'
import { importLines, scanLines } from '../helpers/item-lines.js'
import { sourceProcess } from '../helpers/process.js'
import { createTable, DOCUMENT, NDJSON, needsDynamoDB, startService, TYPED } from '../helpers/service.js'

const SOAK = process.env['TEST_SOAK'] === 'true'
const COUNT = SOAK ? 1_000_000 : 10_000
/** Of the service alone, in MiB: V8 keeps garbage as long as it may. A million items have 200 MB. */
const HEAP_MIB = 48
/** Of the whole process of the service, in MiB. At rest it has about 100. */
const MAX_MEMORY_MIB = 220

const options = { maxBytes: 1_000_000, hold: () => undefined }

/** Splits a text that arrives in chunks of these sizes. */
function split(splitter: Splitter, text: Buffer, sizes: readonly number[]): [line: number, text: string][] {
  const found: [number, string][] = []
  const take = (pieces: Iterable<{ number: number; bytes: Buffer }>) => {
    for (const { number, bytes } of pieces) found.push([number, bytes.toString()])
  }
  let at = 0
  for (const size of [...sizes, text.length]) {
    take(splitter.split(Buffer.from(text.subarray(at, at + size))))
    at += size
  }
  take(splitter.end())
  return found
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 })

t.test('a body is split in the same way, however it arrives', async () => {
  const json = '{\n"a" : [{"x":"]}\\"[{"},\n12, "s,]" ,[1,{"y":\n[]}],null ],"Items":[\n\n{"id":"é"}\n]}'
  const elements = () => new JsonElements({ ...options, enterArray: () => undefined, isEntered: () => false })
  assert.deepEqual(split(elements(), Buffer.from(json), []), [
    [2, '{"x":"]}\\"[{"}'],
    [3, '12'],
    [3, '"s,]"'],
    [3, '[1,{"y":\n[]}]'],
    [4, 'null'],
    [6, '{"id":"é"}'],
  ])
  const rows = 'a,b\r\n\r\n"x\n""\r\n",1\n\n2,"é"'
  assert.deepEqual(split(new CsvRecords(options), Buffer.from(rows), []), [
    [1, 'a,b\r'],
    [3, '"x\n""\r\n",1'],
    [7, '2,"é"'],
  ])
  const cases: [create: () => Splitter, text: string][] = [
    [elements, json],
    [() => new CsvRecords(options), rows],
    [() => new Lines(options), '{"a":1}\r\n\n\r\n{"b":"é"}\n'],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...cases), sizes, ([create, text], some) => {
      const whole = split(create(), Buffer.from(text), [])
      assert.deepEqual(split(create(), Buffer.from(text), some), whole)
    }),
  )
})

t.test('the only column may have a name with another separator in it', async (t) => {
  for (const name of ['a;b', '\t', 'a|b', ';']) {
    const keyNames = async () => [name]
    const read = await csv.open({ representation: document, request: {}, keyNames, dropExtra: false })
    const { bytes } = read(Buffer.from(`{"Items":[{${JSON.stringify(name)}:{"S":"x"}}]}`))
    const table = new CsvTable(new Map())
    const items = split(new CsvRecords(options), bytes, []).map(([, record]) =>
      table.read(Buffer.from(record)),
    )
    t.same(
      items.map((item) => item?.json.toString()),
      [undefined, `{${JSON.stringify(name)}:{"S":"x"}}`],
    )
  }
})

const base64 = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64'))
const nested = fc.constantFrom(
  '{"M":{"$map":{"N":"1"}}}',
  '{"L":[]}',
  '{"NULL":true}',
  '{"SS":["a,b","\\"\\n"]}',
  '{"S":""}',
)

/** An AttributeValue of each type. */
const values: Readonly<Record<Type, fc.Arbitrary<string>>> = {
  S: unicode.map((text) => JSON.stringify({ S: text })),
  N: number.map((digits) => `{"N":"${digits}"}`),
  B: base64.map((bytes) => `{"B":"${bytes}"}`),
  BOOL: fc.boolean().map((value) => `{"BOOL":${value}}`),
  NULL: fc.constant('{"NULL":true}'),
  M: nested.map((value) => `{"M":{"a":${value}}}`),
  L: fc.array(nested, { maxLength: 3 }).map((all) => `{"L":[${all.join(',')}]}`),
  SS: fc.array(unicode, { minLength: 1, maxLength: 3 }).map((all) => JSON.stringify({ SS: all })),
  NS: fc.array(number, { minLength: 1, maxLength: 3 }).map((all) => JSON.stringify({ NS: all })),
  BS: fc.array(base64, { minLength: 1, maxLength: 3 }).map((all) => JSON.stringify({ BS: all })),
}

const columns = fc.uniqueArray(
  fc.record({
    name: unicode.filter((name) => name !== ''),
    type: fc.constantFrom(...(Object.keys(values) as Type[])),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
)

const tables = columns.chain((all) =>
  fc.record({
    types: fc.constant(new Map(all.map(({ name, type }) => [name, type] as const))),
    items: fc.array(fc.tuple(...all.map(({ type }) => fc.option(values[type], { nil: undefined }))), {
      maxLength: 5,
    }),
  }),
)

t.test('any item comes back from CSV, if its columns have their types', async () => {
  await fc.assert(
    fc.asyncProperty(tables, sizes, async ({ types, items }, some) => {
      const names = [...types.keys()]
      const texts = items
        .map((all) =>
          all.flatMap((value, column) =>
            value === undefined ? [] : [`${JSON.stringify(names[column])}:${value}`],
          ),
        )
        // A record of one empty cell is an empty line.
        .filter((members) => members.length > 0)
        .map((members) => `{${members.join(',')}}`)
      const keyNames = async () => names
      const read = await csv.open({ representation: document, request: {}, keyNames, dropExtra: false })
      const { bytes } = read(Buffer.from(`{"Items":[${texts.join(',')}]}`))
      const table = new CsvTable(types)
      const found = split(new CsvRecords(options), bytes, some).flatMap(
        ([, record]) => table.read(Buffer.from(record))?.json.toString() ?? [],
      )
      assert.deepEqual(
        found.map((item) => JSON.parse(item) as object),
        texts.map((item) => JSON.parse(item) as object),
      )
    }),
  )
})

t.test('a table that goes out and in again does not change', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service)
  const items = [
    '{"id":"=1+1","s":"","n":12345678901234567890.12,"b":{"$binary":"AAEC"},"t":true,"z":null}',
    '{"id":"007","s":"a,\\"b\\"\\r\\nc","n":-0.5,"t":false,"l":[1,"a",[],{},null],"m":{"$map":{"$binary":"x"}}}',
    '{"id":" é😀 ","s":" ","ss":{"$stringSet":["a","b,"]},"ns":{"$numberSet":[1,2.5]},"bs":{"$binarySet":["AAEC"]}}',
    '{"id":"null","s":"null","m":{"a":{"b":[null]}}}',
  ]
  t.same((await importLines(service, table, items.join('\n'))).body, { written: items.length })
  const types = 'n:N,b:B,t:BOOL,z:NULL,l:L,m:M,ss:SS,ns:NS,bs:BS'
  // Attributes come in any order, and digits are exact as strings.
  const itemsOf = async (one: string) =>
    (await scanLines(service, one, TYPED)).map((line) => JSON.parse(line) as { Item: { id: { S: string } } })
  const byId = (all: Awaited<ReturnType<typeof itemsOf>>) =>
    new Map(all.map((item) => [item.Item.id.S, item]))
  const before = byId(await itemsOf(table))
  const formats: [name: string, accept: string, type: string, from: string, query: string][] = [
    ['lines', NDJSON, DOCUMENT, NDJSON, ''],
    ['typed lines', NDJSON, TYPED, NDJSON, ''],
    ['a page of documents', DOCUMENT, DOCUMENT, DOCUMENT, ''],
    ['a page of typed items', TYPED, TYPED, DOCUMENT, ''],
    ['CSV', 'text/csv', DOCUMENT, 'text/csv', `?types=${types}`],
    ['CSV of a typed request', 'text/csv', TYPED, 'text/csv', `?types=${types}`],
  ]
  for (const [name, accept, type, from, query] of formats) {
    const copy = await createTable(t, service)
    const out = await service.post(`/v1/tables/${table}/scan`, {}, { accept, 'content-type': type })
    t.match(out.headers.get('content-type'), accept, name)
    const written = await service.post(`/v1/tables/${copy}/import${query}`, out.text, {
      'content-type': from,
    })
    t.same(written.body, { written: items.length }, name)
    t.same(byId(await itemsOf(copy)), before, name)
  }
})

/** A long body of each kind. */
const bodies: readonly (readonly [
  name: string,
  type: string,
  query: string,
  parts: (count: number) => Iterable<string>,
])[] = [
  [
    'lines of documents',
    NDJSON,
    '',
    (count) => repeat('', (n) => `{"id":"${n}","text":"${TEXT}"}\n`, '', count),
  ],
  [
    'lines of typed items',
    NDJSON,
    '',
    (count) => repeat('', (n) => `{"id":{"S":"${n}"},"text":{"S":"${TEXT}"}}\n`, '', count),
  ],
  [
    'an export',
    NDJSON,
    '',
    (count) => repeat('', (n) => `{"Item":{"id":{"S":"${n}"},"text":{"S":"${TEXT}"}}}\n`, '', count),
  ],
  [
    'deletes of an incremental export',
    NDJSON,
    '',
    (count) => repeat('', (n) => `{"Metadata":{},"Keys":{"id":{"S":"${n}"}}}\n`, '', count),
  ],
  [
    'a JSON array',
    DOCUMENT,
    '',
    (count) => repeat('[{"id":"-1"}', (n) => `,{"id":"${n}","text":"${TEXT}"}\n`, ']', count - 1),
  ],
  [
    'a scan’s output',
    DOCUMENT,
    '',
    (count) =>
      repeat(
        '{"Items":[{"id":{"S":"-1"}}',
        (n) => `,{"id":{"S":"${n}"},"text":{"S":"${TEXT}"}}\n`,
        `],"Count":${count}}`,
        count - 1,
      ),
  ],
  [
    'CSV',
    'text/csv',
    '?types=n:N',
    (count) => repeat('id,n,text\r\n', (n) => `${n},${n}.50,"${TEXT},"\r\n`, '', count),
  ],
]

const TEXT = 'a text of some length '.repeat(8)

function* repeat(
  before: string,
  part: (n: number) => string,
  after: string,
  count: number,
): Generator<string> {
  yield before
  // Parts of a size that is usual on a network.
  const TOGETHER = 100
  for (let n = 0; n < count; n += TOGETHER) {
    let text = ''
    for (let i = n; i < Math.min(n + TOGETHER, count); i++) text += part(i)
    yield text
  }
  yield after
}

t.test('any number of items takes constant memory', async (t) => {
  const fake = await startFakeDynamoDB(t, ({ operation }, response) => {
    fake.requests.length = 0
    const table = { Table: { TableName: 'T', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }
    response.end(JSON.stringify(operation === 'DescribeTable' ? table : { UnprocessedItems: {} }))
  })
  const env = { ...localEnvironment, AWS_ENDPOINT_URL_DYNAMODB: fake.endpoint }
  const { server, listening } = sourceProcess(t, env, [`--max-old-space-size=${HEAP_MIB}`])
  const url = await listening()
  for (const [name, type, query, parts] of bodies) {
    for (const coding of name === 'CSV' ? ['identity', 'gzip'] : ['identity']) {
      const answer = await send(`${url}/v1/tables/T/import${query}`, type, coding, parts(COUNT))
      t.same(answer, { written: COUNT }, `${name}, ${coding}`)
      const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(server.pid)])
      const memory = Math.round(Number(stdout) / 1024)
      t.ok(memory < MAX_MEMORY_MIB, `${name}, ${coding}: ${memory} MiB`)
    }
  }
})

async function send(url: string, type: string, coding: string, parts: Iterable<string>) {
  const headers = { 'content-type': type, 'content-encoding': coding }
  const call = request(url, { method: 'POST', headers })
  const answered = once(call, 'response') as Promise<[NodeJS.ReadableStream]>
  const source = Readable.from(parts)
  if (coding === 'gzip') source.pipe(createGzip({ level: 1 })).pipe(call)
  else source.pipe(call)
  const [response] = await answered
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return JSON.parse(text) as object
}
