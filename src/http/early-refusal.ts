/**
 * Refusals under overload that cost a third of the ordinary ones: without the HTTP parser and without the objects of a request
 * and its response. A connection whose request has been refused is read here first. Only a request that is whole, and that the
 * parser and `framing.ts` would surely accept, is answered here. Everything else goes to the parser, as on other connections.
 */
import type { Socket } from 'node:net'
import { isHost } from './framing.js'
import type { Connection } from './connection.js'
import { safeRequestId } from './request-id.js'

/** The head of a request with all its bytes in one chunk, and nothing behind it. */
export interface WholeRequest {
  readonly method: string
  /** The request target. */
  readonly url: string
  /** The caller's `x-request-id` if it is safe, otherwise a new one. */
  readonly id: string
  readonly headers: { readonly 'x-amz-target'?: string }
}

/** Longer heads go to the parser, which limits their length and their number of fields. */
const MAX_HEAD = 4096

/** Strict: no other server can read these bytes in another way (RFC 9112, sections 3 and 5). */
const HEAD =
  /^(GET|POST|PUT|PATCH|DELETE) (\/[\w\-.~!$&'()*+,;=:@%/?]*) HTTP\/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[\t -~]*\r\n)+$/
/** The fields that matter here, and those that the parser or `framing.ts` look at. All of them occur once. */
const FIELD =
  /\r\n(host|connection|content-length|content-type|authorization|x-request-id|x-amz-target|proxy-connection|transfer-encoding|upgrade|expect):[\t ]*([^\r]*)/gi
/** Those that make the end of a request, or the answer to it, depend on more. */
const FOR_PARSER = new Set(['proxy-connection', 'transfer-encoding', 'upgrade', 'expect'])

/** Reads a request; undefined if it is not whole, or if reading it takes more than this. */
export function wholeRequest(chunk: Buffer): WholeRequest | undefined {
  const headEnd = chunk.indexOf('\r\n\r\n')
  if (headEnd === -1 || headEnd > MAX_HEAD) return undefined
  const head = chunk.toString('latin1', 0, headEnd + 2)
  const [, method, url] = HEAD.exec(head) ?? []
  if (method === undefined || url === undefined) return undefined
  const fields: Record<string, string> = {}
  for (const [, field = '', value = ''] of head.matchAll(FIELD)) {
    const name = field.toLowerCase()
    if (name in fields || FOR_PARSER.has(name)) return undefined
    fields[name] = value.trimEnd()
  }
  const { host, connection = 'keep-alive', 'content-length': length = '0', 'x-request-id': id = '' } = fields
  if (host === undefined || !isHost(host)) return undefined
  if (connection.toLowerCase() !== 'keep-alive' || !/^\d{1,9}$/.test(length)) return undefined
  if (chunk.length !== headEnd + 4 + Number(length)) return undefined
  return { method, url, id: safeRequestId(id), headers: fields }
}

/**
 * Reads a connection before its parser does.
 * @param refusal the answer to a request that is refused; undefined if it is not
 */
export function readFirst(
  socket: Socket,
  connection: Connection,
  sheds: () => boolean,
  refusal: (request: WholeRequest) => string | undefined,
): void {
  // Node's own, which feeds the parser.
  const [parse] = socket.listeners('data')
  if (parse === undefined || connection.isReadFirst) return
  connection.isReadFirst = true
  socket.removeAllListeners('data')
  /** Whether the parser has read a request to its end, and nothing of the next one. */
  let isBetween = connection.isUnused
  socket.on('data', (chunk: Buffer) => {
    const request =
      connection.isIdle && socket.writableLength === 0 && sheds() ? wholeRequest(chunk) : undefined
    if (request !== undefined && isBetween) {
      const answer = refusal(request)
      if (answer !== undefined) {
        socket.write(answer, 'latin1')
        return
      }
    }
    const { requests } = connection
    parse.call(socket, chunk)
    isBetween =
      request !== undefined && connection.requests === requests + 1 && connection.arriving === undefined
  })
}
