/** HTTP as bytes over a socket, for requests that no HTTP client sends. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { Service } from './service.js'

/** Connects to the service; the socket is destroyed with the test. */
export async function openSocket(t: Test, { url }: Pick<Service, 'url'>): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Everything that arrives until the service closes the connection. */
export async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise<void>((resolve) => {
    socket.once('end', () => {
      socket.end()
      resolve()
    })
    socket.once('close', () => {
      resolve()
    })
  })
  return text
}

/**
 * Sends bytes and returns everything that arrives until the service closes the connection.
 * @param closes whether the client closes its side after it, like `nc -N`
 */
export async function speak(
  t: Test,
  service: Pick<Service, 'url'>,
  bytes: string,
  closes = false,
): Promise<string> {
  const socket = await openSocket(t, service)
  socket.write(bytes)
  if (closes) socket.end()
  return readAll(socket)
}

/** The statuses of all responses in a text, interim ones included. */
export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
