/** Answers in a content coding, for clients that ask for it (RFC 9110, sections 8.4, 8.8.3.3 and 12.5.3). */
import { type IncomingHttpHeaders, request } from 'node:http'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { ZstdFrames } from '../../src/http/zstd-frames.js'
import { acceptedCoding, contentCodings } from '../../src/http/content-codings.js'
import { importLines } from '../helpers/item-lines.js'
import {
  createTable,
  DOCUMENT,
  NDJSON,
  needsDynamoDB,
  type Service,
  startService,
} from '../helpers/service.js'

interface RawAnswer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** Whether the last chunk has arrived. */
  readonly complete: boolean
}

/** A request whose answer is not decoded, as `fetch` would do. */
function ask(service: Service, path: string, headers: Record<string, string>, method = 'GET', body = '') {
  return new Promise<RawAnswer>((resolve, reject) => {
    const sent = request(service.url + path, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      const finish = () => {
        const { statusCode: status, complete } = response
        resolve({ status, headers: response.headers, bytes: Buffer.concat(chunks), complete })
      }
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('close', finish)
        .on('error', () => undefined)
    })
    sent.on('error', reject).end(body)
  })
}

t.test('the coding is the one that Accept-Encoding prefers', async (t) => {
  const zstd = contentCodings.some(({ name }) => name === 'zstd')
  const all = zstd ? 'zstd' : 'gzip'
  const accepted: [header: string | undefined, coding: string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['br', undefined],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['*', all],
    ['*;q=0', undefined],
    ['gzip;q=0.4, identity;q=0.5', undefined],
    ['gzip;q=0.5, identity;q=0.5', 'gzip'],
    ['identity;q=0, *', all],
    ['deflate, gzip, br, zstd', all],
    ['gzip, zstd;q=0.9', 'gzip'],
    ['gzip;q=nonsense', undefined],
    [`gzip, ${'x'.repeat(200)}`, 'gzip'],
  ]
  for (const [header, coding] of [...accepted, ...accepted])
    t.equal(acceptedCoding(header)?.name, coding, header ?? 'none')
})

t.test('compressed answers', needsDynamoDB, async (t) => {
  const service = await startService(t)
  const table = await createTable(t, service, { sortKey: true })
  const text = 'a text that can be compressed '.repeat(100)
  const lines = Array.from({ length: 200 }, (_, n) => `{"id":"a","n":${n},"text":"${text}"}`)
  t.same((await importLines(service, table, lines.join('\n'))).body, { written: 200 })
  await importLines(service, table, '{"id":"small","n":1}')
  const json = { 'content-type': DOCUMENT }
  const gzip = { 'accept-encoding': 'gzip' }
  const scan = `/v1/tables/${table}/scan`

  t.test('answers of 1 KiB and more are compressed for who asks', async (t) => {
    const ofA = { keyConditionExpression: 'id = :id', expressionAttributeValues: { ':id': 'a' } }
    for (const limit of [1, 200]) {
      const body = JSON.stringify({ ...ofA, limit })
      const query = `/v1/tables/${table}/query`
      const plain = await ask(service, query, json, 'POST', body)
      t.match(plain, { status: 200, headers: { vary: 'Accept-Encoding', 'content-encoding': undefined } })
      const { headers, bytes } = await ask(service, query, { ...json, ...gzip }, 'POST', body)
      t.match(headers, { vary: 'Accept-Encoding', 'content-encoding': 'gzip', 'content-type': DOCUMENT })
      t.equal(headers['content-length'], String(bytes.length))
      t.ok(bytes.length < plain.bytes.length / 5)
      t.same(gunzipSync(bytes), plain.bytes)
    }
    const small = await ask(service, scan, { ...json, ...gzip }, 'POST', '{"select":"COUNT"}')
    t.match(small.headers, { 'content-encoding': undefined, vary: undefined })
    const several = await Promise.all(
      Array.from({ length: 20 }, () => ask(service, scan, { ...json, ...gzip }, 'POST', '{}')),
    )
    const sizes = several.map(({ bytes, headers }) =>
      headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes,
    )
    t.equal(new Set(sizes.map(({ length }) => length)).size, 1, 'more at a time than are compressed')
  })

  t.test('an item has a tag for each coding, and each is current', async (t) => {
    const url = `/v1/tables/${table}/items/a/1`
    const plain = await ask(service, url, {})
    const encoded = await ask(service, url, gzip)
    const [tag = '', other = ''] = [plain.headers.etag, encoded.headers.etag]
    t.equal(other, tag.replace(/"$/, '-gzip"'))
    t.same(gunzipSync(encoded.bytes), plain.bytes)
    t.equal(encoded.headers.vary, 'Accept, Accept-Encoding, Content-Type, Origin')
    const head = await ask(service, url, gzip, 'HEAD')
    for (const name of ['etag', 'content-encoding', 'content-length', 'vary']) {
      t.equal(head.headers[name], encoded.headers[name], name)
    }
    const cases: [headers: Record<string, string>, status: number, etag: string][] = [
      [{ 'if-none-match': tag }, 304, tag],
      [{ 'if-none-match': other, ...gzip }, 304, other],
      [{ 'if-none-match': `W/${other}, "x"`, ...gzip }, 304, other],
      [{ 'if-none-match': tag, ...gzip }, 304, tag],
      [{ 'if-match': other, ...gzip }, 200, other],
      [{ 'if-match': tag }, 200, tag],
      [{ 'if-none-match': '"other-gzip"', ...gzip }, 200, other],
    ]
    for (const [headers, status, etag] of cases) {
      const answer = await ask(service, url, headers)
      t.match(answer, { status, headers: { etag } }, JSON.stringify(headers))
      if (status === 304) t.match(answer.headers, { 'content-encoding': undefined })
    }
    t.match(await ask(service, url, { 'if-match': '"x-gzip"' }), { status: 412 })
    t.match((await ask(service, `/v1/tables/${table}/items/small/1`, gzip)).headers, {
      'content-encoding': undefined,
    })
  })

  t.test('streams are compressed as they flow', async (t) => {
    const body = '{"limit":20}'
    const asLines = await ask(service, scan, { ...json, ...gzip, accept: NDJSON }, 'POST', body)
    t.match(asLines.headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
    t.equal(gunzipSync(asLines.bytes).toString().split('\n').length, 202)
    const asCsv = await ask(service, scan, { ...json, ...gzip, accept: 'text/csv' }, 'POST', '{"limit":3}')
    t.equal(parse(gunzipSync(asCsv.bytes), { columns: true, relax_column_count: false }).length, 201)
    const plain = await ask(service, scan, { ...json, accept: NDJSON }, 'POST', body)
    t.match(plain.headers, { 'content-encoding': undefined, vary: 'Accept-Encoding' })
  })

  t.test('CSV is broken off at an attribute without a column, compressed or not', async (t) => {
    await importLines(service, table, '{"id":"a","n":1000,"new":1}')
    const query = JSON.stringify({
      keyConditionExpression: 'id = :id',
      expressionAttributeValues: { ':id': 'a' },
      limit: 50,
    })
    for (const encoding of [{}, gzip]) {
      const headers = { ...json, ...encoding, accept: 'text/csv' }
      const answer = await ask(service, `/v1/tables/${table}/query`, headers, 'POST', query)
      t.match(answer, { status: 200, complete: false })
      const whole = await ask(service, `/v1/tables/${table}/query?extra=drop`, headers, 'POST', query)
      t.equal(whole.complete, true)
    }
    const wrong = await ask(service, `${scan}?extra=drop`, json, 'POST', '{}')
    t.match(
      [wrong.status, wrong.bytes.toString()],
      [400, /querystring\/extra is only for an answer in text\/csv/],
    )
  })

  t.test('files are compressed, too', async (t) => {
    const [plain, encoded] = await Promise.all([
      ask(service, '/openapi.yaml', {}),
      ask(service, '/openapi.yaml', gzip),
    ])
    t.same(gunzipSync(encoded.bytes), plain.bytes)
    const page = await ask(service, '/docs/explorer.js', gzip)
    t.equal(page.headers['content-encoding'], 'gzip')
    const revalidated = await ask(service, '/docs/explorer.js', {
      ...gzip,
      'if-none-match': page.headers.etag ?? '',
    })
    t.match(revalidated, { status: 304, headers: { etag: page.headers.etag, vary: 'Accept-Encoding' } })
  })
})

t.test('a body of zstd is cut where its frames end, however it arrives', async (t) => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd]
  // Uncompressed blocks of 2 bytes; the second frame has a window, a checksum, and a block of a repeated byte.
  const frames = [
    [...magic, 0x20, 2, 0x11, 0, 0, 1, 2],
    [...magic, 0x04, 0, 0x10, 0, 0, 3, 4, 0x4b, 0, 0, 5, 0, 0, 0, 0],
    [0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 6, 7, 8],
    [...magic, 0x61, 2, 0, 9, 0x11, 0, 0, 1, 2],
  ]
  const body = Buffer.from(frames.flat())
  const ends = frames.map((_, n) => frames.slice(0, n + 1).flat().length)
  for (let size = 1; size <= body.length; size++) {
    const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, n) =>
      body.subarray(n * size, (n + 1) * size),
    )
    const cut: Buffer[] = []
    for await (const chunk of Readable.from(chunks).pipe(new ZstdFrames())) cut.push(chunk as Buffer)
    t.ok(Buffer.concat(cut).equals(body))
    const cuts = cut.map((_, n) => Buffer.concat(cut.slice(0, n + 1)).length)
    t.same(
      ends.filter((end) => !cuts.includes(end)),
      [],
      `chunks of ${size} bytes`,
    )
  }
})
