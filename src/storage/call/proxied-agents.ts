/** Agents of Node.js that connect through the proxy, for the AWS SDK: it asks STS for credentials with them. */
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { Duplex } from 'node:stream'
import { proxyFor, type ProxySettings } from './proxy.js'
import { tunnelThrough } from './tunnel.js'

/** The longest that each step of opening a connection may take, in ms. */
const TIMEOUT_MS = 5000

/** Receives the connection, as the method of Node.js's agents does. */
type Callback = (error: Error | null, socket: Duplex) => void

/** @returns false if the host is to be connected to directly; else `callback` receives the tunnel */
function openTunnel(
  protocol: 'http:' | 'https:',
  { host, port }: ClientRequestArgs,
  proxies: ProxySettings,
  callback: Callback = () => undefined,
): boolean {
  const hostname = host ?? 'localhost'
  const url = new URL(`${protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}:${port ?? ''}`)
  const proxy = proxyFor(url, proxies)
  if (proxy === undefined) return false
  const to = { protocol, hostname, host: url.host, port: url.port }
  tunnelThrough(proxy, TIMEOUT_MS)(to, (error, socket) => {
    // Node.js does not look at the stream if there is an error.
    callback(error, socket ?? new Duplex())
  })
  return true
}

class ProxiedHttpAgent extends HttpAgent {
  readonly #proxies: ProxySettings

  constructor(proxies: ProxySettings) {
    super({ keepAlive: true })
    this.#proxies = proxies
  }

  override createConnection(options: ClientRequestArgs, callback?: Callback) {
    if (openTunnel('http:', options, this.#proxies, callback)) return undefined
    return super.createConnection(options, callback)
  }
}

class ProxiedHttpsAgent extends HttpsAgent {
  readonly #proxies: ProxySettings

  constructor(proxies: ProxySettings) {
    super({ keepAlive: true })
    this.#proxies = proxies
  }

  override createConnection(options: RequestOptions, callback?: Callback) {
    if (openTunnel('https:', options, this.#proxies, callback)) return undefined
    return super.createConnection(options, callback)
  }
}

/** The agents; undefined if no proxy is set. */
export function proxiedAgents(
  proxies: ProxySettings,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } | undefined {
  const { httpProxy = '', httpsProxy = '' } = proxies
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpAgent: new ProxiedHttpAgent(proxies), httpsAgent: new ProxiedHttpsAgent(proxies) }
}
