/** The load generator: a process that sends one prepared request over and over, on plain keep-alive sockets. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { readMessages } from './http-messages.js'
import { type Lane, serveLoads } from './load.js'

export interface HttpTarget {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

class SocketLane implements Lane {
  readonly #port: number
  readonly #request: Buffer
  #socket: Socket
  #done: Parameters<Lane['send']>[0] | undefined

  constructor(port: number, request: Buffer) {
    this.#port = port
    this.#request = request
    this.#socket = this.#connect()
  }

  async connected(): Promise<this> {
    if (this.#socket.connecting) await once(this.#socket, 'connect')
    return this
  }

  send(done: Parameters<Lane['send']>[0]): void {
    this.#done = done
    if (this.#socket.destroyed) this.#socket = this.#connect()
    this.#socket.write(this.#request)
  }

  close(): void {
    this.#socket.destroy()
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    readMessages(socket, (head) => {
      const status = Number(head.slice(9, 12))
      if (/\r\nconnection: close/i.test(head)) socket.destroy()
      this.#finish(status, status === 503 && /\r\nretry-after:/i.test(head))
    })
    // Without a listener an error would end the process; what it means is told by `close`.
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

serveLoads((target, connections) => {
  const { port, path, headers, body } = JSON.parse(target) as HttpTarget
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const lanes = Array.from({ length: connections }, () => new SocketLane(port, request))
  return Promise.all(lanes.map((lane) => lane.connected()))
})
