/**
 * An HTTP/1.1 client that sends any bytes. Real clients refuse to send most of what this suite is about, and repair a part of
 * what comes back.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { scaled } from '../helpers/machine-speed.js'

export interface RawAnswer {
  readonly status: number
  /** By name in lower case; values of equal names are joined by commas. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const NOTHING: Buffer = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'

/** Splits the bytes of a connection into answers (RFC 9112, sections 4 to 7). */
export class AnswerReader {
  #bytes = NOTHING

  /** The bytes that are no whole answer yet. */
  get rest(): Buffer {
    return this.#bytes
  }

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
  }

  /**
   * The next whole answer, undefined if it has not arrived yet. Interim answers (1xx) are skipped.
   * @param method of the request that it answers: an answer to HEAD has no body
   * @throws Error if the bytes are no answer
   */
  next(method: string): RawAnswer | undefined {
    const headEnd = this.#bytes.indexOf(HEAD_END)
    if (headEnd === -1) return undefined
    const [statusLine = '', ...lines] = this.#bytes.toString('latin1', 0, headEnd).split('\r\n')
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) /.exec(statusLine)?.[1])
    if (Number.isNaN(status)) throw new Error(`no status line: ${JSON.stringify(statusLine.slice(0, 200))}`)
    const headers = readHeaders(lines)
    const start = headEnd + HEAD_END.length
    if (status < 200) {
      this.#bytes = this.#bytes.subarray(start)
      return this.next(method)
    }
    const bodyless = method === 'HEAD' || status === 204 || status === 304
    const read = bodyless ? { body: NOTHING, end: start } : readBody(this.#bytes, start, headers)
    if (read === undefined) return undefined
    this.#bytes = this.#bytes.subarray(read.end)
    return { status, headers, body: read.body }
  }
}

function readHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw new Error(`no header: ${JSON.stringify(line.slice(0, 200))}`)
    const key = name.toLowerCase()
    const earlier = headers.get(key)
    headers.set(key, earlier === undefined ? value.trim() : `${earlier}, ${value.trim()}`)
  }
  return headers
}

/** Undefined if the body has not arrived as a whole. */
function readBody(bytes: Buffer, start: number, headers: ReadonlyMap<string, string>) {
  const length = headers.get('content-length')
  if (headers.get('transfer-encoding') === 'chunked') {
    if (length !== undefined) throw new Error('an answer with both Content-Length and Transfer-Encoding')
    return readChunks(bytes, start)
  }
  if (length === undefined || !/^\d+$/.test(length)) throw new Error(`no length: ${String(length)}`)
  const end = start + Number(length)
  return bytes.length < end ? undefined : { body: bytes.subarray(start, end), end }
}

function readChunks(bytes: Buffer, start: number) {
  const chunks: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('no chunk size')
    const end = lineEnd + 2 + size + 2
    if (bytes.length < end) return undefined
    if (size === 0) return { body: Buffer.concat(chunks), end }
    chunks.push(bytes.subarray(lineEnd + 2, end - 2))
    at = end
  }
}

/** How long an answer may take, in ms. */
const ANSWER_MS = 60_000

/** A keep-alive connection on which one request follows the other. It is opened again whenever the server has closed it. */
export class RawClient {
  readonly #port: number
  #socket: Socket | undefined
  #reader = new AnswerReader()

  constructor(port: number) {
    this.#port = port
  }

  /**
   * Sends requests at once (pipelining) and resolves to their answers. The server may close the connection after any of
   * them, if the answer says so.
   * @param bytes whole requests
   * @param methods their methods
   * @throws Error if one is not answered
   */
  async send(bytes: Buffer, methods: readonly string[]): Promise<readonly RawAnswer[]> {
    const socket = await this.#open()
    const answers: RawAnswer[] = []
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer)
        socket.off('data', onData).off('close', onClose)
        if (error === undefined) resolve()
        else {
          this.close()
          reject(error)
        }
      }
      const onData = (chunk: Buffer) => {
        this.#reader.push(chunk)
        try {
          for (;;) {
            const answer = this.#reader.next(methods[answers.length] ?? '')
            if (answer === undefined) return
            answers.push(answer)
            const closes = answer.headers.get('connection') === 'close'
            if (closes) this.close()
            if (closes || answers.length === methods.length) {
              settle()
              return
            }
          }
        } catch (error) {
          settle(error instanceof Error ? error : new Error(String(error)))
        }
      }
      const onClose = () => {
        settle(new Error(`the connection was closed after ${answers.length} of ${methods.length} answers`))
      }
      const timer = setTimeout(() => {
        settle(new Error(`no answer within ${ANSWER_MS} ms`))
      }, scaled(ANSWER_MS))
      socket.on('data', onData).on('close', onClose)
      socket.write(bytes)
    })
    return answers
  }

  close(): void {
    // What the server still sends would otherwise reset the connection.
    this.#socket?.resume().end()
    this.#socket = undefined
  }

  async #open(): Promise<Socket> {
    if (this.#socket?.readable === true && this.#socket.writable) return this.#socket
    this.#reader = new AnswerReader()
    this.#socket = await open(this.#port)
    return this.#socket
  }
}

/** What came back on a connection until the server closed it, or stayed silent. */
export interface Outcome {
  readonly answers: readonly RawAnswer[]
  /** Bytes after the last whole answer. */
  readonly rest: Buffer
  readonly closed: boolean
}

/**
 * Sends bytes on a connection of their own.
 * @param quietMs how long to wait for more answers
 * @param halfClose whether to end the sending side after the last byte
 */
export async function attack(
  port: number,
  bytes: Buffer,
  { quietMs, halfClose = false }: { quietMs: number; halfClose?: boolean },
): Promise<Outcome> {
  const socket = await open(port)
  const chunks: Buffer[] = []
  const seen = { lastAt: performance.now(), closed: false }
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    seen.lastAt = performance.now()
  })
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      seen.closed = true
    })
  }
  socket.write(bytes)
  if (halfClose) socket.end()
  while (!seen.closed && performance.now() - seen.lastAt < quietMs) await sleep(5)
  socket.destroy()
  const reader = new AnswerReader()
  reader.push(Buffer.concat(chunks))
  const answers: RawAnswer[] = []
  for (let answer = reader.next(''); answer !== undefined; answer = reader.next('')) answers.push(answer)
  return { answers, rest: reader.rest, closed: seen.closed }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false })
  socket.setNoDelay(true)
  await once(socket, 'connect')
  // A reset is followed by 'close', which says the same.
  socket.on('error', () => undefined)
  return socket
}
