/** An HTTP proxy on loopback that opens tunnels by CONNECT. */
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface ConnectProxy {
  readonly host: string
  /** Every CONNECT that was received. */
  readonly connects: { readonly target: string; readonly authorization: string | undefined }[]
  /** The most tunnels that were open at a time. */
  readonly mostOpen: () => number
}

/**
 * Starts the proxy on a free port; it stops with the test.
 * @param answer the status of the answer to CONNECT, 200 for a tunnel; undefined for no answer at all
 */
export async function startConnectProxy(
  t: Test,
  answer: (request: IncomingMessage) => number | undefined = () => 200,
): Promise<ConnectProxy> {
  const connects: { target: string; authorization: string | undefined }[] = []
  const sockets = new Set<Socket>()
  let open = 0
  let mostOpen = 0
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    const target = request.url ?? ''
    connects.push({ target, authorization: request.headers['proxy-authorization'] })
    const status = answer(request)
    if (status === undefined) return
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 2\r\n\r\nno`)
      return
    }
    const { hostname, port } = new URL(`http://${target}`)
    const upstream = connect({ host: hostname, port: Number(port || 80) }, () => {
      mostOpen = Math.max(mostOpen, ++open)
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    sockets.add(upstream)
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
    upstream.on('close', () => {
      open--
      socket.destroy()
    })
    socket.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { host: `127.0.0.1:${port}`, connects, mostOpen: () => mostOpen }
}
