import { buildConnector } from 'undici'
import { networkMessage } from './network-message.js'
import { type Proxy } from './proxy.js'
import { tunnelThrough } from './tunnel.js'

/**
 * Opens a connection to DynamoDB, through the proxy if there is one, and closes it at once without a request.
 * @param timeoutMs the longest that each step may take
 * @returns why that is not possible, with the host and the error code; undefined if it is
 */
export function whyUnreachable(
  { protocol, hostname, host, port }: URL,
  proxy: Proxy | undefined,
  timeoutMs: number,
): Promise<string | undefined> {
  const timeout = { timeout: timeoutMs }
  const connect = proxy === undefined ? buildConnector(timeout) : tunnelThrough(proxy, timeoutMs)
  // undici's Client leaves out the brackets of an IPv6 address, too.
  const to = { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port }
  return new Promise((resolve) => {
    connect(to, (error, socket) => {
      socket?.on('error', () => undefined).destroy()
      resolve(error === null ? undefined : networkMessage(host, error))
    })
  })
}
