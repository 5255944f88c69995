/**
 * Requests whose end a proxy and a server may see in different places: the tables of HTTP desync research (J. Kettle, "HTTP
 * Desync Attacks" and "HTTP/1.1 must die"; RFC 9112, section 11.2), and bytes that break off or are damaged on the way.
 */
import fc from 'fast-check'
import type { RawRequest } from './requests.js'

/** The request that an attacker hides behind another one. It must never be answered. */
const HIDDEN = 'GET /v1/tables?hidden HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'
const CHUNKED = `0\r\n\r\n${HIDDEN}`
const POST = 'POST /v1/tables/Orders/get HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n'

const length = (text: string) => Buffer.byteLength(text)

/** By name; each must be refused, and its connection closed. */
export const ambiguous: Readonly<Record<string, string>> = {
  'CL.TE: both Content-Length and Transfer-Encoding': `${POST}content-length: ${length(CHUNKED)}\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'TE.CL: both, in the other order': `${POST}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n${length(HIDDEN).toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  'CL.0: two different lengths': `${POST}content-length: 0\r\ncontent-length: ${length(HIDDEN)}\r\n\r\n${HIDDEN}`,
  'two equal lengths in one header': `${POST}content-length: 2, 2\r\n\r\n{}`,
  'a length with a sign': `${POST}content-length: +2\r\n\r\n{}`,
  'a negative length': `${POST}content-length: -1\r\n\r\n${HIDDEN}`,
  'a hexadecimal length': `${POST}content-length: 0x2\r\n\r\n{}`,
  'a length with a fraction': `${POST}content-length: 2.0\r\n\r\n{}`,
  'a length that overflows': `${POST}content-length: 18446744073709551618\r\n\r\n{}`,
  'an empty length': `${POST}content-length: \r\n\r\n${HIDDEN}`,
  'a space before the colon of a length': `${POST}content-length : ${length(HIDDEN)}\r\n\r\n${HIDDEN}`,
  'a space before the colon of a coding': `${POST}transfer-encoding : chunked\r\n\r\n${CHUNKED}`,
  'a space before the name of a coding': `${POST} transfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'a folded coding (obs-fold)': `${POST}transfer-encoding:\r\n chunked\r\n\r\n${CHUNKED}`,
  'a folded header': `${POST}x-a: b\r\n c: d\r\n\r\n`,
  'a coding that is not the last one': `${POST}transfer-encoding: chunked, identity\r\n\r\n${CHUNKED}`,
  'chunked twice': `${POST}transfer-encoding: chunked, chunked\r\n\r\n${CHUNKED}`,
  'two headers with codings': `${POST}transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'an unknown coding before chunked': `${POST}transfer-encoding: gzip, chunked\r\n\r\n${CHUNKED}`,
  'an unknown coding': `${POST}transfer-encoding: xchunked\r\n\r\n${CHUNKED}`,
  'a coding with a parameter': `${POST}transfer-encoding: chunked;a=b\r\n\r\n${CHUNKED}`,
  'a coding in quotes': `${POST}transfer-encoding: "chunked"\r\n\r\n${CHUNKED}`,
  'a coding with a vertical tab': `${POST}transfer-encoding: \x0bchunked\r\n\r\n${CHUNKED}`,
  'a coding with a NUL': `${POST}transfer-encoding: chunked\0\r\n\r\n${CHUNKED}`,
  'a coding after a bare LF': `${POST}x-a: b\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'a coding after a bare CR': `${POST}x-a: b\rtransfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'headers that end with bare LFs': `${POST.replaceAll('\r\n', '\n')}content-length: 2\n\n{}`,
  'a chunked body in HTTP/1.0': `${POST.replace('HTTP/1.1', 'HTTP/1.0')}transfer-encoding: chunked\r\n\r\n${CHUNKED}`,
  'a chunk size with a sign': `${POST}transfer-encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size with a prefix': `${POST}transfer-encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size that overflows': `${POST}transfer-encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n`,
  'a chunk size with a space': `${POST}transfer-encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n`,
  'no chunk size': `${POST}transfer-encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n`,
  'a chunk longer than its size': `${POST}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`,
  'a chunk size that ends with a bare LF': `${POST}transfer-encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n`,
  'a chunk that ends with a bare LF': `${POST}transfer-encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n`,
  'a chunk extension with a bare LF': `${POST}transfer-encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n`,
  'no Host': 'GET /v1/tables HTTP/1.1\r\n\r\n',
  'two equal Hosts': 'GET /v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n',
  'two different Hosts': 'GET /v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n',
  'a Host with a space before its colon': 'GET /v1/tables HTTP/1.1\r\nhost : 127.0.0.1\r\n\r\n',
  'another authority in the target': 'GET http://evil.example/v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
  'an authority with user information':
    'GET http://127.0.0.1@evil.example/v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
  'a header without a name': 'GET /v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\n: a\r\n\r\n',
  'a header without a colon': 'GET /v1/tables HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a\r\n\r\n',
  'a space in the target': 'GET /v1/tables /a HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
  'a tab in the request line': 'GET\t/v1/tables\tHTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n',
  'HTTP/0.9': 'GET /v1/tables\r\n\r\n',
  'HTTP/2 with prior knowledge': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'an unknown version': 'GET /v1/tables HTTP/1.9\r\nhost: 127.0.0.1\r\n\r\n',
  'a version of another protocol': 'GET /v1/tables ICE/1.0\r\nhost: 127.0.0.1\r\n\r\n',
  'a TLS handshake': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a tunnel (CONNECT)': 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: 127.0.0.1:22\r\n\r\n',
}

export interface Attack {
  readonly bytes: Buffer
  /** Whether the client closes its sending side after the last byte. */
  readonly halfClose: boolean
}

/** Several requests on one connection that are damaged, mixed or cut off on the way. */
export function attacks(requests: fc.Arbitrary<RawRequest>): fc.Arbitrary<Attack> {
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  const piece = fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\r\n\r\n',
    ':',
    ',',
    'ff\r\n',
    HIDDEN,
    '\xff',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
  )
  const some = fc.constantFrom(...Object.values(ambiguous)).map((text) => Buffer.from(text, 'latin1'))
  const whole = fc.oneof(
    { weight: 3, arbitrary: requests.map(({ bytes }) => bytes) },
    { weight: 1, arbitrary: some },
  )
  const damaged = fc.oneof(
    whole,
    fc.tuple(whole, place).map(([bytes, at]) => bytes.subarray(0, Math.floor(at * bytes.length))),
    // Most of a request is its body; its head is the more sensitive part.
    fc.tuple(whole, place, piece, fc.nat(5)).map(([bytes, at, text, removed]) => {
      const index = Math.floor(at * Math.min(bytes.length, 300))
      return Buffer.concat([
        bytes.subarray(0, index),
        Buffer.from(text, 'latin1'),
        bytes.subarray(index + removed),
      ])
    }),
  )
  return fc
    .tuple(fc.array(whole, { maxLength: 2 }), damaged, fc.boolean())
    .map(([before, last, halfClose]) => ({ bytes: Buffer.concat([...before, last]), halfClose }))
}
