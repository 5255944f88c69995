/** Connections through an HTTP proxy: tunnels, by CONNECT (RFC 9110, section 9.3.6). */
import { Socket } from 'node:net'
import { buildConnector, Pool } from 'undici'
import { networkMessage, ProxyError } from './network-message.js'
import type { Proxy } from './proxy.js'

/**
 * Makes a connector for undici's Pool, so that its limits, keep-alive and timeouts hold as without a proxy: it asks the
 * proxy for a tunnel to the host, and speaks TLS with the host inside of it for an https endpoint.
 * @param timeoutMs the longest that each step may take: connecting to the proxy, its answer, TLS with the host
 */
export function tunnelThrough({ url, authorization }: Proxy, timeoutMs: number): buildConnector.connector {
  // Its connections become tunnels, and it forgets them. undici's ProxyAgent does the same, but copies the headers of each
  // request, and its pools cannot be asked for their connections.
  const proxy = new Pool(url.origin, {
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  const connectInside = buildConnector({ timeout: timeoutMs })

  return (options, callback) => {
    const { protocol, hostname, port } = options
    const target = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
    const fail = (message: string, cause?: Error) => {
      callback(new ProxyError(`the proxy ${url.host} failed: ${message}`, { cause }), null)
    }
    const headers = {
      host: target,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    }
    proxy.dispatch(
      { path: target, method: 'CONNECT', headers },
      {
        onRequestStart: () => undefined,
        onResponseError: (_controller, cause) => {
          // undici asserts that a connector does not answer while it reports errors.
          queueMicrotask(() => {
            fail(networkMessage(url.host, cause), cause)
          })
        },
        onRequestUpgrade: (_controller, statusCode, _headers, socket) => {
          if (!(socket instanceof Socket)) throw new TypeError('a tunnel is a socket')
          if (statusCode >= 200 && statusCode < 300) {
            if (protocol === 'https:') connectInside({ ...options, httpSocket: socket }, callback)
            else callback(null, socket)
            return
          }
          // A socket without a listener would throw its errors.
          socket.on('error', () => undefined).destroy()
          fail(`it answered CONNECT ${target} with status ${statusCode}`)
        },
      },
    )
  }
}
