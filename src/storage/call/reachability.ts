import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { networkMessage } from './network-message.js'

/**
 * Opens a connection and closes it at once, without a request.
 * @param url of DynamoDB, or of the proxy
 * @param timeoutMs the longest that it may take
 * @returns why that is not possible, with the host and the error code; undefined if it is
 */
export function whyUnreachable(
  { protocol, hostname, host, port }: URL,
  timeoutMs: number,
): Promise<string | undefined> {
  const secure = protocol === 'https:'
  const name = hostname.replace(/^\[|\]$/g, '')
  const to = { host: name, port: port === '' ? (secure ? 443 : 80) : Number(port) }
  return new Promise((resolve) => {
    const socket = secure
      ? connectTls({ ...to, ...(isIP(name) === 0 && { servername: name }) })
      : connectTcp(to)
    const end = (reason?: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reason)
    }
    const timer = setTimeout(() => {
      end(`${host} did not accept a connection within ${timeoutMs} ms`)
    }, timeoutMs)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      end()
    })
    socket.on('error', (error) => {
      end(networkMessage(host, error))
    })
  })
}
