/** Compression of answers, for clients that ask for it by `Accept-Encoding` (RFC 9110, section 12.5.3). */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import { AMZ_JSON } from '../problem/dynamodb-error.js'
import { acceptedCoding, type ContentCoding } from './content-codings.js'
import { tagIn } from './entity-tags.js'
import type { App } from './fastify.js'

/** Smaller answers fit into one packet anyway. */
const LEAST_BYTES = 1024
/** Up to this size it takes a tenth of a millisecond, which is less than the way to another thread and back. */
const AT_ONCE_BYTES = 16 * 1024
/** More than this many answers at a time are not compressed: each takes memory and one of Node's few threads. */
const MAX_CONCURRENT = 8

/** Compresses the answers of 1 KiB and more, other than streams, and those of DynamoDB, whose checksum is of its own bytes. */
export function compressAnswers(app: App): void {
  let concurrent = 0
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (payload === null || payload === undefined) {
      if (reply.statusCode === 304) setTagOfUnchanged(reply, request.headers)
      done(null, payload)
      return
    }
    if (
      !(typeof payload === 'string' || Buffer.isBuffer(payload)) ||
      payload.length < LEAST_BYTES ||
      reply.getHeader('content-type') === AMZ_JSON
    ) {
      done(null, payload)
      return
    }
    varyByCoding(reply)
    const coding = acceptedCoding(request.headers['accept-encoding'])
    if (coding === undefined || concurrent >= MAX_CONCURRENT) {
      done(null, payload)
      return
    }
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    if (bytes.length <= AT_ONCE_BYTES) {
      describe(reply, coding)
      done(null, coding.encodeSync(bytes))
      return
    }
    concurrent++
    coding.encode(bytes, (error, encoded) => {
      concurrent--
      if (error === null) describe(reply, coding)
      done(null, error === null ? encoded : bytes)
    })
  })
}

/** Says that the answer depends on `Accept-Encoding`, beside what else it depends on. */
export function varyByCoding(reply: FastifyReply): void {
  const vary = [reply.getHeader('vary') ?? []].flat().join(', ')
  if (!/accept-encoding|\*/i.test(vary)) {
    reply.header('vary', vary === '' ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
  }
}

/** The tag of an answer without a body is that of the body which the client has and may get. */
function setTagOfUnchanged(reply: FastifyReply, headers: IncomingHttpHeaders): void {
  varyByCoding(reply)
  const tag = reply.getHeader('etag')
  const coding = acceptedCoding(headers['accept-encoding'])
  if (typeof tag !== 'string' || coding === undefined) return
  const encoded = tagIn(tag, coding.name)
  if (headers['if-none-match']?.includes(encoded) === true) reply.header('etag', encoded)
}

function describe(reply: FastifyReply, { name }: ContentCoding): void {
  reply.header('content-encoding', name).removeHeader('content-length')
  const tag = reply.getHeader('etag')
  if (typeof tag === 'string') reply.header('etag', tagIn(tag, name))
}
