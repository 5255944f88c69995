/**
 * Whole requests to every route: valid ones, nearly valid ones, and ones that are hostile in their method, path, query,
 * headers, body, or in how these are sent.
 */
import fc from 'fast-check'
import { describedRoutes, type DescribedRouteOptions } from '../../scripts/openapi/registered-routes.js'
import { bodyOf, damage, linesOf, type Style } from './bodies.js'
import { hostileHeaders } from './hostile-headers.js'
import { hostileWords } from './minefield.js'

export interface RawRequest {
  readonly method: string
  readonly bytes: Buffer
}

interface Parts {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body: Buffer
  readonly chunked: boolean
}

const NOTHING = Buffer.alloc(0)
const word = fc.constantFrom(...hostileWords)

/** `text` most of the time, otherwise `other`. */
function mostly<T>(text: fc.Arbitrary<T>, other: fc.Arbitrary<T>, times: number): fc.Arbitrary<T> {
  return fc.oneof({ weight: times - 1, arbitrary: text }, { weight: 1, arbitrary: other })
}

const parameters: Readonly<Record<string, readonly string[]>> = {
  table: ['Orders', 'Customers', 'Missing'],
  partitionKey: ['ada', 'grace', '%C3%A9'],
  sortKey: ['2026-11-02', '2026-11-15'],
}

function pathOf(url: string, hostile: boolean): fc.Arbitrary<string> {
  const steps = url.split('/').map((step) => {
    if (!step.startsWith(':')) return fc.constant(step)
    const plain = fc.constantFrom(...(parameters[step.slice(1)] ?? ['a']))
    return hostile ? mostly(plain, word, 4) : plain
  })
  const path = fc.tuple(...steps).map((parts) => parts.join('/'))
  return hostile
    ? mostly(
        path,
        fc.tuple(path, oddTarget).map(([plain, odd]) => odd(plain)),
        15,
      )
    : path
}

/** Targets that routers and proxies read in different ways (RFC 9112, section 3.2). */
const oddTarget: fc.Arbitrary<(path: string) => string> = fc.constantFrom(
  (path: string) => `${path}/`,
  (path: string) => `/${path}`,
  (path: string) => path.replaceAll('/', '//'),
  (path: string) => path.replaceAll('/', '/./'),
  (path: string) => `/a/..${path}`,
  (path: string) => path.toUpperCase(),
  (path: string) => path.replaceAll('t', '%74'),
  (path: string) => path.replaceAll('/', '%2F'),
  (path: string) => path.replaceAll('/', '\\'),
  (path: string) => `${path};jsessionid=1`,
  (path: string) => `${path}#fragment`,
  (path: string) => `http://127.0.0.1${path}`,
  (path: string) => `http://evil.example${path}`,
  (path: string) => `HTTP://user:pw@127.0.0.1:1${path}`,
  (path: string) => `//evil.example${path}`,
  (path: string) => `ftp://127.0.0.1${path}`,
  (path: string) => `${path} HTTP/1.1 `,
  (path: string) => path.slice(1),
  (path: string) => `${path}${'/a'.repeat(2000)}`,
  (path: string) => `${path}${'a'.repeat(17_000)}`,
  () => '*',
  () => '/',
  () => '',
  () => 'evil.example:443',
  () => '/docs/../openapi.yaml',
  () => '/docs/%2e%2e/package.json',
  () => '/docs/../../etc/passwd',
  () => '/v1',
  () => '/metrics',
  () => '/.env',
)

const oddQuery = fc.oneof(
  fc.constantFrom(
    '?',
    '??',
    '?a',
    '?=',
    '?&&&',
    '?__proto__=1',
    '?__proto__[a]=1&constructor.prototype=2',
    '?limit=1&limit=2',
    '?limit=0',
    '?limit=-1',
    '?limit=1e9',
    '?limit[]=1',
    '?limit=999999999',
    '?exclusiveStartTableName=%00',
    '?consistentRead=TRUE',
    '?consistentRead=true&consistentRead=false',
    '?projection=a,,b',
    '?projection=a[0].b,c',
    '?projection=%F0%9F%98%80',
    `?projection=${'a,'.repeat(3000)}`,
    `?${'a=1&'.repeat(3000)}`,
    `?projection=${'a.'.repeat(2000)}b`,
  ),
  fc
    .tuple(fc.constantFrom('limit', 'projection', 'consistentRead', 'q'), word)
    .map(([name, value]) => `?${name}=${value}`),
)

const oddMethod = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'SEARCH',
  'QUERY',
  'PURGE',
  'M-SEARCH',
)
const unknownMethod = fc.constantFrom('FOO', 'get', 'G\0T', 'GET/', 'POST1', '\u00e9', 'A'.repeat(5000))

const mediaTypes = {
  json: 'application/json',
  typed: 'application/vnd.dynamodb+json',
  lines: 'application/x-ndjson',
}

function textFor({ schema }: DescribedRouteOptions, style: Style): fc.Arbitrary<string> {
  if (schema.bodyStreams !== undefined) return linesOf(style)
  return schema.body === undefined ? fc.constant('') : bodyOf(schema.body, style)
}

function requestTo(
  route: DescribedRouteOptions,
  style: Style,
  credentials: fc.Arbitrary<readonly string[]>,
): fc.Arbitrary<Parts> {
  const own = [route.method].flat()[0] ?? 'GET'
  const { schema } = route
  const mediaType =
    schema.bodyStreams !== undefined ? mediaTypes.lines : style.typed ? mediaTypes.typed : mediaTypes.json
  const hasBody = schema.bodyStreams !== undefined || schema.body !== undefined
  const contentType = hasBody ? [`content-type: ${mediaType}`] : []
  const { hostile } = style
  const accept = fc.constantFrom(
    [],
    [],
    ['accept: */*'],
    ...Object.values(mediaTypes).map((type) => [`accept: ${type}`]),
  )
  const bytes = hostile
    ? fc.tuple(textFor(route, style), damage).map(([text, damaged]) => damaged(text))
    : textFor(route, style).map((text) => Buffer.from(text))
  const none = fc.constant(NOTHING)
  return fc
    .record({
      method: hostile ? mostly(fc.constant(own), mostly(oddMethod, unknownMethod, 8), 12) : fc.constant(own),
      path: pathOf(route.url, hostile),
      query: hostile ? mostly(fc.constant(''), oddQuery, 6) : fc.constant(''),
      accept,
      credentials,
      others: hostile ? hostileHeaders : fc.constant<readonly string[]>([]),
      typeLines: hostile
        ? mostly(fc.constant(contentType), fc.constant<readonly string[]>([]), 15)
        : fc.constant(contentType),
      body: hasBody ? bytes : hostile ? mostly(none, bytes, 10) : none,
      chunked: mostly(fc.constant(false), fc.constant(true), 10),
    })
    .map(({ path, query, accept: accepted, credentials: caller, others, typeLines, ...rest }) => ({
      ...rest,
      target: path + query,
      headers: [...typeLines, ...accepted, ...caller, ...others],
    }))
}

/** The bytes of a request whose framing is correct, whatever is in it. */
function bytesOf({ method, target, headers, body, chunked }: Parts): Buffer {
  const announces = body.length > 0 || !['GET', 'HEAD'].includes(method)
  const framing = !announces
    ? []
    : chunked
      ? ['transfer-encoding: chunked']
      : [`content-length: ${body.length}`]
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ['host: 127.0.0.1']
  const head = [`${method} ${target} HTTP/1.1`, ...host, ...framing, ...headers, '', ''].join('\r\n')
  const sent = announces && chunked ? chunksOf(body) : [body]
  // Header values as bytes: UTF-8 as it stands.
  return Buffer.concat([Buffer.from(head), ...sent])
}

/** In three chunks. */
function chunksOf(body: Buffer): Buffer[] {
  const size = Math.ceil(body.length / 3)
  const pieces = [0, 1, 2]
    .map((n) => body.subarray(n * size, (n + 1) * size))
    .filter(({ length }) => length > 0)
  return [
    ...pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)}\r\n`),
      piece,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ]
}

/**
 * Requests to all routes, a third of them valid.
 * @param credentials the headers that name the caller
 */
export async function allRequests(
  credentials: fc.Arbitrary<readonly string[]>,
): Promise<fc.Arbitrary<RawRequest>> {
  const routes = await describedRoutes()
  const parts = routes.flatMap((route) =>
    [false, true].flatMap((typed) => [
      { weight: 1, arbitrary: requestTo(route, { typed, hostile: false }, credentials) },
      { weight: 2, arbitrary: requestTo(route, { typed, hostile: true }, credentials) },
    ]),
  )
  return fc.oneof(...parts).map((one) => ({ method: one.method, bytes: bytesOf(one) }))
}
