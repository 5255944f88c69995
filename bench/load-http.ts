/** The load generator: a process that sends prepared requests repeatedly, on plain keep-alive sockets. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { readMessages } from './http-messages.js'
import { type Lane, serveLoads } from './load.js'

export interface HttpTarget {
  readonly port: number
  /** POST by default. */
  readonly method?: 'GET'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Bodies to send in turn, instead of the one. */
  readonly bodies?: readonly string[] | undefined
}

/** Node.js closes a connection that is idle for 5 seconds, Fastify later. A request at that moment would be lost. */
const UNUSED_MS = 3000

class SocketLane implements Lane {
  readonly #port: number
  #socket: Socket
  #done: Parameters<Lane['send']>[0] | undefined
  #usedAt = performance.now()
  /** Makes the next request, head and body. */
  nextRequest = () => Buffer.alloc(0)

  constructor(port: number) {
    this.#port = port
    this.#socket = this.#connect()
  }

  /** Connects, if there is no connection or if the server may be about to close it as idle. */
  async connected(): Promise<this> {
    if (performance.now() - this.#usedAt > UNUSED_MS) this.#socket.destroy()
    if (this.#socket.destroyed) this.#socket = this.#connect()
    this.#usedAt = performance.now()
    if (this.#socket.connecting) await once(this.#socket, 'connect')
    return this
  }

  send(done: Parameters<Lane['send']>[0]): void {
    this.#done = done
    this.#usedAt = performance.now()
    if (this.#socket.destroyed) this.#socket = this.#connect()
    this.#socket.write(this.nextRequest())
  }

  abandon(): void {
    this.#done = undefined
    this.#socket.destroy()
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    readMessages(socket, (head) => {
      const status = Number(head.slice(9, 12))
      if (/\r\nconnection: close/i.test(head)) socket.destroy()
      this.#finish(status, status === 503 && /\r\nretry-after:/i.test(head))
    })
    // Without a listener, an error would end the process. `close` follows it and is handled.
    socket.on('error', () => undefined)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      if (socket === this.#socket) this.#finish(0, false)
    })
    return socket
  }

  #finish(status: number, retryAfter: boolean): void {
    const done = this.#done
    this.#done = undefined
    done?.(status, retryAfter)
  }
}

/** By port. Connections are reused for the next load: opening them would distort a short one. */
const open = new Map<number, SocketLane[]>()

serveLoads((target, connections) => {
  const { port, method = 'POST', path, headers, body, bodies = [body] } = JSON.parse(target) as HttpTarget
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}`
  const requests = bodies.map((one) =>
    Buffer.from(
      head + (method === 'GET' ? '\r\n' : `content-length: ${Buffer.byteLength(one)}\r\n\r\n${one}`),
    ),
  )
  let turn = 0
  const nextRequest = () => requests[turn++ % requests.length] ?? Buffer.alloc(0)
  const lanes = open.get(port) ?? []
  open.set(port, lanes)
  while (lanes.length < connections) lanes.push(new SocketLane(port))
  const taken = lanes.slice(0, connections)
  for (const lane of taken) lane.nextRequest = nextRequest
  return Promise.all(taken.map((lane) => lane.connected()))
})
